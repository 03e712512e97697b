alter table triggers.firing drop column read_to;
alter table triggers.firing add column key text not null default '';
alter table triggers.firing add column key_code double precision;
alter table triggers.firing add column decided bigint not null default 0;
alter table triggers.firing add column partition int not null default 0;
alter table triggers.firing add column retracted_at timestamptz;
comment on table triggers.firing is
  'Each time a rule fired for a subscriber, once per cause however often the log is read again; what campaigns start from. A firing that a late event contradicts is retracted, not deleted: somebody may have acted on it.';
comment on column triggers.firing.key is 'The value of a composite key; empty for a rule without one.';
comment on column triggers.firing.key_code is 'The number by which the engine''s memory knows that value.';
comment on column triggers.firing.decided is
  'Where in the reading of its partition this was decided last: 4 · n by the last of n events, 4 · n + 1 by a reading anew after them, 4 · n + 2 by the clock then. Only a later decision changes the row, so reading the log again from any place changes nothing; what the clock decided is repeated at the same place after a crash.';
drop index triggers.firing_waiting;
create index firing_waiting on triggers.firing (tenant_id, firing_id) where handled_at is null and retracted_at is null;
create index firing_by_clock on triggers.firing (tenant_id, partition, decided) where decided % 4 = 2;
create index firing_by_time on triggers.firing (tenant_id, rule_id, fired_at);

create table triggers.pause (
  tenant_id  text        not null,
  rule_id    text        not null,
  paused_at  timestamptz not null,
  resumed_at timestamptz,
  reason     text        not null check (reason in ('person', 'ceiling')),
  primary key (tenant_id, rule_id, paused_at)
);
comment on table triggers.pause is
  'When a rule stood still. The times are of events: what happens in a pause never fires, whenever it is read, so a log read again gives the same firings.';
create unique index pause_open on triggers.pause (tenant_id, rule_id) where resumed_at is null;
call platform.isolate('triggers.pause');

create table triggers.checkpoint (
  tenant_id text   not null,
  key       text   not null,
  value     bytea  not null,
  primary key (tenant_id, key)
);
comment on table triggers.checkpoint is
  'What engines remember, when partitions move between machines and no local file would follow them.';
call platform.isolate('triggers.checkpoint');

create table triggers.partition_owner (
  tenant_id text   not null,
  partition int    not null,
  epoch     bigint not null,
  primary key (tenant_id, partition)
);
comment on table triggers.partition_owner is
  'Which engine may write for a partition: the one with the latest epoch. One that was cut off and does not know it yet cannot store what it decides.';
call platform.isolate('triggers.partition_owner');

create table triggers.date_run (
  tenant_id text not null,
  rule_id   text not null,
  time_zone text not null,
  ran_to    timestamptz not null,
  primary key (tenant_id, rule_id, time_zone)
);
comment on table triggers.date_run is 'Up to which moment a date rule has looked at the subscribers of a time zone.';
call platform.isolate('triggers.date_run');
