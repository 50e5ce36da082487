-- What the bridge notes of itself over restarts, as JSON: store/port/notes.ts.
create table notes (
  kind    text    not null,
  key     text    not null,
  version integer not null,              -- grows with each change
  value   text    not null,              -- JSON object
  primary key (kind, key)
) without rowid;

-- When an operator acknowledged a parked delivery; null: not.
alter table deliveries add column acknowledged_at integer;
drop index deliveries_parked;
create index deliveries_parked on deliveries (destination, position)
  where status = 'parked' and acknowledged_at is null;
create index deliveries_acknowledged on deliveries (destination, position)
  where acknowledged_at is not null;

-- What was not told of a completed document: domain/gaps.ts.
alter table documents add column gaps text;
create index documents_with_gaps on documents (source, gaps, position) where gaps is not null;
