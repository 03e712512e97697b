create schema api;
comment on schema api is 'What goes out to other systems: how far each has been told, and what could not be delivered.';
grant usage on schema api to tenure_app;

create table api.webhook_state (
  tenant_id    text        not null,
  target_id    text        not null,
  leased_by    uuid,
  leased_until timestamptz,
  failures     int         not null default 0 check (failures >= 0),
  last_error   text,
  primary key (tenant_id, target_id)
);
comment on table api.webhook_state is
  'Which process delivers to a target, so that of several one does, and how the target does. A death is seen by the lease running out.';
comment on column api.webhook_state.failures is 'Tries in vain since the target took anything: above 0 it counts as down.';
call platform.isolate('api.webhook_state');

create table api.webhook_position (
  tenant_id   text   not null,
  target_id   text   not null,
  partition   int    not null,
  next_offset bigint not null,
  primary key (tenant_id, target_id, partition)
);
comment on table api.webhook_position is
  'How far the event log was delivered to a target: what stands before is delivered, or waits as a letter.';
call platform.isolate('api.webhook_position');

create table api.webhook_letter (
  tenant_id       text        not null,
  target_id       text        not null,
  letter_id       uuid        not null,
  seq             bigint      generated always as identity,
  lane            int         not null,
  type            text        not null,
  content_type    text        not null,
  body            text        not null,
  state           text        not null check (state in ('waiting', 'dead')),
  attempts        int         not null check (attempts >= 0),
  first_failed_at timestamptz not null,
  due_at          timestamptz not null,
  last_error      text,
  primary key (tenant_id, target_id, letter_id)
) with (fillfactor = 80);
comment on table api.webhook_letter is
  'Events that a receiver did not take: tried again with growing gaps, kept as dead after days, so that they can be sent again.';
comment on column api.webhook_letter.lane is
  'The subscriber of the event: what follows about the same one waits behind it, so that the order is kept.';
create index webhook_letter_lane on api.webhook_letter (tenant_id, target_id, state, lane, seq);
call platform.isolate('api.webhook_letter');

create table api.hub (
  tenant_id  text        not null,
  hub_id     uuid        not null,
  callback   text        not null,
  query      text        not null,
  secret     text        not null,
  created_at timestamptz not null,
  primary key (tenant_id, hub_id)
);
comment on table api.hub is 'Listeners that other systems registered with the TM Forum façade, each with the secret that signs what it is told.';
call platform.isolate('api.hub', 'select, insert, delete');
