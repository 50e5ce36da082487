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
