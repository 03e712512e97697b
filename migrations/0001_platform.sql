create schema platform;
comment on schema platform is 'What every module stands on: versioned documents and the outbox of facts.';
grant usage on schema platform to tenure_app;

-- One call gives a table its tenant wall and the application its rights, so that no migration can forget half.
create procedure platform.isolate(target regclass, privileges text default 'select, insert, update, delete')
language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy tenant_wall on %s
                    using (tenant_id = nullif(current_setting(''tenure.tenant_id'', true), ''''))', target);
  execute format('grant %s on %s to tenure_app', privileges, target);
end $$;
comment on procedure platform.isolate is
  'Puts a table behind its tenant wall. Without a tenant the policy compares with null, so nothing is seen.';

create table platform.document (
  tenant_id  text        not null,
  kind       text        not null,
  id         text        not null,
  version    int         not null,
  body       jsonb       not null,
  digest     text        not null,
  applied_at timestamptz not null default now(),
  primary key (tenant_id, kind, id, version)
);
comment on table platform.document is
  'Rules, campaigns, templates and policies as versioned documents: a version is never changed, so whoever is inside a campaign keeps the one they entered.';
call platform.isolate('platform.document', 'select, insert');

create table platform.outbox (
  tenant_id     text        not null,
  txid          xid8        not null default pg_current_xact_id(),
  seq           bigint      generated always as identity,
  kind          text        not null,
  at            timestamptz not null,
  subscriber_id int         not null,
  campaign_id   text,
  arm           text,
  channel       text,
  product_id    text,
  reason        text,
  ref           text,
  amount_minor  bigint,
  cost_minor    bigint,
  quantity      int,
  attributes    jsonb,
  primary key (tenant_id, txid, seq)
);
comment on table platform.outbox is
  'Facts on their way to analytics, written in the transaction of the state they report: counted once, never lost.';
call platform.isolate('platform.outbox', 'select, insert');
