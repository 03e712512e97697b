create schema access;
comment on schema access is 'Who may speak for which tenant: tenants, API keys, and the trail of what was changed.';
grant usage on schema access to tenure_app;

create table access.tenant (
  tenant_id         text        primary key check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name              text        not null,
  currency          text        not null check (currency ~ '^[A-Z]{3}$'),
  currency_decimals int         not null check (currency_decimals between 0 and 4),
  time_zone         text        not null,
  language          text        not null check (language in ('en', 'ru', 'uk')),
  country           text        check (country ~ '^[A-Z]{2}$'),
  created_at        timestamptz not null
);
comment on table access.tenant is
  'An operator, an MVNO or a brand, with the currency, time zone, language and country that hold where a subscriber has none of their own.';
call platform.isolate('access.tenant', 'select, insert');

create table access.api_key (
  tenant_id  text        not null references access.tenant,
  key_id     text        not null,
  key_hash   bytea       not null unique check (octet_length(key_hash) = 32),
  name       text        not null,
  role       text        not null check (role in ('admin', 'ingest', 'read', 'partner')),
  created_at timestamptz not null,
  revoked_at timestamptz,
  primary key (tenant_id, key_id)
);
comment on table access.api_key is
  'Keys as SHA-256 only: whoever reads the table cannot use one. A revoked key keeps its row, because the audit trail names it.';
call platform.isolate('access.api_key', 'select, insert, update');

create table access.audit (
  tenant_id text        not null references access.tenant,
  audit_id  bigint      generated always as identity,
  at        timestamptz not null,
  key_id    text,
  action    text        not null,
  target    text        not null,
  details   jsonb       not null default '{}',
  primary key (tenant_id, audit_id)
);
comment on table access.audit is
  'Which key changed what and when, kept for disputes; rows are only ever added. key_id is null where the system itself acted.';
call platform.isolate('access.audit', 'select, insert');

-- The two functions below run as the owner of the tables, which may not be a superuser on a managed server.
create policy owner_reads on access.tenant for select to current_user using (true);
create policy owner_reads on access.api_key for select to current_user using (true);

create function access.tenant_of_key(hash bytea)
returns table (tenant_id text, key_id text, role text)
language sql stable security definer set search_path = '' as $$
  select k.tenant_id, k.key_id, k.role from access.api_key k where k.key_hash = hash and k.revoked_at is null
$$;
comment on function access.tenant_of_key is
  'The only way past the tenant wall for a request: whoever holds a key learns its tenant and role, nothing else.';
revoke all on function access.tenant_of_key from public;
grant execute on function access.tenant_of_key to tenure_app;

create function access.tenant_ids()
returns setof text
language sql stable security definer set search_path = '' as $$
  select t.tenant_id from access.tenant t order by t.tenant_id
$$;
comment on function access.tenant_ids is
  'Ids of all tenants and nothing more about them, so that the server knows for whom to run its loop.';
revoke all on function access.tenant_ids from public;
grant execute on function access.tenant_ids to tenure_app;
