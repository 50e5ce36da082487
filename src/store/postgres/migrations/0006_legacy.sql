-- The batch that a delivery went out in, named at its first claim; null: none.
alter table deliveries add column batch text;

-- Receipts of channels in shadow: a JSON array of the ids of the events that they would have made; null: the
-- receipt is not in shadow.
alter table receipts add column shadow text;
create index receipts_in_shadow on receipts (position) where shadow is not null;
create index receipts_shadow_events on receipts using gin ((shadow::jsonb) jsonb_path_ops)
  where shadow is not null;
