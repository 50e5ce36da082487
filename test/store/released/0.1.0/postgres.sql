-- Never edited once released: a later change is a later file.
-- The tables of ../../sqlite/migrations/, in PostgreSQL's words, and one more: lanes.
-- Instants are milliseconds since 1970. `position` gives the order recorded, and cursors point at it. Several
-- nodes record at once: within a document positions rise in the order committed; of two documents, a lower
-- position may be committed a little later.

create table receipts (
  position    bigint generated always as identity primary key,
  id          text    not null unique,
  source      text    not null,
  channel     text    not null,
  received_at bigint  not null,
  query       text    not null,
  headers     text    not null,          -- JSON object
  body        bytea   not null,          -- the bytes as they came
  verified    text    not null,
  mapping     text    not null,
  problems    text,                      -- JSON array; null: no problem
  events      text    not null,          -- JSON array: ids of the events that it reported first
  duplicates  text    not null           -- JSON array: ids of the events that it reported again
);
create index receipts_with_problems on receipts (position) where problems is not null;

-- Requests refused as not genuine: a bounded number of the newest.
create table rejections (
  position    bigint generated always as identity primary key,
  id          text    not null unique,
  source      text    not null,
  channel     text    not null,
  received_at bigint  not null,
  query       text    not null,
  headers     text    not null,          -- JSON object
  body        bytea,                     -- null: it was too long to be stored
  reason      text    not null,
  shown       text    not null           -- JSON: fingerprints of the credentials it showed
);
create index rejections_channel on rejections (source, channel, position);

create table documents (
  position   bigint generated always as identity primary key,
  source     text   not null,
  id         text   not null,
  status     text,
  state      text   not null,            -- JSON: domain/document.ts
  changed_at bigint not null,            -- when the last receipt about it came
  unique (id, source)                    -- in this order, a document is found without its source as well
);

create table events (
  position    bigint generated always as identity primary key,
  id          text    not null unique,
  source      text    not null,
  channel     text    not null,
  type        text    not null,
  coalesce_key text,                      -- the same for events that may be one happening
  happened_at bigint  not null,
  document_id text,
  receipt_id  text    not null,
  recorded_at bigint  not null,
  body        text    not null           -- JSON: domain/event.ts
);
create index events_coalesce      on events (coalesce_key, happened_at) where coalesce_key is not null;
create index events_document on events (document_id, position) where document_id is not null;
create index events_type     on events (type, position);
create index events_source   on events (source, position);

-- The rest of pruned events: a repeat of one is still recognised.
create table tombstones (
  position    bigint generated always as identity primary key,
  id          text   not null unique,
  recorded_at bigint not null            -- of the event
);

-- Other keys under which an event was reported: its signer was found by comparing, or another channel's
-- clock differed. They stay as long as the event's id does.
create table dedupe_keys (
  key      text not null,
  event_id text not null,
  primary key (key, event_id)
);
create index dedupe_keys_event on dedupe_keys (event_id);

-- The reports of an event by channel, where a happening can occur many times: under the event's own id, or
-- matched by nearness. Of the latter the report itself is stored as long as the event is, to become an event
-- of its own when it turns out to be one.
create table channel_keys (
  event_id text   not null,
  key      text   not null,
  channel  text   not null,
  at       bigint not null,            -- when it happened according to the channel
  origin   text,                      -- JSON: domain/coalesce.ts
  primary key (key, channel, event_id)
);
create index channel_keys_event on channel_keys (event_id);

-- The document that a signer belongs to, from requests that name both. In the order of bytes, as in an
-- export.
create table links (
  source      text collate "C" not null,
  signer_id   text collate "C" not null,
  document_id text not null,
  primary key (source, signer_id)
);
create index links_document on links (source, document_id);

-- Repeats of an event: by which receipt, over which channel.
create table duplicates (
  event_id   text    not null,
  receipt_id text    not null,
  channel    text    not null,
  received_at    bigint  not null,
  primary key (event_id, received_at, receipt_id)
);

