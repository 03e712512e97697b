-- The stream's subscribers $2 to $3 of tenant $1: number n of the stream (from 0) has the phone number +790 and n in
-- eight digits, and the id n + 1. Straight into the tables, as their owner: the import is not what is measured here.
with made as (
  insert into profiles.subscriber (tenant_id, subscriber_id, created_at)
  select $1, n, now() from generate_series($2::int, $3::int) n
  returning tenant_id, subscriber_id
), numbered as (
  select setval('profiles.subscriber_id', $3::int)
)
insert into profiles.identity (tenant_id, kind, value, subscriber_id)
select tenant_id, 'msisdn', '+790' || lpad((subscriber_id - 1)::text, 8, '0'), subscriber_id
from made, numbered
