create table ledger.standing (
  seq            bigint   not null,
  state          text     not null check (state in ('pending', 'posted', 'voided')),
  timeout_ms     bigint,
  reversed_minor bigint   not null default 0,
  restored       bigint[] not null default '{}',
  taken          bigint[] not null default '{}',
  tenant_id      text     not null,
  primary key (tenant_id, seq)
);
comment on table ledger.standing is
  'What became of a transfer after it was booked: how a pending one was settled, and how much of a posted one was taken back, so that neither happens twice. Derived from the journal.';
comment on column ledger.standing.restored is
  'How much went back so far into each lot it was taken from, in the order of its row in the journal; taken: how much was taken out of each lot it made.';
create index standing_by_timeout on ledger.standing (tenant_id, timeout_ms) where state = 'pending' and timeout_ms is not null;
call platform.isolate('ledger.standing', 'select, insert, update');