create table deliveries (
  position    bigint generated always as identity primary key,
  event_id    text    not null,
  destination text    not null,
  lane        text,
  status      text    not null check (status in ('pending', 'held', 'delivered', 'parked')),
  reason      text,
  attempts    integer not null default 0,
  due_at      bigint,                    -- null once final; while leased, when the lease ends
  token       text,                      -- of the newest lease; after a slash, the node that has it
  replayed_after integer,                -- attempts before the last replay
  recorded_at bigint  not null
);
-- An event's deliveries are recorded with it, so its time finds them: ids alone are spread all over an index.
create unique index deliveries_recorded on deliveries (recorded_at, event_id, destination);
-- Due deliveries, in the order of leases.
create index deliveries_due   on deliveries (destination, due_at, position) where status = 'pending';
-- Open deliveries of a lane, in order: whether a new one must wait, and which is next.
create index deliveries_lane  on deliveries (destination, lane, position)
  where due_at is not null and lane is not null;

-- The oldest open delivery of each destination. By an expression, so that no plan that was made while the
-- table was small takes this index for the one above, and reads all that is open to find what is of one lane.
create index deliveries_open on deliveries ((destination || ''), position) where due_at is not null;

create index deliveries_parked on deliveries (destination, position) where status = 'parked';

-- The database itself enforces that no two deliveries of a lane are leased at a time.
create unique index deliveries_out on deliveries (destination, lane) where status = 'pending' and lane is not null;

-- Leases: how many of a destination are under way, over all nodes.
create index deliveries_lent on deliveries (destination, due_at) where token is not null;

-- A row to lock for each lane, and so for each document and each signer without one: a transaction that
-- records about them, or changes the open deliveries of their lanes, holds it until the commit. Rows, since
-- advisory locks would fill the server's shared memory. A deleted row is made again when it is needed.
create table lanes (
  lane text primary key
);

-- The nodes that use the database, and those that ended without leaving. A node holds an advisory lock with
-- its number for as long as it lives: membership.ts.
create table nodes (
  id integer generated always as identity primary key
);

-- The number of open deliveries: the sum over the rows of a destination. Each connection has one of them to
-- change, so that none waits for another.
create table backlog (
  destination text   not null,
  stripe      integer not null,
  open        bigint not null,
  primary key (destination, stripe)
);

create table attempts (
  position    bigint generated always as identity primary key,
  delivery    bigint  not null,          -- its position
  number      integer not null,
  started_at  bigint  not null,
  duration    bigint  not null,
  cause       text    not null,
  status      integer,
  answer      text,
  retry_after bigint,
  unique (delivery, number)
);

create table destinations (
  name    text collate "C" primary key,
  paused  text,                          -- JSON; null: it is not paused
  breaker text                           -- JSON: domain/breaker.ts
);

-- Changes by operators.
create table audit (
  position bigint generated always as identity primary key,
  at       bigint  not null,
  action   text    not null,
  caller   text    not null,
  reason   text    not null,
  details  text    not null              -- JSON object
);

-- One row, written to find out whether writes work.
create table probe (one integer primary key check (one = 1), writes integer not null);
insert into probe values (1, 0);

create table countersign_schema (one integer primary key default 1 check (one = 1), version integer not null);
insert into attempts overriding system value select * from json_populate_recordset(null::attempts, '[{"position":4,"delivery":4,"number":1,"started_at":1767225600000,"duration":12,"cause":"answered","status":200,"answer":"ok","retry_after":null}, 
 {"position":5,"delivery":5,"number":1,"started_at":1767225600000,"duration":12,"cause":"answered","status":200,"answer":"ok","retry_after":null}, 
 {"position":6,"delivery":6,"number":1,"started_at":1767225600000,"duration":12,"cause":"answered","status":503,"answer":"später 🙏","retry_after":30000}, 
 {"position":7,"delivery":8,"number":1,"started_at":1767225600000,"duration":12,"cause":"timeout","status":null,"answer":null,"retry_after":null}, 
 {"position":8,"delivery":10,"number":1,"started_at":1767225600000,"duration":12,"cause":"answered","status":410,"answer":"ok","retry_after":null}, 
 {"position":9,"delivery":8,"number":2,"started_at":1767225600000,"duration":12,"cause":"answered","status":200,"answer":"ok","retry_after":null}]') on conflict do nothing;
