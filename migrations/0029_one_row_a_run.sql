-- A run and its first message are one row now, what many rows have in common is kept once, and counts are kept beside
-- (docs/adr/0009): a finished message costs a quarter of what two rows with six indexes did, and no page counts tables.

create table messaging.shape (
  tenant_id       text   not null,
  shape_id        bigint not null,
  cascade_id      text   not null,
  cascade_version int    not null,
  campaign_id     text   not null,
  arm             text   not null,
  run_purpose     text,
  channel         text,
  template_id     text,
  until           text,
  wait_s          int,
  purpose         text,
  priority        int,
  primary key (tenant_id, shape_id)
);
comment on table messaging.shape is
  'What runs have in common, and their first messages: a few rows for millions. shape_id is drawn from the row''s own words, so that whoever writes the same twice writes it once; channel is null for a run that has sent nothing yet.';
create index shape_campaign on messaging.shape (tenant_id, campaign_id);
create index shape_cascade on messaging.shape (tenant_id, cascade_id);
call platform.isolate('messaging.shape', 'select, insert');

create table messaging.life (
  tenant_id         text        not null,
  run_id            uuid        not null,
  shape_id          bigint      not null,
  subscriber_id     int         not null,
  step              int         not null default 0,
  all_sms_minor     bigint      not null default 0,
  due_at            timestamptz,
  contacted_at      timestamptz,
  started_at        timestamptz not null,
  finished_at       timestamptz,
  cost_minor        bigint,
  queued_at         timestamptz,
  not_before        timestamptz,
  expires_at        timestamptz,
  submitted_at      timestamptz,
  settled_at        timestamptz,
  message_id        uuid,
  message_reference int,
  parts             int,
  state             text        not null check (state in ('active', 'finished')),
  outcome           text,
  message_state     text check (message_state in
    ('queued', 'held', 'submitting', 'submitted', 'delivered', 'seen', 'clicked', 'failed', 'unknown')),
  reason            text,
  postponed_for     text,
  provider_ids      text,
  reference         text        not null,
  variables         text        not null,
  text              text,
  content           jsonb,
  saw               jsonb,
  step_order        jsonb,
  primary key (tenant_id, run_id)
);
comment on table messaging.life is
  'One subscriber on the way through one cascade, with the first message: read it as messaging.cascade_run and messaging.message. due_at is the timer; all_sms_minor is what the contact would have cost as SMS.';
comment on column messaging.life.message_id is 'The run''s id but for its last bit, so that the primary key finds it too.';
comment on column messaging.life.provider_ids is 'The ids of all parts, joined by commas, as the channel gave them.';
comment on column messaging.life.variables is 'A JSON document; as text, because nobody looks into it.';
comment on column messaging.life.saw is 'The values by which the gate postponed or held the message.';
comment on column messaging.life.step_order is
  'In which order this subscriber''s steps are taken, and the chances and prices by which it was chosen; null as written.';
call platform.isolate('messaging.life');

-- Counts.

create table messaging.run_count (
  tenant_id   text        not null,
  campaign_id text        not null,
  outcome     text        not null,
  count       bigint      not null,
  started_at  timestamptz not null,
  primary key (tenant_id, campaign_id, outcome)
);
comment on table messaging.run_count is
  'How many runs of a campaign ended how, kept with each write of messaging.life; outcome is empty for those that are active.';
call platform.isolate('messaging.run_count');

create table messaging.message_count (
  tenant_id   text   not null,
  campaign_id text   not null,
  day         date   not null,
  channel     text   not null,
  state       text   not null,
  reason      text   not null,
  count       bigint not null,
  sent        bigint not null,
  cost_minor  bigint not null,
  primary key (tenant_id, campaign_id, day, channel, state, reason)
);
comment on table messaging.message_count is
  'How many messages stand how, by the day (UTC) on which they were made, kept with each write of messages; reason says why one waits, was held or failed. sent and cost_minor speak of those that a provider took.';
call platform.isolate('messaging.message_count');

