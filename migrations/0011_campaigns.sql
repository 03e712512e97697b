create schema campaigns;
comment on schema campaigns is 'Experiments and journeys: who is in which arm, and where in its journey each subscriber stands.';
grant usage on schema campaigns to tenure_app;

create table campaigns.enrolment (
  tenant_id     text        not null,
  campaign_id   text        not null,
  subscriber_id int         not null,
  version       int         not null,
  arm           text        not null,
  cause         text        not null,
  enrolled_at   timestamptz not null,
  primary key (tenant_id, campaign_id, subscriber_id)
);
comment on table campaigns.enrolment is
  'Who counts in the experiment, from the same event in every arm and in control: the basis of intent to treat. Never changed.';
call platform.isolate('campaigns.enrolment', 'select, insert');

create table campaigns.instance (
  tenant_id     text        not null,
  instance_id   uuid        not null,
  campaign_id   text        not null,
  version       int         not null,
  arm           text        not null,
  subscriber_id int         not null,
  cause         text        not null,
  event         jsonb       not null default '{}',
  step_id       text        not null,
  waiting_for   text        check (waiting_for in ('entry', 'time', 'affordability', 'answer', 'activation')),
  due_at        timestamptz,
  offer_id      uuid,
  offer         jsonb,
  chosen        jsonb,
  activation_id uuid,
  entered_at    timestamptz not null,
  exited_at     timestamptz,
  exit_reason   text,
  primary key (tenant_id, instance_id),
  unique (tenant_id, campaign_id, subscriber_id, cause)
);
comment on table campaigns.instance is
  'One subscriber on one journey. Rows move in sets, woken by time (due_at), by an answer or by a finished activation.';
-- One open journey a campaign and subscriber: a second cause while one runs begins nothing.
create unique index instance_open on campaigns.instance (tenant_id, campaign_id, subscriber_id) where exited_at is null;
create index instance_due on campaigns.instance (tenant_id, due_at) where exited_at is null and due_at is not null;
create index instance_subscriber on campaigns.instance (tenant_id, subscriber_id);
create index instance_activation on campaigns.instance (tenant_id, activation_id) where activation_id is not null;
call platform.isolate('campaigns.instance');
