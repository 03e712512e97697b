create schema plain;
create table plain.account (id bigint primary key, balance bigint not null default 0) with (fillfactor = 70);
create table plain.transfer (
  id bigint generated always as identity primary key,
  key text not null unique,
  debit bigint not null references plain.account,
  credit bigint not null references plain.account,
  amount bigint not null check (amount > 0),
  at timestamptz not null default now()
);
create table plain.entry (
  account bigint not null,
  transfer bigint not null,
  amount bigint not null,
  balance_after bigint not null,
  primary key (account, transfer)
);
insert into plain.account select i from generate_series(0, 100000) as i;
-- One transfer the way it is written by hand: two rows locked, one row of the journal, two entries.
create function plain.post(wish text, from_account bigint, to_account bigint, minor bigint) returns void language plpgsql as $$
declare
  made bigint;
  debit_after bigint;
  credit_after bigint;
begin
  -- The member first, so that the account in every transfer is locked as short as it can be.
  update plain.account set balance = balance + minor where id = to_account returning balance into credit_after;
  insert into plain.transfer (key, debit, credit, amount) values (wish, from_account, to_account, minor) returning id into made;
  update plain.account set balance = balance - minor where id = from_account returning balance into debit_after;
  insert into plain.entry values (from_account, made, -minor, debit_after), (to_account, made, minor, credit_after);
end $$;
