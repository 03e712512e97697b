-- Forgets all runs, messages and facts: every subscriber is as if nobody had ever written to them.
do $$
begin
  execute (
    select 'truncate platform.outbox, ' || string_agg(format('%I.%I', schemaname, tablename), ', ')
    from pg_tables where schemaname = 'messaging'
  );
end $$
