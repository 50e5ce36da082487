-- Documents by their last reports.
create index documents_changed on documents (changed_at);
