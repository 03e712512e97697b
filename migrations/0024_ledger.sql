create table ledger.lot (
  account_no      bigint not null,
  lot_no          bigint not null,
  remaining_minor bigint not null check (remaining_minor > 0),
  earned_ms       bigint not null,
  available_ms    bigint not null,
  expires_ms      bigint not null,
  tenant_id       text   not null,
  primary key (account_no, lot_no)
) with (fillfactor = 80, autovacuum_analyze_scale_factor = 1);
comment on table ledger.lot is
  'Open lots: value that was earned together and expires together, as far as it is neither spent nor reserved. Derived from the journal; a lot with nothing left has no row. Times are epoch milliseconds, 9223372036854775807 is never.';
create index lot_by_expiry on ledger.lot (tenant_id, expires_ms) where expires_ms < 9223372036854775807;
call platform.isolate('ledger.lot', 'select, insert, update, delete');

create view ledger.lot_move with (security_invoker = true) as
  select t.tenant_id, t.seq, t.batch_no, n as place, t.lots[n * 7 + 1] as account_no, t.lots[n * 7 + 2] as lot_no,
         t.lots[n * 7 + 3] as delta_minor, t.lots[n * 7 + 4] as spent_minor, t.lots[n * 7 + 5] as earned_ms,
         t.lots[n * 7 + 6] as available_ms, t.lots[n * 7 + 7] as expires_ms
  from ledger.transfer t, generate_series(0, cardinality(t.lots) / 7 - 1) as n
  where t.lots is not null;
comment on view ledger.lot_move is 'What the journal says about lots, a row a change; a lot_no below 65,536 is what a pending transfer promises.';
grant select on ledger.lot_move to tenure_app;
