select (select count(*) from ledger.transfer)::int as transfers, (select count(*) from ledger.lot)::int as lots,
  (select pg_database_size(current_database())) as bytes