create type messaging.tally as (
  tenant_id text, campaign_id text, day date, channel text, state text, reason text, outcome text, count bigint, sent bigint,
  cost_minor bigint, started_at timestamptz
);
comment on type messaging.tally is 'By how much counts change; state is null where there is no message, outcome where there is no run.';

create procedure messaging.add_counts(tallies messaging.tally[]) language plpgsql as $$
begin
  -- Two transactions that write the same campaigns must lock their counts in one order.
  insert into messaging.run_count as c
  select tenant_id, campaign_id, outcome, sum(count), min(started_at) from unnest(tallies) where outcome is not null
  group by 1, 2, 3 having sum(count) <> 0 order by 1, 2, 3
  on conflict (tenant_id, campaign_id, outcome) do update
    set count = c.count + excluded.count, started_at = least(c.started_at, excluded.started_at);
  insert into messaging.message_count as c
  select tenant_id, campaign_id, day, channel, state, coalesce(reason, ''), sum(count), sum(sent), sum(cost_minor)
  from unnest(tallies) where state is not null group by 1, 2, 3, 4, 5, 6
  having sum(count) <> 0 or sum(sent) <> 0 or sum(cost_minor) <> 0 order by 1, 2, 3, 4, 5, 6
  on conflict (tenant_id, campaign_id, day, channel, state, reason) do update
    set count = c.count + excluded.count, sent = c.sent + excluded.sent, cost_minor = c.cost_minor + excluded.cost_minor;
end $$;
comment on procedure messaging.add_counts is 'Adds to messaging.run_count and messaging.message_count.';
grant execute on procedure messaging.add_counts to tenure_app;

create function messaging.count_new_lives() returns trigger language plpgsql as $$
declare
  changed messaging.tally[];
begin
  with grouped as (
    select n.tenant_id, n.shape_id, (n.queued_at at time zone 'UTC')::date as day, n.message_state as state,
      case n.message_state when 'queued' then n.postponed_for else n.reason end as reason, coalesce(n.outcome, '') as outcome,
      sum(1) as count, min(n.started_at) as started_at,
      coalesce(sum(1) filter (where n.submitted_at is not null and n.message_state <> 'unknown'), 0) as sent,
      coalesce(sum(1 * n.cost_minor) filter (where n.submitted_at is not null and n.message_state <> 'unknown'), 0) as cost
    from new_rows n group by 1, 2, 3, 4, 5, 6)
  select array_agg((g.tenant_id, s.campaign_id, g.day, s.channel, g.state, g.reason, g.outcome, g.count, g.sent, g.cost,
    g.started_at)::messaging.tally) into changed
  from grouped g join messaging.shape s using (tenant_id, shape_id);
  if changed is not null then
    call messaging.add_counts(changed);
  end if;
  return null;
end $$;

create function messaging.count_changed_lives() returns trigger language plpgsql as $$
declare
  changed messaging.tally[];
begin
  with grouped as (
    select n.tenant_id, n.shape_id, (n.queued_at at time zone 'UTC')::date as day, n.message_state as state,
      case n.message_state when 'queued' then n.postponed_for else n.reason end as reason, coalesce(n.outcome, '') as outcome,
      sum(n.sign) as count, min(n.started_at) as started_at,
      coalesce(sum(n.sign) filter (where n.submitted_at is not null and n.message_state <> 'unknown'), 0) as sent,
      coalesce(sum(n.sign * n.cost_minor) filter (where n.submitted_at is not null and n.message_state <> 'unknown'), 0) as cost
    from (select 1 as sign, a.* from new_rows a union all select -1, b.* from old_rows b) n group by 1, 2, 3, 4, 5, 6)
  select array_agg((g.tenant_id, s.campaign_id, g.day, s.channel, g.state, g.reason, g.outcome, g.count, g.sent, g.cost,
    g.started_at)::messaging.tally) into changed
  from grouped g join messaging.shape s using (tenant_id, shape_id);
  if changed is not null then
    call messaging.add_counts(changed);
  end if;
  return null;
end $$;

create function messaging.count_new_messages() returns trigger language plpgsql as $$
declare
  changed messaging.tally[];
