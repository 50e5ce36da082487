-- Where the event was recorded, in the trace of its request; null: nothing was traced.
alter table events add column traceparent text;
