create table loyalty.referral (
  tenant_id    text        not null,
  programme_id text        not null,
  referral_id  text        not null,
  referee_id   int         not null,
  referrer_id  int         not null,
  code         text        not null,
  event_id     uuid        not null,
  linked_at    timestamptz not null,
  steps_done   text[]      not null,
  primary key (tenant_id, referral_id, referee_id),
  check (referee_id <> referrer_id)
);
comment on table loyalty.referral is
  'Who brought whom: a member is brought once in a referral programme, and following it upwards never comes back to where one began.';
create index referral_of_referrer on loyalty.referral (tenant_id, referral_id, referrer_id, linked_at);
create index referral_of_referee on loyalty.referral (tenant_id, referee_id);
call platform.isolate('loyalty.referral');

create table loyalty.referral_mark (
  tenant_id     text not null,
  referral_id   text not null,
  attribute     text not null,
  value_hash    text not null,
  subscriber_id int  not null,
  primary key (tenant_id, referral_id, attribute, value_hash)
);
comment on table loyalty.referral_mark is
  'Devices and payment instruments of those who took part, as hashes: whoever comes with one of another person''s is refused.';
create index referral_mark_of_subscriber on loyalty.referral_mark (tenant_id, subscriber_id);
call platform.isolate('loyalty.referral_mark');

create table loyalty.referral_refusal (
  tenant_id    text        not null,
  refusal_id   uuid        not null,
  programme_id text        not null,
  referral_id  text        not null,
  referee_id   int         not null,
  referrer_id  int,
  reason       text        not null,
  saw          jsonb       not null,
  at           timestamptz not null,
  primary key (tenant_id, refusal_id)
);
comment on table loyalty.referral_refusal is
  'Each code that did not make a referral, with the reason and what was seen, for the agent who is asked why.';
create index referral_refusal_latest on loyalty.referral_refusal (tenant_id, at);
create index referral_refusal_of_referee on loyalty.referral_refusal (tenant_id, referee_id);
create index referral_refusal_of_referrer on loyalty.referral_refusal (tenant_id, referrer_id) where referrer_id is not null;
call platform.isolate('loyalty.referral_refusal');

create table loyalty.referral_step (
  tenant_id   text        not null,
  referral_id text        not null,
  referee_id  int         not null,
  reward_id   text        not null,
  state       text        not null check (state in ('due', 'done', 'refused')),
  reason      text,
  due_at      timestamptz not null,
  reference   text,
  primary key (tenant_id, referral_id, referee_id, reward_id),
  check ((state = 'refused') = (reason is not null))
);
comment on table loyalty.referral_step is
  'Conditions of a referral that were met, or will be looked at when their day comes; a worker turns each into rewards for both sides.';
comment on column loyalty.referral_step.reference is
  'By what the payment or the like is named that met the condition: when it is returned in time, the condition is undone.';
create index referral_step_due on loyalty.referral_step (tenant_id, due_at) where state = 'due';
call platform.isolate('loyalty.referral_step');

create table loyalty.referral_reward (
  tenant_id      text        not null,
  grant_id       uuid        not null,
  programme_id   text        not null,
  referral_id    text        not null,
  reward_id      text        not null,
  referee_id     int         not null,
  beneficiary_id int         not null,
  side           text        not null check (side in ('referrer', 'referee', 'chain')),
  level          int         not null check (level >= 0),
  what           jsonb       not null,
  state          text        not null check (state in ('paying', 'granted', 'refused')),
  reason         text,
  attempts       int         not null,
  next_try_at    timestamptz,
  at             timestamptz not null,
  settled_at     timestamptz,
  primary key (tenant_id, grant_id),
  check ((state = 'refused') = (reason is not null)),
  check ((state = 'paying') = (next_try_at is not null))
);
comment on table loyalty.referral_reward is
  'Each reward of a referral for one side: granted, on its way through the operator''s systems under its own number, or refused and why.';
create index referral_reward_of_beneficiary on loyalty.referral_reward (tenant_id, referral_id, beneficiary_id, at);
create index referral_reward_of_referee on loyalty.referral_reward (tenant_id, referee_id);
create index referral_reward_paying on loyalty.referral_reward (tenant_id, next_try_at) where state = 'paying';
create index referral_reward_latest on loyalty.referral_reward (tenant_id, at);
call platform.isolate('loyalty.referral_reward');
