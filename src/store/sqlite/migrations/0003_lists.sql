-- Ranges of times. Rows are added at the end of these indexes, or close to it.
create index events_recorded   on events (recorded_at);
create index receipts_received on receipts (received_at);

-- Documents that were sent and have not ended: few among all.
create index documents_under_way on documents (position) where status in ('sent', 'in_progress');
