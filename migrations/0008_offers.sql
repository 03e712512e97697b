create schema offers;
comment on schema offers is 'What was offered to whom, and why not more.';
grant usage on schema offers to tenure_app;

create table offers.offer (
  tenant_id     text        not null,
  offer_id      uuid        not null,
  subscriber_id int         not null,
  menu_id       text        not null,
  menu_version  int         not null,
  items         jsonb       not null,
  refused       jsonb       not null,
  balance_minor bigint      not null,
  credit_minor  bigint      not null,
  currency      text        not null,
  decided_at    timestamptz not null,
  reference     text        not null,
  primary key (tenant_id, offer_id)
);
comment on table offers.offer is
  'A menu as one subscriber saw it: prices and answer codes as they stood then, so that an answer days later buys what was offered, and the reason of each product left out with the balance and credit that decided it.';
create index offer_of_subscriber on offers.offer (tenant_id, subscriber_id, decided_at);
call platform.isolate('offers.offer', 'select, insert');
