-- The batch that a delivery went out in, named at its first claim; null: none.
alter table deliveries add column batch text;

-- Receipts of channels in shadow: a JSON array of the ids of the events that they would have made; null: the
-- receipt is not in shadow.
alter table receipts add column shadow text;
create index receipts_in_shadow on receipts (position) where shadow is not null;

-- The same ids, to find receipts by: kept by the triggers below.
create table shadow_events (
  position integer not null,             -- of the receipt
  event_id text    not null,
  primary key (position, event_id)
) without rowid;
create index shadow_events_event on shadow_events (event_id);

create trigger receipts_shadowed after insert on receipts when new.shadow is not null begin
  insert or ignore into shadow_events select new.position, value from json_each(new.shadow);
end;
create trigger receipts_shadow_changed after update of shadow on receipts
  when new.shadow is not old.shadow begin
  delete from shadow_events where position = old.position;
  insert or ignore into shadow_events select new.position, value from json_each(coalesce(new.shadow, '[]'));
end;
create trigger receipts_shadow_removed after delete on receipts when old.shadow is not null begin
  delete from shadow_events where position = old.position;
end;
