-- What changes at the speed of sending is not kept by row any more: starts and the journal are packed rows, and the
-- tables of runs and messages are written behind them with what came out (docs/adr/0009).

create table messaging.start (
  tenant_id   text   not null,
  seq         bigint generated always as identity,
  campaign_id text   not null,
  count       int    not null,
  starts      bytea  not null,
  primary key (tenant_id, seq)
);
comment on table messaging.start is
  'Cascades handed over and not yet in messaging.cascade_run, many in a row: written in the transaction of whoever starts them, deleted with the first projection of their runs.';
alter table messaging.start alter column starts set storage external;
call platform.isolate('messaging.start');

create table messaging.journal (
  tenant_id text   not null,
  seq       bigint not null,
  entries   bytea  not null,
  primary key (tenant_id, seq)
);
comment on table messaging.journal is
  'What became of runs and messages since the tables were last true: one packed row for each tick of the sender, deleted when the tables have caught up.';
-- They are packed already.
alter table messaging.journal alter column entries set storage external;
call platform.isolate('messaging.journal', 'select, insert, delete');

create table messaging.sender (
  tenant_id text   not null primary key,
  epoch     bigint not null,
  seq       bigint not null
);
comment on table messaging.sender is
  'Who sends for a tenant, one row: epoch is drawn by each process that takes over and fences the one before; seq is the last tick that was committed.';
call platform.isolate('messaging.sender');

create table messaging.sending (
  tenant_id   text        not null,
  campaign_id text        not null,
  state       text        not null check (state in ('running', 'paused', 'cancelled')),
  changed_at  timestamptz not null,
  primary key (tenant_id, campaign_id)
);
comment on table messaging.sending is 'Campaigns whose sending somebody paused, resumed or cancelled; absent: running.';
call platform.isolate('messaging.sending');

create table messaging.address_gone (
  tenant_id     text        not null,
  subscriber_id int         not null,
  channel       text        not null,
  address_hash  text        not null,
  reason        text        not null,
  at            timestamptz not null,
  primary key (tenant_id, subscriber_id, channel)
);
comment on table messaging.address_gone is
  'Addresses behind which nobody is any more, by the provider''s word. As a hash, so that another address of the same subscriber is tried.';
call platform.isolate('messaging.address_gone');

alter table messaging.message drop constraint message_state_check;
alter table messaging.message add constraint message_state_check
  check (state in ('queued', 'held', 'submitting', 'submitted', 'delivered', 'seen', 'clicked', 'failed', 'unknown'));
-- A message's id follows from its run and step, so that its primary key is enough.
alter table messaging.message drop constraint message_tenant_id_run_id_step_key;
alter table messaging.message add column content jsonb, add column saw jsonb,
  add column purpose text not null default 'marketing', add column priority int not null default 50;
update messaging.message set content = jsonb_build_object('choices', choices) where choices is not null;
alter table messaging.message drop column choices;
comment on column messaging.message.content is 'What is said beside the text: subject, HTML, picture, buttons.';
comment on column messaging.message.saw is 'The values by which the gate postponed or held it.';
-- Timers of waiting messages are their runs' now.
drop index messaging.message_queued;
drop index messaging.message_submitting;
create index message_submitting on messaging.message (tenant_id, run_id) where state = 'submitting';
create index message_unknown on messaging.message (tenant_id, submitted_at) where state = 'unknown';
update messaging.cascade_run r set due_at = m.not_before
from messaging.message m where m.run_id = r.run_id and m.step = r.step and m.state = 'queued' and r.due_at is null;
alter table messaging.cascade_run add column purpose text;
comment on column messaging.cascade_run.purpose is 'Where the start said another purpose than the cascade does.';
create index cascade_run_active on messaging.cascade_run (tenant_id, campaign_id) where state = 'active';

create table messaging.request (
  tenant_id    text        not null,
  key          text        not null,
  digest       text        not null,
  run_id       uuid        not null,
  requested_at timestamptz not null,
  primary key (tenant_id, key)
);
comment on table messaging.request is
  'Messages asked for over the API by their idempotency key: the same request again is answered the same, another one under its key is refused.';
call platform.isolate('messaging.request', 'select, insert');