begin
  select array_agg((g.tenant_id, g.campaign_id, g.day, g.channel, g.state, g.reason, null, g.count, g.sent, g.cost,
    null)::messaging.tally) into changed
  from (
    select n.tenant_id, n.campaign_id, (n.queued_at at time zone 'UTC')::date as day, n.channel, n.state,
      case n.state when 'queued' then n.postponed_for else n.reason end as reason, sum(1) as count,
      coalesce(sum(1) filter (where n.submitted_at is not null and n.state <> 'unknown'), 0) as sent,
      coalesce(sum(1 * n.cost_minor) filter (where n.submitted_at is not null and n.state <> 'unknown'), 0) as cost
    from new_rows n group by 1, 2, 3, 4, 5, 6) g;
  if changed is not null then
    call messaging.add_counts(changed);
  end if;
  return null;
end $$;

create function messaging.count_changed_messages() returns trigger language plpgsql as $$
declare
  changed messaging.tally[];
begin
  select array_agg((g.tenant_id, g.campaign_id, g.day, g.channel, g.state, g.reason, null, g.count, g.sent, g.cost,
    null)::messaging.tally) into changed
  from (
    select n.tenant_id, n.campaign_id, (n.queued_at at time zone 'UTC')::date as day, n.channel, n.state,
      case n.state when 'queued' then n.postponed_for else n.reason end as reason, sum(n.sign) as count,
      coalesce(sum(n.sign) filter (where n.submitted_at is not null and n.state <> 'unknown'), 0) as sent,
      coalesce(sum(n.sign * n.cost_minor) filter (where n.submitted_at is not null and n.state <> 'unknown'), 0) as cost
    from (select 1 as sign, a.* from new_rows a union all select -1, b.* from old_rows b) n group by 1, 2, 3, 4, 5, 6) g;
  if changed is not null then
    call messaging.add_counts(changed);
  end if;
  return null;
end $$;

create trigger counted after insert on messaging.life
  referencing new table as new_rows for each statement execute function messaging.count_new_lives();
create trigger recounted after update on messaging.life
  referencing old table as old_rows new table as new_rows for each statement execute function messaging.count_changed_lives();

insert into messaging.shape
select distinct r.tenant_id,
  hashtextextended(concat_ws('|', r.cascade_id, r.cascade_version, r.campaign_id, r.arm, coalesce(r.purpose, '-'), m.channel,
    m.template_id, m.until, m.wait_s, m.purpose, m.priority), 0),
  r.cascade_id, r.cascade_version, r.campaign_id, r.arm, r.purpose, m.channel, m.template_id, m.until, m.wait_s, m.purpose,
  m.priority
from messaging.cascade_run r left join messaging.message m on m.run_id = r.run_id and m.step = 0;

insert into messaging.life
select r.tenant_id, r.run_id,
  hashtextextended(concat_ws('|', r.cascade_id, r.cascade_version, r.campaign_id, r.arm, coalesce(r.purpose, '-'), m.channel,
    m.template_id, m.until, m.wait_s, m.purpose, m.priority), 0),
  r.subscriber_id, r.step, r.all_sms_minor, r.due_at, r.contacted_at, r.started_at, r.finished_at, m.cost_minor,
  m.queued_at, m.not_before, m.expires_at, m.submitted_at, m.settled_at, m.message_id, m.reference, m.parts, r.state,
  r.outcome, m.state, m.reason, m.postponed_for, nullif(array_to_string(m.provider_ids, ','), ''), r.reference,
  r.variables::text, m.text, m.content, m.saw, r.step_order
from messaging.cascade_run r left join messaging.message m on m.run_id = r.run_id and m.step = 0;

-- Only what is on its way or must be looked after stands in these.
create index life_due on messaging.life (tenant_id, due_at) where state = 'active' and due_at is not null;
create index life_active on messaging.life (tenant_id, shape_id) where state = 'active';
create index life_submitting on messaging.life (tenant_id, run_id) where message_state = 'submitting';
create index life_unknown on messaging.life (tenant_id, submitted_at) where message_state = 'unknown';
create index life_subscriber on messaging.life (tenant_id, subscriber_id);
create index life_provider on messaging.life (tenant_id, split_part(provider_ids, ',', 1)) where provider_ids is not null;

