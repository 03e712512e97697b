-- Subscribers $2 to $3 (their ids) of tenant $1: the one with the id n has the phone number +79 and n in nine digits,
-- a language, a time zone and a consent to advertising by SMS. Straight into the tables, as their owner: the import is
-- not what is measured here.
with made as (
  insert into profiles.subscriber (tenant_id, subscriber_id, time_zone, language, created_at)
  select $1, n,
         (array['Europe/Kaliningrad', 'Europe/Moscow', 'Europe/Moscow', 'Europe/Samara', 'Asia/Yekaterinburg',
                'Asia/Novosibirsk', 'Asia/Vladivostok'])[1 + n % 7],
         case when n % 10 = 0 then 'uk' else 'ru' end, now()
  from generate_series($2::int, $3::int) n
  returning tenant_id, subscriber_id
), numbered as (
  select setval('profiles.subscriber_id', $3::int)
), identified as (
  insert into profiles.identity (tenant_id, kind, value, subscriber_id)
  select tenant_id, 'msisdn', '+79' || lpad(subscriber_id::text, 9, '0'), subscriber_id
  from made, numbered
)
insert into profiles.consent (tenant_id, subscriber_id, channel, purpose, granted, at, source)
select tenant_id, subscriber_id, 'sms', 'marketing', true, now(), 'bench'
from made
