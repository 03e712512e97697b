-- The ledger again, made for speed and for lots: one row a transfer that holds both sides with the balances after it,
-- numbers for accounts, batches chained by hash. What the unreleased version kept in the tables before is not carried over.
drop table ledger.hold, ledger.entry, ledger.transfer, ledger.account;

create table ledger.account (
  account_no            bigint  generated always as identity unique,
  balance_minor         bigint  not null default 0,
  pending_debits_minor  bigint  not null default 0 check (pending_debits_minor >= 0),
  pending_credits_minor bigint  not null default 0 check (pending_credits_minor >= 0),
  last_seq              bigint  not null default 0,
  floor_minor           bigint  check (floor_minor <= 0),
  keeps_lots            boolean not null,
  tenant_id             text    not null,
  account_id            text    not null,
  owner                 text    not null,
  purpose               text    not null check (purpose in
    ('member', 'liability', 'expense', 'revenue', 'breakage', 'partner', 'clearing')),
  currency              text    not null,
  primary key (tenant_id, account_id),
  check (floor_minor is null or balance_minor - pending_debits_minor >= floor_minor),
  check (not keeps_lots or floor_minor is not null)
-- The ledger's tables are analyzed when they have doubled: rows are found by their keys whatever their number, and each time
-- costs as much as some ten thousand transfers.
) with (fillfactor = 70, autovacuum_analyze_scale_factor = 1);
comment on table ledger.account is
  'Whose value it is, in which currency and by which rule, and what the journal makes of it: credits less debits, what is reserved, and its latest entry.';
comment on column ledger.account.floor_minor is 'How far below zero it may go; null: without end.';
comment on column ledger.account.last_seq is
  'The latest transfer that moved it. From there each transfer names the one before on the same account, so a statement is read without an index by account, which every transfer would have to pay for.';
create index account_of_owner on ledger.account (tenant_id, owner);
call platform.isolate('ledger.account', 'select, insert, update');

create table ledger.opening (
  opening_no bigint not null,
  account_no bigint not null,
  hash       bytea  not null,
  tenant_id  text   not null,
  primary key (tenant_id, opening_no)
);
comment on table ledger.opening is
  'In which order accounts were opened. The hash covers what an account is (id, owner, purpose, currency, rule) and the hash of the opening before, so an account that becomes another one later shows.';
call platform.isolate('ledger.opening', 'select, insert');

create table ledger.head (
  tenant_id text   not null primary key,
  batch_no  bigint not null,
  last_seq  bigint not null,
  hash      bytea  not null
) with (fillfactor = 10);
comment on table ledger.head is
  'Where a tenant''s journal ends. Whoever books locks this row first: that puts all batches of a tenant in one order, and whoever finds the number of its own last batch here knows that nobody else has booked since.';
call platform.isolate('ledger.head', 'select, insert, update');

create table ledger.batch (
  batch_no  bigint      not null,
  first_seq bigint      not null,
  last_seq  bigint      not null,
  booked_at timestamptz not null,
  hash      bytea       not null,
  booked_by text        default nullif(current_setting('tenure.booked_by', true), ''),
  tenant_id text        not null,
  primary key (tenant_id, batch_no)
);
comment on column ledger.batch.booked_by is
  'The module that tells people by itself what it books, and has said so in its transaction; null: somebody else, such as the ledger''s own API.';
comment on table ledger.batch is
  'What was booked together, and when. The hash covers the rows of the batch and the hash of the batch before, so a row that is changed, added or taken away later shows.';
create index batch_by_time on ledger.batch (tenant_id, booked_at, first_seq);
call platform.isolate('ledger.batch', 'select, insert');

create table ledger.transfer (
  seq            bigint      not null,
  batch_no       bigint      not null,
  debit_no       bigint      not null,
  credit_no      bigint      not null,
  amount_minor   bigint      not null check (amount_minor >= 0),
  debit_after    bigint      not null,
  credit_after   bigint      not null,
  debit_prev     bigint,
  credit_prev    bigint,
  effective_at   timestamptz not null,
  transfer_id    uuid        not null unique,
  input_hash     uuid        not null,
  tenant_id      text        not null,
  kind           text        not null check (kind in
    ('post', 'pending', 'post_pending', 'void_pending', 'reverse', 'extend')),
  key            text        not null,
  related_seq    bigint,
  forgiven_minor bigint,
  refusal        text,
  memo           text,
  group_id       text,
  lots           bigint[],
  primary key (tenant_id, seq)
) with (autovacuum_analyze_scale_factor = 1);
comment on table ledger.transfer is
  'The journal: what was asked once and how it was answered, for ever; everything else can be computed from it. Nobody may change or delete a row. Refusals for lack of balance stand here too, because the same key must get the same answer.';
comment on column ledger.transfer.seq is 'Order of booking within the tenant, without gaps.';
comment on column ledger.transfer.transfer_id is 'A digest of tenant and key: the idempotency key in 16 bytes.';
comment on column ledger.transfer.debit_prev is
  'The entry before on the debited account, 0 for its first; null where the transfer moves no balance.';
comment on column ledger.transfer.related_seq is 'The pending transfer that is settled, or the one that is taken back.';
comment on column ledger.transfer.lots is
  'What happened to lots, seven numbers each: account_no, lot_no, change of what remains, how much of it was spent, and, after it, earned, available and expiring in epoch milliseconds. A lot_no is the seq of the transfer that made it, times 65,536, plus its place; the places from 32,768 on are for lots whose expiry no extension moves.';
call platform.isolate('ledger.transfer', 'select, insert');

-- A row of the journal on its way from the application: arrays of this are the shortest way into the table.
create type ledger.journal_row as (
  seq bigint, batch_no bigint, debit_no bigint, credit_no bigint, amount_minor bigint, debit_after bigint,
  credit_after bigint, debit_prev bigint, credit_prev bigint, effective_at timestamptz, transfer_id uuid,
  input_hash uuid, kind text, key text, related_seq bigint, forgiven_minor bigint, refusal text, memo text,
  group_id text, lots bigint[]);
create type ledger.account_row as (
  account_no bigint, balance_minor bigint, pending_debits_minor bigint, pending_credits_minor bigint, last_seq bigint);
create type ledger.lot_row as (
  account_no bigint, lot_no bigint, remaining_minor bigint, earned_ms bigint, available_ms bigint, expires_ms bigint);

create view ledger.entry with (security_invoker = true) as
  select tenant_id, debit_no as account_no, credit_no as counter_no, seq, batch_no, transfer_id, key, kind,
         -amount_minor as amount_minor, debit_after as balance_after, debit_prev as prev_seq, effective_at, memo
  from ledger.transfer where debit_prev is not null
  union all
  select tenant_id, credit_no, debit_no, seq, batch_no, transfer_id, key, kind,
         amount_minor, credit_after, credit_prev, effective_at, memo
  from ledger.transfer where credit_prev is not null;
comment on view ledger.entry is 'The two sides of each transfer that moved balances.';
grant select on ledger.entry to tenure_app;
