insert into ledger.account (tenant_id, account_id, owner, purpose, currency, floor_minor, keeps_lots)
select $1, 'member:' || i || ':points', 'member:' || i, 'member', 'points', 0, true
from generate_series($2::int, $3::int) as i
