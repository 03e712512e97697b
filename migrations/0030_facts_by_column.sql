-- Facts of one call mostly differ by subscriber, moment and what they speak of; the rest is said once and not by each.
alter table platform.outbox alter column facts drop not null, add column forms json, add column form_of int[],
  add column at_ms bigint[], add column subscriber_ids int[], add column refs uuid[],
  add constraint outbox_one_way check ((facts is null) <> (forms is null));
comment on table platform.outbox is
  'Facts on their way to analytics, written in the transaction of the state they report: counted once, never lost. Each row holds the facts of one call: a JSON array of arrays whose places the view platform.fact names, or columns, where form_of names the place in forms of what a fact has in common with others.';
alter table platform.outbox alter column form_of set storage external, alter column at_ms set storage external,
  alter column subscriber_ids set storage external, alter column refs set storage external;

create or replace view platform.fact with (security_invoker = true) as
select o.tenant_id, o.txid, o.seq * 1048576 + f.place as seq, f.fact ->> 0 as kind,
       to_timestamp((f.fact ->> 1)::float8 / 1000) as at, (f.fact ->> 2)::int as subscriber_id,
       f.fact ->> 3 as campaign_id, f.fact ->> 4 as arm, f.fact ->> 5 as channel, f.fact ->> 6 as product_id,
       f.fact ->> 7 as reason, f.fact ->> 8 as ref, (f.fact ->> 9)::bigint as amount_minor,
       (f.fact ->> 10)::bigint as cost_minor, (f.fact ->> 11)::int as quantity, (f.fact -> 12)::jsonb as attributes
from platform.outbox o cross join json_array_elements(o.facts::json) with ordinality as f (fact, place)
union all
select o.tenant_id, o.txid, o.seq * 1048576 + f.place, m.form ->> 0, to_timestamp(f.at_ms::float8 / 1000), f.subscriber_id,
       m.form ->> 1, m.form ->> 2, m.form ->> 3, m.form ->> 4, m.form ->> 5, f.ref::text, (m.form ->> 6)::bigint,
       (m.form ->> 7)::bigint, (m.form ->> 8)::int, null
from platform.outbox o
  cross join lateral unnest(o.form_of, o.at_ms, o.subscriber_ids, o.refs)
    with ordinality as f (form, at_ms, subscriber_id, ref, place)
  join lateral json_array_elements(o.forms) with ordinality as m (form, place) on m.place = f.form + 1;
