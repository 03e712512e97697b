create schema triggers;
comment on schema triggers is 'What the trigger engine found: firings of rules over each subscriber''s own history.';
grant usage on schema triggers to tenure_app;

create table triggers.firing (
  tenant_id     text        not null,
  firing_id     bigint      generated always as identity,
  rule_id       text        not null,
  subscriber_id int         not null,
  cause         text        not null,
  fired_at      timestamptz not null,
  values        jsonb       not null,
  read_to       bigint,
  handled_at    timestamptz,
  primary key (tenant_id, firing_id),
  unique (tenant_id, rule_id, subscriber_id, cause)
);
comment on table triggers.firing is
  'Each time a rule fired for a subscriber, once per cause however often the log is read again; what campaigns start from.';
comment on column triggers.firing.cause is
  'Id of the event that made the rule fire; for absence the event that started the wait.';
comment on column triggers.firing.read_to is
  'Set where the clock made the rule fire and not an event: how far the log had been read then, so that after a crash the clock''s part is repeated at the same place.';
create index firing_waiting on triggers.firing (tenant_id, firing_id) where handled_at is null;
create index firing_by_rule on triggers.firing (tenant_id, rule_id, firing_id desc);
create index firing_by_clock on triggers.firing (tenant_id, read_to) where read_to is not null;
call platform.isolate('triggers.firing', 'select, insert, update');
