create schema operator;
comment on schema operator is 'What was asked of the operator''s own systems, and how far each request has come.';
grant usage on schema operator to tenure_app;

create table operator.activation (
  tenant_id       text        not null,
  activation_id   uuid        not null,
  subscriber_id   int         not null,
  campaign_id     text,
  arm             text,
  product_id      text        not null,
  price_minor     bigint      not null check (price_minor >= 0),
  credit_minor    bigint      not null check (credit_minor >= 0),
  currency        text        not null,
  reference       text        not null,
  state           text        not null default 'requested'
    check (state in ('requested', 'loan_granted', 'ordered', 'compensating', 'completed', 'failed', 'compensated')),
  reason          text,
  operator_reason text,
  loan_id         text,
  fee_minor       bigint      not null default 0,
  loan_due_at     timestamptz,
  order_id        text,
  attempts        int         not null default 0,
  due_at          timestamptz not null,
  requested_at    timestamptz not null,
  finished_at     timestamptz,
  handled_at      timestamptz,
  primary key (tenant_id, activation_id),
  check ((finished_at is not null) = (state in ('completed', 'failed', 'compensated')))
);
comment on table operator.activation is
  'One sale on its way through the operator''s systems. The row is the saga''s memory: whatever is killed, the next run goes on from the state that was stored last, under the same external ids.';
comment on column operator.activation.attempts is 'Tries of the present step; above one, an earlier try may have had its effect without our knowing.';
comment on column operator.activation.handled_at is 'When the campaign took note of the end.';
create index activation_due on operator.activation (tenant_id, due_at) where finished_at is null;
create index activation_unhandled on operator.activation (tenant_id, finished_at, activation_id)
  where finished_at is not null and handled_at is null;
create index activation_of_subscriber on operator.activation (tenant_id, subscriber_id, requested_at);
call platform.isolate('operator.activation', 'select, insert, update');
