create table loyalty.migrated_account (
  tenant_id     text        not null,
  migration_id  text        not null,
  subscriber_id int         not null,
  run_id        uuid        not null,
  outcome       text        not null check (outcome in ('moved', 'debt_moved', 'empty', 'refused')),
  from_minor    bigint      not null,
  to_minor      bigint      not null,
  left_minor    bigint      not null check (left_minor >= 0),
  problem       text,
  at            timestamptz not null,
  primary key (tenant_id, migration_id, subscriber_id, run_id)
);
comment on table loyalty.migrated_account is
  'What became of every account of an old programme: written with its transfers, so that the report is the truth. A run that is repeated moves what has come since and adds a row.';
call platform.isolate('loyalty.migrated_account', 'select, insert');