delete from messaging.message where step = 0;
alter table messaging.message rename to later_message;
alter table messaging.later_message alter column provider_ids drop default, alter column provider_ids drop not null;
drop index messaging.message_provider;
alter table messaging.later_message
  alter column provider_ids type text using nullif(array_to_string(provider_ids, ','), '');
create index later_message_run on messaging.later_message (tenant_id, run_id);
create index later_message_provider on messaging.later_message (tenant_id, split_part(provider_ids, ',', 1))
  where provider_ids is not null;
create trigger counted after insert on messaging.later_message
  referencing new table as new_rows for each statement execute function messaging.count_new_messages();
create trigger recounted after update on messaging.later_message
  referencing old table as old_rows new table as new_rows for each statement execute function messaging.count_changed_messages();

with moved as (delete from messaging.later_message returning *)
insert into messaging.later_message select * from moved;
comment on table messaging.later_message is
  'Messages of a cascade''s later steps: read them as messaging.message. Each is marked "submitting" durably before the channel sees it, so a crash leaves a question and never a second copy.';
drop table messaging.cascade_run;

create view messaging.cascade_run with (security_invoker = true) as
select l.tenant_id, l.run_id, s.cascade_id, s.cascade_version, l.subscriber_id, s.campaign_id, s.arm, l.reference,
       l.variables::jsonb as variables, s.run_purpose as purpose, l.step, l.state, l.outcome, l.due_at, l.all_sms_minor,
       l.contacted_at, l.started_at, l.finished_at, l.step_order
from messaging.life l join messaging.shape s using (tenant_id, shape_id);
comment on view messaging.cascade_run is 'One subscriber on the way through one cascade; wakes by timer (due_at).';

create view messaging.message with (security_invoker = true) as
select l.tenant_id, l.message_id, l.run_id, 0 as step, s.channel, s.template_id, l.subscriber_id, s.campaign_id, s.arm,
       l.message_reference as reference, s.until, s.wait_s, l.text, l.parts, l.cost_minor, l.message_state as state,
       l.reason, l.postponed_for, coalesce(string_to_array(l.provider_ids, ','), '{}') as provider_ids, l.queued_at,
       l.not_before, l.expires_at, l.submitted_at, l.settled_at, l.content, l.saw, s.purpose, s.priority
from messaging.life l join messaging.shape s using (tenant_id, shape_id) where l.message_id is not null
union all
select tenant_id, message_id, run_id, step, channel, template_id, subscriber_id, campaign_id, arm, reference, until,
       wait_s, text, parts, cost_minor, state, reason, postponed_for, coalesce(string_to_array(provider_ids, ','), '{}'),
       queued_at, not_before, expires_at, submitted_at, settled_at, content, saw, purpose, priority
from messaging.later_message;
comment on view messaging.message is 'A message and its fate, whatever its step. By its id ask messaging.messages_by_id.';
grant select on messaging.cascade_run, messaging.message to tenure_app;

create function messaging.run_of_message(message_id uuid) returns uuid language sql immutable strict as $$
  select (left(message_id::text, 35) || translate(right(message_id::text, 1), '0123456789abcdef', '1032547698badcfe'))::uuid
$$;
comment on function messaging.run_of_message is 'Of which run a message is the first one: their ids differ in the last bit.';

create function messaging.messages_by_id(ids uuid[]) returns setof messaging.message language sql stable as $$
  -- Arrays, because conditions of a join do not reach below the union of the view.
  select m.* from messaging.message m
  where m.run_id = any(array(select messaging.run_of_message(id) from unnest(ids) as asked (id)))
    and m.message_id = any(ids) and m.run_id = messaging.run_of_message(m.message_id)
  union all
  select m.* from messaging.message m
  where m.run_id = any(array(select run_id from messaging.later_message where message_id = any(ids)))
    and m.message_id = any(ids) and m.run_id <> messaging.run_of_message(m.message_id)
$$;
comment on function messaging.messages_by_id is
  'Messages by their ids, by way of their runs: only those of later steps are indexed by their own ids.';
grant execute on function messaging.run_of_message, messaging.messages_by_id to tenure_app;

