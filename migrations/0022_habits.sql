alter table messaging.cascade_run add column step_order jsonb;
comment on column messaging.cascade_run.step_order is
  'In which order this subscriber''s steps are taken, and the chances and prices by which it was chosen; null as written.';
-- The hours at which a subscriber reacts are counted from answers as well.
create index answer_subscriber on messaging.answer (tenant_id, subscriber_id, at);