insert into audit overriding system value select * from json_populate_recordset(null::audit, '[{"position":1,"at":1767225600000,"action":"pause","caller":"127.0.0.1","reason":"moving","details":"{\"destination\":\"erp\",\"until\":null}"}, 
 {"position":2,"at":1767225600001,"action":"replay","caller":"127.0.0.1","reason":"moving","details":"{\"count\":1}"}]') on conflict do nothing;
insert into backlog overriding system value select * from json_populate_recordset(null::backlog, '[{"destination":"crm","stripe":9,"open":1}, 
 {"destination":"crm","stripe":8,"open":3}, 
 {"destination":"crm","stripe":7,"open":2}, 
 {"destination":"erp","stripe":7,"open":1}, 
 {"destination":"erp","stripe":8,"open":1}]') on conflict do nothing;
insert into channel_keys overriding system value select * from json_populate_recordset(null::channel_keys, '[{"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","key":"evt_0qzr8gmwwt13hqf9j9wmkd4rye","channel":"realtime","at":1767225604000,"origin":"{\"draft\":{\"source\":\"legalesign\",\"provider\":\"legalesign\",\"channel\":\"realtime\",\"type\":\"signer.viewed\",\"time\":1767225604000,\"document\":{\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"tags\":[\"büro\"],\"references\":null,\"test\":null,\"expiresAt\":1767312000000},\"signer\":{\"id\":\"séb\",\"name\":null,\"email\":null,\"role\":null,\"status\":null},\"signers\":[],\"id\":null,\"reason\":null,\"reopens\":null,\"reopenable\":false,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"digest\":\"item\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000037\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"},\"receivedAt\":1767225600000}"}, 
 {"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","key":"evt_zt6h208bdyy3m5cjd0sckg3eef","channel":"other","at":1767225607000,"origin":"{\"draft\":{\"source\":\"legalesign\",\"provider\":\"legalesign\",\"channel\":\"other\",\"type\":\"signer.viewed\",\"time\":1767225607000,\"document\":{\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"tags\":[\"büro\"],\"references\":null,\"test\":null,\"expiresAt\":1767312000000},\"signer\":{\"id\":\"séb\",\"name\":null,\"email\":null,\"role\":null,\"status\":null},\"signers\":[],\"id\":null,\"reason\":null,\"reopens\":null,\"reopenable\":false,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"digest\":\"item\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000036\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"},\"receivedAt\":1767225600000}"}, 
 {"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","key":"evt_jsr4pbdjajggyn2ast2daf2ag4","channel":"upon","at":1767225609000,"origin":"{\"draft\":{\"source\":\"legalesign\",\"provider\":\"legalesign\",\"channel\":\"upon\",\"type\":\"signer.viewed\",\"time\":1767225609000,\"document\":{\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"tags\":[\"büro\"],\"references\":null,\"test\":null,\"expiresAt\":1767312000000},\"signer\":{\"id\":\"séb\",\"name\":null,\"email\":null,\"role\":null,\"status\":null},\"signers\":[],\"id\":null,\"reason\":null,\"reopens\":null,\"reopenable\":false,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"digest\":\"item\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000035\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"},\"receivedAt\":1767225600000}"}]') on conflict do nothing;
insert into countersign_schema overriding system value select * from json_populate_recordset(null::countersign_schema, '[{"one":1,"version":1}]') on conflict do nothing;
insert into dedupe_keys overriding system value select * from json_populate_recordset(null::dedupe_keys, '[{"key":"evt_tayh26vyk0wze7ewyvtqet539e","event_id":"evt_6jm8ejgxwvzpm3k1x2bz7rmrvv"}, 
 {"key":"evt_25akt65em1y3gk0vx3shrc21va","event_id":"evt_srqwbeev7xzdfj895g7skvpbpr"}]') on conflict do nothing;
