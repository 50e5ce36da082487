-- Never edited once released: a later change is a later file.
-- Instants are milliseconds since 1970. `position` gives the order recorded, and cursors point at it.

create table receipts (
  position    integer primary key autoincrement,
  id          text    not null unique,
  source      text    not null,
  channel     text    not null,
  received_at integer not null,
  query       text    not null,
  headers     text    not null,          -- JSON object
  size        integer not null,          -- of the body, in bytes
  verified    text    not null,
  mapping     text    not null,
  problems    text,                      -- JSON array; null: no problem
  events      text    not null,          -- JSON array: ids of the events that it reported first
  duplicates  text    not null           -- JSON array: ids of the events that it reported again
);
create index receipts_with_problems on receipts (position) where problems is not null;

-- Apart, since a change of one column writes the whole row again, and bodies can have megabytes.
create table bodies (
  position integer primary key,          -- of the receipt
  body     blob not null                 -- the bytes as they came
);

-- Requests refused as not genuine: a bounded number of the newest.
create table rejections (
  position    integer primary key autoincrement,
  id          text    not null unique,
  source      text    not null,
  channel     text    not null,
  received_at integer not null,
  query       text    not null,
  headers     text    not null,          -- JSON object
  body        blob,                      -- null: it was too long to be stored
  reason      text    not null,
  shown       text    not null           -- JSON: fingerprints of the credentials it showed
);
create index rejections_channel on rejections (source, channel, position);

create table documents (
  position   integer primary key autoincrement,
  source     text    not null,
  id         text    not null,
  status     text,
  state      text    not null,           -- JSON: domain/document.ts
  changed_at integer not null,           -- when the last receipt about it came
  unique (id, source)                    -- in this order, a document is found without its source as well
);

create table events (
  position    integer primary key autoincrement,
  id          text    not null unique,
  source      text    not null,
  channel     text    not null,
  type        text    not null,
  coalesce_key text,                      -- the same for events that may be one happening
  happened_at integer not null,
  document_id text,
  receipt_id  text    not null,
  recorded_at integer not null,
  body        text    not null           -- JSON: domain/event.ts
);
create index events_coalesce      on events (coalesce_key, happened_at) where coalesce_key is not null;
create index events_document on events (document_id, position) where document_id is not null;
create index events_type     on events (type, position);

-- The rest of pruned events: a repeat of one is still recognised.
create table tombstones (
  position    integer primary key autoincrement,
  id          text    not null unique,
  recorded_at integer not null           -- of the event
);

-- Other keys under which an event was reported: its signer was found by comparing, or another channel's
-- clock differed. They stay as long as the event's id does.
create table dedupe_keys (
  key      text not null,
  event_id text not null,
  primary key (key, event_id)
) without rowid;
create index dedupe_keys_event on dedupe_keys (event_id);

-- The reports of an event by channel, where a happening can occur many times: under the event's own id, or
-- matched by nearness. Of the latter the report itself is stored as long as the event is, to become an event
-- of its own when it turns out to be one.
create table channel_keys (
  event_id text   not null,
  key      text   not null,
  channel  text   not null,
  at       integer not null,           -- when it happened according to the channel
  origin   text,                      -- JSON: domain/coalesce.ts
  primary key (key, channel, event_id)
) without rowid;
create index channel_keys_event on channel_keys (event_id);

-- The document that a signer belongs to, from requests that name both.
create table links (
  source      text not null,
  signer_id   text not null,
  document_id text not null,
  primary key (source, signer_id)
) without rowid;
create index links_document on links (source, document_id);

-- Repeats of an event: by which receipt, over which channel.
create table duplicates (
  event_id   text    not null,
  receipt_id text    not null,
  channel    text    not null,
  received_at    integer not null,
  primary key (event_id, received_at, receipt_id)
) without rowid;

create table deliveries (
  position    integer primary key autoincrement,
  event_id    text    not null,
  destination text    not null,
  lane        text,
  status      text    not null check (status in ('pending', 'held', 'delivered', 'parked')),
  reason      text,
  attempts    integer not null default 0,
  due_at      integer,                   -- null once final; while leased, when the lease ends
  token       text,                      -- of the newest lease
  replayed_after integer,                -- attempts before the last replay
  recorded_at integer not null
);
-- An event's deliveries are recorded with it, so its time finds them. Ids are spread all over an index; times
-- are added at its end. Ten thousand may be recorded at the same time, and the id finds them among those.
create unique index deliveries_recorded on deliveries (recorded_at, event_id, destination);
-- Due deliveries, in the order of leases.
create index deliveries_due   on deliveries (destination, due_at, position) where status = 'pending';
-- Open deliveries of a lane, in order: whether a new one must wait, and which is next.
create index deliveries_lane  on deliveries (destination, lane, position)
  where due_at is not null and lane is not null;
-- The oldest open delivery of each destination.
create index deliveries_open  on deliveries (destination, position) where due_at is not null;

create index deliveries_parked on deliveries (destination, position) where status = 'parked';

-- The number of open deliveries of each destination: a look at it costs the same however many there are.
create table backlog (
  destination text primary key,
  open        integer not null
) without rowid;
create trigger deliveries_added after insert on deliveries when new.due_at is not null begin
  insert into backlog (destination, open) values (new.destination, 1)
    on conflict (destination) do update set open = open + 1;
end;
create trigger deliveries_closed after update of due_at on deliveries
  when old.due_at is not null and new.due_at is null begin
  update backlog set open = open - 1 where destination = new.destination;
end;
create trigger deliveries_reopened after update of due_at on deliveries
  when old.due_at is null and new.due_at is not null begin
  insert into backlog (destination, open) values (new.destination, 1)
    on conflict (destination) do update set open = open + 1;
end;
create trigger deliveries_removed after delete on deliveries when old.due_at is not null begin
  update backlog set open = open - 1 where destination = old.destination;
end;

create table attempts (
  position    integer primary key autoincrement,
  delivery    integer not null,          -- its position
  number      integer not null,
  started_at  integer not null,
  duration    integer not null,
  cause       text    not null,
  status      integer,
  answer      text,
  retry_after integer,
  unique (delivery, number)
);

create table destinations (
  name    text primary key,
  paused  text,                          -- JSON; null: it is not paused
  breaker text                           -- JSON: domain/breaker.ts
) without rowid;

-- Changes by operators.
create table audit (
  position integer primary key autoincrement,
  at       integer not null,
  action   text    not null,
  caller   text    not null,
  reason   text    not null,
  details  text    not null              -- JSON object
);

-- One row, written to find out whether writes work.
create table probe (one integer primary key check (one = 1), writes integer not null);
insert into probe values (1, 0);
