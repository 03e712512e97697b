create schema ledger;
comment on schema ledger is 'Double-entry accounts: points and money whose sums are always zero.';
grant usage on schema ledger to tenure_app;

create table ledger.account (
  tenant_id             text    not null,
  account_id            text    not null,
  owner                 text    not null,
  purpose               text    not null check (purpose in ('member', 'liability', 'expense', 'revenue', 'clearing')),
  currency              text    not null,
  may_go_negative       boolean not null,
  balance_minor         bigint  not null default 0,
  pending_debits_minor  bigint  not null default 0 check (pending_debits_minor >= 0),
  pending_credits_minor bigint  not null default 0 check (pending_credits_minor >= 0),
  primary key (tenant_id, account_id),
  check (may_go_negative or balance_minor - pending_debits_minor >= 0)
) with (fillfactor = 70);
comment on table ledger.account is
  'Whose value it is and what may happen to it. The balance (credits less debits) is derived from the journal and kept here so that a rule can be checked under one row lock.';
create index account_of_owner on ledger.account (tenant_id, owner);
call platform.isolate('ledger.account', 'select, insert, update');

create table ledger.transfer (
  tenant_id      text        not null,
  transfer_id    uuid        not null,
  seq            bigint      generated always as identity,
  key            text        not null,
  input_hash     text        not null,
  kind           text        not null check (kind in ('post', 'pending', 'post_pending', 'void_pending')),
  state          text        not null check (state in ('posted', 'pending', 'voided', 'refused')),
  debit_account  text        not null,
  credit_account text        not null check (credit_account <> debit_account),
  amount_minor   bigint      not null check (amount_minor > 0),
  currency       text        not null,
  pending_id     uuid,
  refusal        text,
  effective_at   timestamptz not null,
  booked_at      timestamptz not null,
  memo           text,
  primary key (tenant_id, transfer_id),
  unique (tenant_id, key),
  check ((refusal is not null) = (state = 'refused'))
);
comment on table ledger.transfer is
  'The journal: what was asked once and how it was answered, for ever. Nobody may change or delete a row; a pending transfer is settled by another row that names it. Refusals for lack of balance stand here too, because the same key must get the same answer.';
comment on column ledger.transfer.seq is 'Order of booking: drawn while the locks on both accounts are held, so for one account it is the order of events.';
create index transfer_of_pending on ledger.transfer (tenant_id, pending_id) where pending_id is not null;
call platform.isolate('ledger.transfer', 'select, insert');

create table ledger.entry (
  tenant_id     text        not null,
  account_id    text        not null,
  seq           bigint      generated always as identity,
  transfer_id   uuid        not null,
  amount_minor  bigint      not null check (amount_minor <> 0),
  balance_after bigint      not null,
  effective_at  timestamptz not null,
  booked_at     timestamptz not null,
  primary key (tenant_id, account_id, seq)
);
comment on table ledger.entry is
  'One side of a posted transfer on one account, with the balance after it: a statement is read from here, and each line can be checked against the one before.';
call platform.isolate('ledger.entry', 'select, insert');

create table ledger.hold (
  tenant_id    text   not null,
  transfer_id  uuid   not null,
  state        text   not null check (state in ('pending', 'posted', 'voided')),
  posted_minor bigint not null default 0,
  primary key (tenant_id, transfer_id)
);
comment on table ledger.hold is
  'What became of a pending transfer; derived from the journal, kept so that it cannot be settled twice.';
call platform.isolate('ledger.hold', 'select, insert, update');
