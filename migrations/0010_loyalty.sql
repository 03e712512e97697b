create schema loyalty;
comment on schema loyalty is 'Why points were given, or were not.';
grant usage on schema loyalty to tenure_app;

create table loyalty.award (
  tenant_id     text        not null,
  purchase_key  text        not null,
  rule_id       text        not null,
  rule_version  int         not null,
  subscriber_id int         not null,
  product_id    text        not null,
  currency      text        not null,
  points        bigint      not null check (points >= 0),
  reason        text        not null
    check (reason in ('credited', 'condition_not_met', 'condition_failed', 'rounds_to_zero', 'refused_by_ledger')),
  saw           jsonb       not null,
  transfer_id   uuid,
  campaign_id   text,
  arm           text,
  at            timestamptz not null,
  primary key (tenant_id, purchase_key, rule_id),
  check ((transfer_id is not null) = (reason = 'credited')),
  check ((points > 0) = (reason = 'credited'))
);
comment on table loyalty.award is
  'What each earn rule made of each purchase, with the values it saw: the member, the agent and the marketer read the same reason. The points themselves stand in the ledger.';
create index award_of_subscriber on loyalty.award (tenant_id, subscriber_id, at);
call platform.isolate('loyalty.award', 'select, insert');
