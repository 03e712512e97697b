create schema messaging;
comment on schema messaging is 'Cascades, messages and answers: who was told what, when, by which channel, and what came back.';
grant usage on schema messaging to tenure_app;

create table messaging.cascade_run (
  tenant_id       text        not null,
  run_id          uuid        not null,
  cascade_id      text        not null,
  cascade_version int         not null,
  subscriber_id   int         not null,
  campaign_id     text        not null,
  arm             text        not null,
  reference       text        not null,
  variables       jsonb       not null,
  step            int         not null default 0,
  state           text        not null default 'active' check (state in ('active', 'finished')),
  outcome         text,
  due_at          timestamptz,
  all_sms_minor   bigint      not null default 0,
  contacted_at    timestamptz,
  started_at      timestamptz not null,
  finished_at     timestamptz,
  primary key (tenant_id, run_id)
);
comment on table messaging.cascade_run is
  'One subscriber on the way through one cascade; wakes by timer (due_at) or by a receipt or answer that sets it. all_sms_minor is what the contact would have cost as SMS.';
create index cascade_run_due on messaging.cascade_run (tenant_id, due_at) where state = 'active' and due_at is not null;
create index cascade_run_subscriber on messaging.cascade_run (tenant_id, subscriber_id, started_at);
call platform.isolate('messaging.cascade_run');

create table messaging.message (
  tenant_id           text        not null,
  message_id          uuid        not null,
  run_id              uuid        not null,
  step                int         not null,
  channel             text        not null,
  template_id         text        not null,
  subscriber_id       int         not null,
  campaign_id         text        not null,
  arm                 text        not null,
  reference           int         not null,
  until               text        not null,
  wait_s              int         not null,
  text                text        not null,
  choices             jsonb,
  parts               int         not null,
  cost_minor          bigint      not null,
  state               text        not null default 'queued'
    check (state in ('queued', 'held', 'submitting', 'submitted', 'delivered', 'seen', 'failed', 'unknown')),
  reason              text,
  postponed_for       text,
  provider_ids        text[]      not null default '{}',
  queued_at           timestamptz not null,
  not_before          timestamptz not null,
  expires_at          timestamptz not null,
  submitted_at        timestamptz,
  settled_at          timestamptz,
  primary key (tenant_id, message_id),
  unique (tenant_id, run_id, step)
);
comment on table messaging.message is
  'A message and its fate. It is marked "submitting" durably before the channel sees it, so a crash leaves a question and never a second copy.';
create index message_queued on messaging.message (tenant_id, not_before) where state = 'queued';
create index message_submitting on messaging.message (tenant_id) where state = 'submitting';
create index message_contacts on messaging.message (tenant_id, subscriber_id, submitted_at);
create index message_provider on messaging.message (tenant_id, (provider_ids[1])) where provider_ids[1] is not null;
call platform.isolate('messaging.message');

create table messaging.answer (
  tenant_id     text        not null,
  answer_id     uuid        not null,
  dedupe_key    text        not null,
  subscriber_id int         not null,
  channel       text        not null,
  text          text        not null,
  choice        text,
  run_id        uuid,
  campaign_id   text,
  arm           text,
  at            timestamptz not null,
  handled_at    timestamptz,
  handled_as    text,
  primary key (tenant_id, answer_id),
  unique (tenant_id, dedupe_key)
);
comment on table messaging.answer is
  'What subscribers answered, stored before the gateway is told so; a gateway that repeats itself changes nothing.';
create index answer_open on messaging.answer (tenant_id, at) where handled_at is null;
call platform.isolate('messaging.answer');

create table messaging.stray_receipt (
  tenant_id   text        not null,
  stray_id    uuid        not null,
  channel     text        not null,
  receipt     jsonb       not null,
  received_at timestamptz not null,
  primary key (tenant_id, stray_id)
);
comment on table messaging.stray_receipt is
  'Receipts that matched no message: kept to be looked into, because a lost receipt is a wrong report.';
call platform.isolate('messaging.stray_receipt', 'select, insert, delete');
