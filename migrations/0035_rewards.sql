create table loyalty.redemption (
  tenant_id       text        not null,
  redemption_id   uuid        not null,
  programme_id    text        not null,
  reward_id       text        not null,
  reward_version  int         not null,
  subscriber_id   int         not null,
  recipient_id    int         not null,
  points          bigint      not null check (points > 0),
  gives           jsonb       not null,
  state           text        not null check (state in ('reserved', 'ordered', 'done', 'cancelled', 'refunded')),
  reason          text,
  note            text,
  code            text,
  code_expires_at timestamptz,
  used_at         timestamptz,
  attempts        int         not null default 0,
  next_try_at     timestamptz,
  deadline_at     timestamptz not null,
  at              timestamptz not null,
  settled_at      timestamptz,
  primary key (tenant_id, redemption_id),
  check ((state in ('reserved', 'ordered')) = (settled_at is null)),
  check ((next_try_at is null) = (state not in ('reserved', 'ordered')))
);
comment on table loyalty.redemption is
  'Points on their way to a reward. What the reward gives is kept as it was promised, so that a changed document changes nobody''s order.';
create index redemption_of_payer on loyalty.redemption (tenant_id, subscriber_id, reward_id, at);
create index redemption_of_recipient on loyalty.redemption (tenant_id, recipient_id, at);
create index redemption_of_reward on loyalty.redemption (tenant_id, reward_id, at);
create index redemption_latest on loyalty.redemption (tenant_id, at desc);
create index redemption_due on loyalty.redemption (tenant_id, next_try_at) where next_try_at is not null;
create index redemption_code on loyalty.redemption (tenant_id, code) where code is not null;
call platform.isolate('loyalty.redemption', 'select, insert, update');

create table loyalty.voucher_code (
  tenant_id     text        not null,
  pool          text        not null,
  code          text        not null,
  seq           bigint      generated always as identity,
  state         text        not null default 'free' check (state in ('free', 'held', 'given', 'withdrawn')),
  redemption_id uuid,
  expires_at    timestamptz,
  added_at      timestamptz not null,
  primary key (tenant_id, pool, code),
  check ((state = 'free') = (redemption_id is null))
);
comment on table loyalty.voucher_code is
  'Codes that partners made and each of which is for one member. One that was shown to somebody never becomes free again.';
create index voucher_code_free on loyalty.voucher_code (tenant_id, pool, seq) where state = 'free';
create index voucher_code_of_redemption on loyalty.voucher_code (tenant_id, redemption_id) where redemption_id is not null;
call platform.isolate('loyalty.voucher_code', 'select, insert, update');

create table loyalty.reward_stock (
  tenant_id text    not null,
  reward_id text    not null,
  on_hand   int     not null check (on_hand >= 0),
  warned    boolean not null default false,
  primary key (tenant_id, reward_id)
);
comment on table loyalty.reward_stock is
  'Pieces of goods that can still be promised, and for goods and codes alike whether it was told that few are left.';
call platform.isolate('loyalty.reward_stock', 'select, insert, update');
