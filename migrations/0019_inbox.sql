create table messaging.inbox_entry (
  tenant_id     text        not null,
  message_id    uuid        not null,
  subscriber_id int         not null,
  content       jsonb       not null,
  at            timestamptz not null,
  expires_at    timestamptz not null,
  delivered_at  timestamptz,
  seen_at       timestamptz,
  clicked_at    timestamptz,
  primary key (tenant_id, message_id)
);
comment on table messaging.inbox_entry is
  'What the operator''s site and app show a subscriber when they ask: the one channel whose far end is ours. The times are those of the first report of each.';
create index inbox_entry_subscriber on messaging.inbox_entry (tenant_id, subscriber_id, at desc);
call platform.isolate('messaging.inbox_entry');