insert into deliveries overriding system value select * from json_populate_recordset(null::deliveries, '[{"position":5,"event_id":"evt_wr87brc1ntwx8nvjbp7r0evtvf","destination":"crm","lane":"legalesign/document/b","status":"delivered","reason":null,"attempts":1,"due_at":null,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":4,"event_id":"evt_hv1jf20y9assr8pa5wxmcqxxm0","destination":"crm","lane":"legalesign/document/b","status":"pending","reason":null,"attempts":1,"due_at":1767225601000,"token":null,"replayed_after":1,"recorded_at":1767225600000}, 
 {"position":6,"event_id":"evt_5dwk8mt468z8chqabs7d0yq84c","destination":"crm","lane":"legalesign/document/c","status":"pending","reason":null,"attempts":1,"due_at":1767225900000,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":9,"event_id":"evt_2ryt7ty7sqq9mskxemzvqsvvqq","destination":"crm","lane":"legalesign/document/a","status":"held","reason":null,"attempts":0,"due_at":1767225600000,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":11,"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","destination":"crm","lane":"legalesign/document/a","status":"held","reason":null,"attempts":0,"due_at":1767225600000,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":13,"event_id":"evt_smf7mescfhj9xg0wdzx10t5ctn","destination":"crm","lane":"legalesign/document/a","status":"held","reason":null,"attempts":0,"due_at":1767225600000,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":14,"event_id":"evt_smf7mescfhj9xg0wdzx10t5ctn","destination":"erp","lane":null,"status":"pending","reason":null,"attempts":0,"due_at":1767225600000,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":10,"event_id":"evt_2ryt7ty7sqq9mskxemzvqsvvqq","destination":"erp","lane":null,"status":"parked","reason":"gone","attempts":1,"due_at":null,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":8,"event_id":"evt_acyybafqt7qtw7h5w1qzyd4bqt","destination":"erp","lane":null,"status":"delivered","reason":null,"attempts":2,"due_at":null,"token":null,"replayed_after":null,"recorded_at":1767225600000}, 
 {"position":12,"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","destination":"erp","lane":null,"status":"pending","reason":null,"attempts":0,"due_at":1767225660000,"token":"token-38","replayed_after":null,"recorded_at":1767225600000}, 
 {"position":7,"event_id":"evt_acyybafqt7qtw7h5w1qzyd4bqt","destination":"crm","lane":"legalesign/document/a","status":"pending","reason":null,"attempts":0,"due_at":1767225660000,"token":"token-39","replayed_after":null,"recorded_at":1767225600000}]') on conflict do nothing;
insert into destinations overriding system value select * from json_populate_recordset(null::destinations, '[{"name":"old","paused":"{\"at\":1767225600000,\"reason\":\"moving house\"}","breaker":null}, 
 {"name":"archive","paused":null,"breaker":"{\"failures\":12,\"probeAt\":1767225610000,\"probes\":2}"}]') on conflict do nothing;
insert into documents overriding system value select * from json_populate_recordset(null::documents, '[{"position":1,"source":"legalesign","id":"past","status":"sent","state":"{\"source\":\"legalesign\",\"id\":\"past\",\"title\":null,\"status\":\"sent\",\"statusAt\":1767225600000,\"downloadable\":false,\"tags\":[],\"references\":{},\"test\":null,\"expiresAt\":null,\"reopenedAt\":null,\"restartedAt\":null,\"signers\":[{\"id\":\"ann\",\"name\":null,\"email\":null,\"role\":null,\"status\":\"signed\",\"statusAt\":1767225601000,\"listed\":true,\"finalEvent\":\"emitted\"},{\"id\":\"bob\",\"name\":null,\"email\":null,\"role\":null,\"status\":\"signed\",\"statusAt\":1767225602000,\"listed\":true,\"finalEvent\":\"emitted\"}],\"sequence\":3,\"newest\":0,\"listedAt\":0}","changed_at":1766361600000}, 
 {"position":5,"source":"legalesign","id":"b","status":"sent","state":"{\"source\":\"legalesign\",\"id\":\"b\",\"title\":null,\"status\":\"sent\",\"statusAt\":1767225600000,\"downloadable\":false,\"tags\":[],\"references\":{},\"test\":null,\"expiresAt\":null,\"reopenedAt\":null,\"restartedAt\":null,\"signers\":[],\"sequence\":2,\"newest\":1767225600000}","changed_at":1767225600000}, 
 {"position":6,"source":"legalesign","id":"c","status":"sent","state":"{\"source\":\"legalesign\",\"id\":\"c\",\"title\":null,\"status\":\"sent\",\"statusAt\":1767225600000,\"downloadable\":false,\"tags\":[],\"references\":{},\"test\":null,\"expiresAt\":null,\"reopenedAt\":null,\"restartedAt\":null,\"signers\":[],\"sequence\":1,\"newest\":1767225600000}","changed_at":1767225600000}, 
 {"position":7,"source":"legalesign","id":"a","status":"completed","state":"{\"source\":\"legalesign\",\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"status\":\"completed\",\"statusAt\":1767225600000,\"downloadable\":false,\"tags\":[\"büro\"],\"references\":{},\"test\":null,\"expiresAt\":1767312000000,\"reopenedAt\":null,\"restartedAt\":null,\"signers\":[{\"id\":\"ann\",\"name\":null,\"email\":null,\"role\":null,\"status\":null,\"statusAt\":0,\"listed\":true,\"finalEvent\":null},{\"id\":\"séb\",\"name\":\"Sébastien\",\"email\":\"s@example.org\",\"role\":null,\"status\":\"viewed\",\"statusAt\":1767225609000,\"listed\":true,\"finalEvent\":null}],\"sequence\":4,\"newest\":1767225600000,\"listedAt\":1767225600000}","changed_at":1767225600000}]') on conflict do nothing;
