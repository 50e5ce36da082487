-- Counts by UTC hour of what came in and what went out: domain/tally.ts. Each is written in the transaction
-- of what it counts. A tally is the sum over its rows: each connection has one of them to change, so that
-- none waits for another. Texts in the order of bytes, as in an export.
create table tally_stripes (
  hour        bigint  not null,                   -- its start
  source      text    collate "C" not null,       -- empty on the way out, as the channel
  channel     text    collate "C" not null,
  destination text    collate "C" not null,       -- empty on the way in
  outcome     text    collate "C" not null,
  bucket      integer not null,                   -- latency bucket of the attempts; 0: there was none
  stripe      integer not null default 0,
  count       bigint  not null,
  newest      bigint  not null,                   -- when the newest of them came or ended
  primary key (hour, source, channel, destination, outcome, bucket, stripe)
);

create view tallies as
  select hour, source, channel, destination, outcome, bucket,
    sum(count)::bigint as count, max(newest) as newest
  from tally_stripes
  group by hour, source, channel, destination, outcome, bucket;
