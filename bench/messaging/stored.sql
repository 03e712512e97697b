-- What a run has left: messages by state, rows of the journal that the tables have not been told of, starts that nobody
-- has taken, and facts.
select
  (select coalesce(json_object_agg(state, count), '{}')
   from (select state, count(*) from messaging.message group by state) as by_state) as states,
  (select count(*)::int from messaging.journal) as journal,
  (select count(*)::int from messaging.start) as starts,
  (select coalesce(sum(count), 0)::int from platform.outbox) as facts