insert into duplicates overriding system value select * from json_populate_recordset(null::duplicates, '[{"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","receipt_id":"rcp_00000000000000000000000037","channel":"realtime","received_at":1767225600000}, 
 {"event_id":"evt_acyybafqt7qtw7h5w1qzyd4bqt","receipt_id":"rcp_00000000000000000000000037","channel":"realtime","received_at":1767225600000}, 
 {"event_id":"evt_2ryt7ty7sqq9mskxemzvqsvvqq","receipt_id":"rcp_00000000000000000000000037","channel":"realtime","received_at":1767225600000}, 
 {"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","receipt_id":"rcp_00000000000000000000000036","channel":"other","received_at":1767225600000}, 
 {"event_id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","receipt_id":"rcp_00000000000000000000000035","channel":"upon","received_at":1767225600000}, 
 {"event_id":"evt_acyybafqt7qtw7h5w1qzyd4bqt","receipt_id":"rcp_00000000000000000000000035","channel":"upon","received_at":1767225600000}, 
 {"event_id":"evt_2ryt7ty7sqq9mskxemzvqsvvqq","receipt_id":"rcp_00000000000000000000000035","channel":"upon","received_at":1767225600000}]') on conflict do nothing;
insert into events overriding system value select * from json_populate_recordset(null::events, '[{"position":4,"id":"evt_hv1jf20y9assr8pa5wxmcqxxm0","source":"legalesign","channel":"batch","type":"document.created","coalesce_key":null,"happened_at":1767225600000,"document_id":"b","receipt_id":"rcp_00000000000000000000000031","recorded_at":1767225600000,"body":"{\"id\":\"evt_hv1jf20y9assr8pa5wxmcqxxm0\",\"source\":\"legalesign\",\"type\":\"document.created\",\"time\":\"2026-01-01T00:00:00.000Z\",\"recordedAt\":\"2026-01-01T00:00:00.000Z\",\"provider\":\"legalesign\",\"channel\":\"batch\",\"sequence\":1,\"late\":false,\"document\":{\"id\":\"b\",\"title\":null,\"status\":\"created\",\"downloadable\":false,\"tags\":[],\"references\":{},\"test\":null,\"expiresAt\":null},\"signer\":null,\"signers\":[],\"reason\":null,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000031\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"}}"}, 
 {"position":5,"id":"evt_wr87brc1ntwx8nvjbp7r0evtvf","source":"legalesign","channel":"batch","type":"document.sent","coalesce_key":null,"happened_at":1767225600000,"document_id":"b","receipt_id":"rcp_00000000000000000000000031","recorded_at":1767225600000,"body":"{\"id\":\"evt_wr87brc1ntwx8nvjbp7r0evtvf\",\"source\":\"legalesign\",\"type\":\"document.sent\",\"time\":\"2026-01-01T00:00:00.000Z\",\"recordedAt\":\"2026-01-01T00:00:00.000Z\",\"provider\":\"legalesign\",\"channel\":\"batch\",\"sequence\":2,\"late\":false,\"document\":{\"id\":\"b\",\"title\":null,\"status\":\"sent\",\"downloadable\":false,\"tags\":[],\"references\":{},\"test\":null,\"expiresAt\":null},\"signer\":null,\"signers\":[],\"reason\":null,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000031\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"}}"}, 
 {"position":6,"id":"evt_5dwk8mt468z8chqabs7d0yq84c","source":"legalesign","channel":"batch","type":"document.sent","coalesce_key":null,"happened_at":1767225600000,"document_id":"c","receipt_id":"rcp_00000000000000000000000032","recorded_at":1767225600000,"body":"{\"id\":\"evt_5dwk8mt468z8chqabs7d0yq84c\",\"source\":\"legalesign\",\"type\":\"document.sent\",\"time\":\"2026-01-01T00:00:00.000Z\",\"recordedAt\":\"2026-01-01T00:00:00.000Z\",\"provider\":\"legalesign\",\"channel\":\"batch\",\"sequence\":1,\"late\":false,\"document\":{\"id\":\"c\",\"title\":null,\"status\":\"sent\",\"downloadable\":false,\"tags\":[],\"references\":{},\"test\":null,\"expiresAt\":null},\"signer\":null,\"signers\":[],\"reason\":null,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000032\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"}}"}, 
 {"position":7,"id":"evt_acyybafqt7qtw7h5w1qzyd4bqt","source":"legalesign","channel":"batch","type":"document.created","coalesce_key":null,"happened_at":1767225600000,"document_id":"a","receipt_id":"rcp_00000000000000000000000038","recorded_at":1767225600000,"body":"{\"id\":\"evt_acyybafqt7qtw7h5w1qzyd4bqt\",\"source\":\"legalesign\",\"type\":\"document.created\",\"time\":\"2026-01-01T00:00:00.000Z\",\"recordedAt\":\"2026-01-01T00:00:00.000Z\",\"provider\":\"legalesign\",\"channel\":\"batch\",\"sequence\":1,\"late\":false,\"document\":{\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"status\":\"created\",\"downloadable\":false,\"tags\":[\"büro\"],\"references\":{},\"test\":null,\"expiresAt\":\"2026-01-02T00:00:00.000Z\"},\"signer\":null,\"signers\":[],\"reason\":null,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000038\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"}}"}, 
 {"position":8,"id":"evt_2ryt7ty7sqq9mskxemzvqsvvqq","source":"legalesign","channel":"batch","type":"document.sent","coalesce_key":null,"happened_at":1767225600000,"document_id":"a","receipt_id":"rcp_00000000000000000000000038","recorded_at":1767225600000,"body":"{\"id\":\"evt_2ryt7ty7sqq9mskxemzvqsvvqq\",\"source\":\"legalesign\",\"type\":\"document.sent\",\"time\":\"2026-01-01T00:00:00.000Z\",\"recordedAt\":\"2026-01-01T00:00:00.000Z\",\"provider\":\"legalesign\",\"channel\":\"batch\",\"sequence\":2,\"late\":false,\"document\":{\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"status\":\"sent\",\"downloadable\":false,\"tags\":[\"büro\"],\"references\":{},\"test\":null,\"expiresAt\":\"2026-01-02T00:00:00.000Z\"},\"signer\":null,\"signers\":[{\"id\":\"ann\",\"name\":null,\"email\":null,\"role\":null,\"status\":null},{\"id\":\"séb\",\"name\":\"Sébastien\",\"email\":\"s@example.org\",\"role\":null,\"status\":null}],\"reason\":null,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000038\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"}}"}, 
 {"position":9,"id":"evt_dnwnjgkj8ddbcksw1s7y72cskg","source":"legalesign","channel":"batch","type":"signer.viewed","coalesce_key":"evt_4bt97azd92ad67jdke0525gk05","happened_at":1767225600000,"document_id":"a","receipt_id":"rcp_00000000000000000000000038","recorded_at":1767225600000,"body":"{\"id\":\"evt_dnwnjgkj8ddbcksw1s7y72cskg\",\"source\":\"legalesign\",\"type\":\"signer.viewed\",\"time\":\"2026-01-01T00:00:00.000Z\",\"recordedAt\":\"2026-01-01T00:00:00.000Z\",\"provider\":\"legalesign\",\"channel\":\"batch\",\"sequence\":3,\"late\":false,\"document\":{\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"status\":\"sent\",\"downloadable\":false,\"tags\":[\"büro\"],\"references\":{},\"test\":null,\"expiresAt\":\"2026-01-02T00:00:00.000Z\"},\"signer\":{\"id\":\"séb\",\"name\":\"Sébastien\",\"email\":\"s@example.org\",\"role\":null,\"status\":\"viewed\"},\"signers\":[{\"id\":\"ann\",\"name\":null,\"email\":null,\"role\":null,\"status\":null},{\"id\":\"séb\",\"name\":\"Sébastien\",\"email\":\"s@example.org\",\"role\":null,\"status\":\"viewed\"}],\"reason\":null,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000038\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"}}"}, 
 {"position":10,"id":"evt_smf7mescfhj9xg0wdzx10t5ctn","source":"legalesign","channel":"batch","type":"document.completed","coalesce_key":null,"happened_at":1767225600000,"document_id":"a","receipt_id":"rcp_00000000000000000000000039","recorded_at":1767225600000,"body":"{\"id\":\"evt_smf7mescfhj9xg0wdzx10t5ctn\",\"source\":\"legalesign\",\"type\":\"document.completed\",\"time\":\"2026-01-01T00:00:00.000Z\",\"recordedAt\":\"2026-01-01T00:00:00.000Z\",\"provider\":\"legalesign\",\"channel\":\"batch\",\"sequence\":4,\"late\":false,\"document\":{\"id\":\"a\",\"title\":\"Vertrag 🖋\",\"status\":\"completed\",\"downloadable\":false,\"tags\":[\"büro\"],\"references\":{},\"test\":null,\"expiresAt\":\"2026-01-02T00:00:00.000Z\"},\"signer\":null,\"signers\":[{\"id\":\"ann\",\"name\":null,\"email\":null,\"role\":null,\"status\":null},{\"id\":\"séb\",\"name\":\"Sébastien\",\"email\":\"s@example.org\",\"role\":null,\"status\":\"viewed\"}],\"reason\":null,\"code\":{\"object\":\"document\",\"value\":\"10\",\"name\":\"status\",\"meaning\":\"Sent\"},\"provenance\":{\"receipt\":\"rcp_00000000000000000000000039\",\"mapping\":\"legalesign@sha256:000000000000\",\"verified\":\"token\"}}"}]') on conflict do nothing;
