create table loyalty.redemption (
  tenant_id       text        not null,
  redemption_id   uuid        not null,
  programme_id    text        not null,
  reward_id       text        not null,
  reward_version  int         not null,
  subscriber_id   int         not null,
  recipient_id    int         not null,
  account_id      text        not null,
  points          bigint      not null check (points > 0),
  gives           jsonb       not null,
  state           text        not null check (state in ('reserved', 'ordered', 'done', 'cancelled', 'refunded')),
  reason          text,
  note            text,
  code            text,
  code_expires_at timestamptz,
  used_at         timestamptz,
  used_key        text,
  attempts        int         not null default 0,
  next_try_at     timestamptz,
  deadline_at     timestamptz not null,
  at              timestamptz not null,
  day             date        not null,
  settled_at      timestamptz,
  primary key (tenant_id, redemption_id),
  check ((state in ('reserved', 'ordered')) = (settled_at is null)),
  check ((next_try_at is null) = (state not in ('reserved', 'ordered'))),
  check ((used_at is null) = (used_key is null))
);
comment on table loyalty.redemption is
  'Points on their way to a reward. What the reward gives is kept as it was promised, so that a changed document changes nobody''s order.';
comment on column loyalty.redemption.account_id is
  'The account that paid: points that come back go there, and from there to wherever the member''s points are by then.';
comment on column loyalty.redemption.day is 'The day in the programme''s zone, by which limits count.';
create index redemption_of_payer on loyalty.redemption (tenant_id, subscriber_id, reward_id, day);
create index redemption_of_recipient on loyalty.redemption (tenant_id, recipient_id);
create index redemption_of_reward on loyalty.redemption (tenant_id, reward_id, at desc);
create index redemption_latest on loyalty.redemption (tenant_id, at desc);
create index redemption_in_state on loyalty.redemption (tenant_id, state, at desc);
create index redemption_due on loyalty.redemption (tenant_id, next_try_at) where next_try_at is not null;
create index redemption_code on loyalty.redemption (tenant_id, code) where code is not null;
call platform.isolate('loyalty.redemption', 'select, insert, update');

create table loyalty.redemption_count (
  tenant_id   text   not null,
  reward_id   text   not null,
  day         date   not null,
  state       text   not null,
  redemptions bigint not null,
  primary key (tenant_id, reward_id, day, state)
) with (fillfactor = 50);
comment on table loyalty.redemption_count is
  'How many redemptions of a reward there are by day and state, kept with each write of redemptions: a limit for all members together looks at days and not at everything that was ever redeemed.';
call platform.isolate('loyalty.redemption_count');

create function loyalty.count_redemptions() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into loyalty.redemption_count as c
    select tenant_id, reward_id, day, state, count(*) from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, reward_id, day, state) do update set redemptions = c.redemptions + excluded.redemptions;
  else
    insert into loyalty.redemption_count as c
    select tenant_id, reward_id, day, state, sum(sign)
    from (select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o) as changed
    group by 1, 2, 3, 4 having sum(sign) <> 0 order by 1, 2, 3, 4
    on conflict (tenant_id, reward_id, day, state) do update set redemptions = c.redemptions + excluded.redemptions;
  end if;
  return null;
end $$;
create trigger count_new after insert on loyalty.redemption
  referencing new table as new_rows for each statement execute function loyalty.count_redemptions();
create trigger count_changed after update on loyalty.redemption
  referencing old table as old_rows new table as new_rows for each statement execute function loyalty.count_redemptions();

create table loyalty.voucher_code (
  tenant_id     text        not null,
  pool          text        not null,
  code          text        not null,
  seq           bigint      generated always as identity,
  state         text        not null default 'free' check (state in ('free', 'given', 'withdrawn')),
  redemption_id uuid,
  expires_at    timestamptz not null default 'infinity',
  added_at      timestamptz not null,
  primary key (tenant_id, code, pool),
  check ((state = 'free') = (redemption_id is null))
);
comment on table loyalty.voucher_code is
  'Codes that partners made and each of which is for one member. One that was shown to somebody never becomes free again.';
create index voucher_code_free on loyalty.voucher_code (tenant_id, pool, expires_at, seq) where state = 'free';
create index voucher_code_of_redemption on loyalty.voucher_code (tenant_id, redemption_id) where redemption_id is not null;
call platform.isolate('loyalty.voucher_code', 'select, insert, update');

create table loyalty.voucher_count (
  tenant_id  text        not null,
  pool       text        not null,
  state      text        not null,
  expires_at timestamptz not null,
  codes      bigint      not null,
  primary key (tenant_id, pool, state, expires_at)
) with (fillfactor = 50);
comment on table loyalty.voucher_count is
  'How many codes of a pool there are by state and expiry, kept with each write of codes, so that nobody counts a pool to see whether it runs low.';
call platform.isolate('loyalty.voucher_count');

create function loyalty.count_vouchers() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into loyalty.voucher_count as c
    select tenant_id, pool, state, expires_at, count(*) from new_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (tenant_id, pool, state, expires_at) do update set codes = c.codes + excluded.codes;
  else
    insert into loyalty.voucher_count as c
    select tenant_id, pool, state, expires_at, sum(sign)
    from (select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o) as changed
    group by 1, 2, 3, 4 having sum(sign) <> 0 order by 1, 2, 3, 4
    on conflict (tenant_id, pool, state, expires_at) do update set codes = c.codes + excluded.codes;
  end if;
  return null;
end $$;
create trigger count_new after insert on loyalty.voucher_code
  referencing new table as new_rows for each statement execute function loyalty.count_vouchers();
create trigger count_changed after update on loyalty.voucher_code
  referencing old table as old_rows new table as new_rows for each statement execute function loyalty.count_vouchers();

create table loyalty.reward_stock (
  tenant_id text    not null,
  reward_id text    not null,
  on_hand   int     not null default 0 check (on_hand >= 0),
  warned    boolean not null default false,
  primary key (tenant_id, reward_id)
) with (fillfactor = 50);
comment on table loyalty.reward_stock is
  'Pieces of goods that can still be promised, and for goods and codes alike whether it was told that few are left.';
call platform.isolate('loyalty.reward_stock', 'select, insert, update');

create table loyalty.stock_change (
  tenant_id text        not null,
  reward_id text        not null,
  key       text        not null,
  pieces    int         not null,
  at        timestamptz not null,
  primary key (tenant_id, reward_id, key)
);
comment on table loyalty.stock_change is 'Pieces that came or went by hand, each once by its key.';
call platform.isolate('loyalty.stock_change', 'select, insert');
