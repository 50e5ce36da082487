-- Counts by UTC hour of what came in and what went out: domain/tally.ts. Each is written in the transaction
-- of what it counts.
create table tallies (
  hour        integer not null,          -- its start
  source      text    not null,          -- empty on the way out, as the channel
  channel     text    not null,
  destination text    not null,          -- empty on the way in
  outcome     text    not null,
  bucket      integer not null,          -- latency bucket of the attempts; 0: there was none
  count       integer not null,
  newest      integer not null,          -- when the newest of them came or ended
  primary key (hour, source, channel, destination, outcome, bucket)
) without rowid;