insert into lanes overriding system value select * from json_populate_recordset(null::lanes, '[{"lane":"legalesign/document/past"}, 
 {"lane":"legalesign/document/b"}, 
 {"lane":"legalesign/document/c"}, 
 {"lane":"legalesign/document/a"}, 
 {"lane":"legalesign/signer/séb"}]') on conflict do nothing;
insert into links overriding system value select * from json_populate_recordset(null::links, '[{"source":"legalesign","signer_id":"bob","document_id":"past"}, 
 {"source":"legalesign","signer_id":"ann","document_id":"a"}, 
 {"source":"legalesign","signer_id":"séb","document_id":"a"}]') on conflict do nothing;
insert into probe overriding system value select * from json_populate_recordset(null::probe, '[{"one":1,"writes":0}]') on conflict do nothing;
insert into receipts overriding system value select * from json_populate_recordset(null::receipts, '[{"position":1,"id":"rcp_00000000000000000000000027","source":"legalesign","channel":"batch","received_at":1766361600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[\"evt_czda4n4tpt3yt05yjym549yhs1\"]","duplicates":"[]"}, 
 {"position":2,"id":"rcp_00000000000000000000000028","source":"legalesign","channel":"batch","received_at":1766361600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[\"evt_6jm8ejgxwvzpm3k1x2bz7rmrvv\"]","duplicates":"[]"}, 
 {"position":3,"id":"rcp_00000000000000000000000029","source":"legalesign","channel":"batch","received_at":1766361600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[\"evt_srqwbeev7xzdfj895g7skvpbpr\"]","duplicates":"[]"}, 
 {"position":4,"id":"rcp_00000000000000000000000030","source":"legalesign","channel":"batch","received_at":1766361600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[]","duplicates":"[\"evt_czda4n4tpt3yt05yjym549yhs1\"]"}, 
 {"position":5,"id":"rcp_00000000000000000000000031","source":"legalesign","channel":"batch","received_at":1767225600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[\"evt_hv1jf20y9assr8pa5wxmcqxxm0\",\"evt_wr87brc1ntwx8nvjbp7r0evtvf\"]","duplicates":"[]"}, 
 {"position":6,"id":"rcp_00000000000000000000000032","source":"legalesign","channel":"batch","received_at":1767225600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[\"evt_5dwk8mt468z8chqabs7d0yq84c\"]","duplicates":"[]"}, 
 {"position":7,"id":"rcp_00000000000000000000000033","source":"legalesign","channel":"batch","received_at":1767225600000,"query":"a=ü&b=%00","headers":"{\"content-type\":\"application/json\"}","body":"\\xff00fe2b0d0a","verified":"token","mapping":"legalesign@sha256:000000000000","problems":"[{\"kind\":\"undecodable\",\"item\":null,\"field\":\"body\",\"message\":\"no JSON\"}]","events":"[]","duplicates":"[]"}, 
 {"position":8,"id":"rcp_00000000000000000000000034","source":"legalesign","channel":"batch","received_at":1767225600000,"query":"","headers":"{}","body":"\\x","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[]","duplicates":"[]"}, 
 {"position":9,"id":"rcp_00000000000000000000000038","source":"legalesign","channel":"batch","received_at":1767225600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[\"evt_acyybafqt7qtw7h5w1qzyd4bqt\",\"evt_2ryt7ty7sqq9mskxemzvqsvvqq\",\"evt_dnwnjgkj8ddbcksw1s7y72cskg\"]","duplicates":"[]"}, 
 {"position":10,"id":"rcp_00000000000000000000000037","source":"legalesign","channel":"realtime","received_at":1767225600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[]","duplicates":"[\"evt_dnwnjgkj8ddbcksw1s7y72cskg\",\"evt_acyybafqt7qtw7h5w1qzyd4bqt\",\"evt_2ryt7ty7sqq9mskxemzvqsvvqq\"]"}, 
 {"position":11,"id":"rcp_00000000000000000000000036","source":"legalesign","channel":"other","received_at":1767225600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[]","duplicates":"[\"evt_dnwnjgkj8ddbcksw1s7y72cskg\"]"}, 
 {"position":12,"id":"rcp_00000000000000000000000035","source":"legalesign","channel":"upon","received_at":1767225600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[]","duplicates":"[\"evt_dnwnjgkj8ddbcksw1s7y72cskg\",\"evt_acyybafqt7qtw7h5w1qzyd4bqt\",\"evt_2ryt7ty7sqq9mskxemzvqsvvqq\"]"}, 
 {"position":13,"id":"rcp_00000000000000000000000039","source":"legalesign","channel":"batch","received_at":1767225600000,"query":"","headers":"{\"content-type\":\"application/json\"}","body":"\\x7b7d","verified":"token","mapping":"legalesign@sha256:000000000000","problems":null,"events":"[\"evt_smf7mescfhj9xg0wdzx10t5ctn\"]","duplicates":"[]"}]') on conflict do nothing;
insert into rejections overriding system value select * from json_populate_recordset(null::rejections, '[{"position":1,"id":"rej_1","source":"lumin","channel":"account","received_at":1767225600000,"query":"","headers":"{\"x-signature\":\"ab\"}","body":"\\xff00fe2b0d0a","reason":"the signature does not match","shown":"{\"token\":\"fingerprint\",\"authorization\":null}"}, 
 {"position":2,"id":"rej_2","source":"lumin","channel":"account","received_at":1767225600000,"query":"","headers":"{\"x-signature\":\"ab\"}","body":null,"reason":"the signature does not match","shown":"{\"token\":\"fingerprint\",\"authorization\":null}"}]') on conflict do nothing;
insert into tombstones overriding system value select * from json_populate_recordset(null::tombstones, '[{"position":1,"id":"evt_czda4n4tpt3yt05yjym549yhs1","recorded_at":1766361600000}, 
 {"position":2,"id":"evt_6jm8ejgxwvzpm3k1x2bz7rmrvv","recorded_at":1766361600000}, 
 {"position":3,"id":"evt_srqwbeev7xzdfj895g7skvpbpr","recorded_at":1766361600000}]') on conflict do nothing;
select setval(pg_get_serial_sequence(name, 'position'), 1000) from unnest(array['receipts', 'rejections', 'documents', 'events', 'tombstones', 'deliveries', 'attempts', 'audit']) name;
