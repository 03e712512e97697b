-- The first kind of award knew purchases alone. Nothing was released with it.
drop table loyalty.award;
comment on schema loyalty is 'Programmes with their members: what was given and why, or why not. The points themselves stand in the ledger.';

create table loyalty.member (
  tenant_id     text        not null,
  programme_id  text        not null,
  subscriber_id int         not null,
  state         text        not null check (state in ('active', 'left', 'merged')),
  enrolled_at   timestamptz not null,
  ended_at      timestamptz,
  merged_into   int,
  household_id  text,
  referral_code text        not null,
  primary key (tenant_id, programme_id, subscriber_id),
  check ((state = 'merged') = (merged_into is not null)),
  check ((state = 'active') = (ended_at is null))
);
comment on table loyalty.member is
  'A subscriber in a programme. Who left stays as a row, because points and reasons still speak of them and nobody who left is enrolled again by a machine.';
create index member_of_subscriber on loyalty.member (tenant_id, subscriber_id);
create index member_merged on loyalty.member (tenant_id, merged_into) where merged_into is not null;
create index member_of_household on loyalty.member (tenant_id, programme_id, household_id) where household_id is not null;
create index member_referral_code on loyalty.member (tenant_id, programme_id, referral_code);
call platform.isolate('loyalty.member', 'select, insert, update');

create table loyalty.member_count (
  tenant_id    text   not null,
  programme_id text   not null,
  state        text   not null,
  members      bigint not null,
  primary key (tenant_id, programme_id, state)
) with (fillfactor = 50);
comment on table loyalty.member_count is
  'How many members of a programme stand how, kept with each write of members, so that nobody counts millions to show it.';
call platform.isolate('loyalty.member_count', 'select, insert, update');

-- Keeps, by id and state, how many rows there are: the arguments name the table of counts and the column of the id.
create function loyalty.count_by_state() returns trigger language plpgsql as $$
declare
  changed constant text := case tg_op
    when 'INSERT' then 'select 1 as sign, n.* from new_rows n'
    when 'DELETE' then 'select -1 as sign, o.* from old_rows o'
    else 'select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o' end;
begin
  execute format(
    'insert into loyalty.%1$I as c
     select tenant_id, %2$I, state, sum(sign) from (%3$s) as changed
     group by 1, 2, 3 having sum(sign) <> 0 order by 1, 2, 3
     on conflict (tenant_id, %2$I, state) do update set members = c.members + excluded.members',
    tg_argv[0], tg_argv[1], changed);
  return null;
end $$;
create trigger count_new after insert on loyalty.member
  referencing new table as new_rows for each statement
  execute function loyalty.count_by_state('member_count', 'programme_id');
create trigger count_changed after update on loyalty.member
  referencing old table as old_rows new table as new_rows for each statement
  execute function loyalty.count_by_state('member_count', 'programme_id');

create table loyalty.household (
  tenant_id      text        not null,
  programme_id   text        not null,
  household_id   text        not null,
  shares_balance boolean     not null,
  made_at        timestamptz not null,
  primary key (tenant_id, programme_id, household_id)
);
comment on table loyalty.household is
  'Members who belong together. Whether they share one balance is fixed when the household is made, because accounts follow from it.';
call platform.isolate('loyalty.household', 'select, insert');

create table loyalty.read_position (
  tenant_id   text   not null,
  partition   int    not null,
  next_offset bigint not null check (next_offset >= 0),
  primary key (tenant_id, partition)
);
comment on table loyalty.read_position is
  'How far the event log was read, written in the transaction of all that follows from what was read: so each event counts once, however often the process dies.';
call platform.isolate('loyalty.read_position', 'select, insert, update');

create table loyalty.judged_event (
  tenant_id     text        not null,
  event_id      uuid        not null,
  subscriber_id int         not null,
  at            timestamptz not null,
  type          text        not null,
  source        text        not null,
  name          text        not null,
  judgements    jsonb       not null,
  other_accounts text[],
  taken_at      timestamptz not null,
  primary key (tenant_id, event_id)
);
comment on table loyalty.judged_event is
  'Each event from which something followed or that a rule judged, with every judgement and the values it saw: the member, the agent and the marketer read the same reason. An event that stands here is never taken again, whatever is replayed.';
comment on column loyalty.judged_event.name is 'The id that the event bears in its source.';
comment on column loyalty.judged_event.other_accounts is
  'Accounts whose balance was changed beside the subscriber''s own, such as that of a household; null: none.';
create index judged_event_of_account on loyalty.judged_event using gin (other_accounts) where other_accounts is not null;
create index judged_event_of_subscriber on loyalty.judged_event (tenant_id, subscriber_id, at);
call platform.isolate('loyalty.judged_event', 'select, insert');

create table loyalty.announcement (
  tenant_id     text        not null,
  seq           bigint      generated always as identity,
  at            timestamptz not null,
  announcements text        not null,
  primary key (tenant_id, seq)
);
comment on table loyalty.announcement is
  'What waits for its place on the event log, so that campaigns hear of it: a JSON list for each transaction, written with its causes and deleted when the log has it. The log knows each by its source and id, so one that is appended twice counts once.';
call platform.isolate('loyalty.announcement', 'select, insert, delete');

create table loyalty.award (
  tenant_id       text        not null,
  seq             bigint      generated always as identity,
  transfer_key    text        not null,
  event_id        uuid        not null,
  programme_id    text        not null,
  rule_id         text        not null,
  rule_version    int         not null,
  subscriber_id   int         not null,
  account_id      text        not null,
  posted_key      text,
  points          bigint      not null check (points > 0),
  state           text        not null check (state in ('posted', 'pending', 'voided')),
  reference       text,
  base_minor      bigint      not null,
  returned_minor  bigint      not null default 0,
  returned_points bigint      not null default 0 check (returned_points between 0 and points),
  lapsed_points   bigint      not null default 0 check (lapsed_points >= 0),
  forgiven_points bigint      not null default 0 check (forgiven_points >= 0),
  settle_on       text,
  settle_key      text,
  settle_until    timestamptz,
  available_from  timestamptz not null,
  expires_at      timestamptz,
  campaign_id     text,
  arm             text,
  at              timestamptz not null,
  primary key (tenant_id, transfer_key),
  check (returned_minor >= 0),
  check (lapsed_points + forgiven_points <= returned_points),
  check ((state = 'pending') <= (settle_on is not null))
);
comment on table loyalty.award is
  'Each transfer by which a rule gave points, with what may still happen to it: a pending one waits for an event, and a return takes back the share of the price that was returned, never twice.';
comment on column loyalty.award.seq is 'The order in which awards were made. A return that meets several purchases of one reference takes them in this order, wherever a batch ended.';
comment on column loyalty.award.base_minor is 'The amount by which the rule counted; a return is a share of it. 1 where the rule gave a fixed number.';
comment on column loyalty.award.lapsed_points is 'Of the returned points those that had expired or been forfeited before: they are gone, and are not taken a second time.';
comment on column loyalty.award.posted_key is 'Key of the ledger''s transfer that brought the points, from which a return takes them; null while they are reserved.';
comment on column loyalty.award.account_id is 'The account that was credited: after a merge or a household it may be another than the member''s present one.';
create index award_of_subscriber on loyalty.award (tenant_id, subscriber_id, at);
create index award_of_event on loyalty.award (tenant_id, event_id);
create index award_by_reference on loyalty.award (tenant_id, rule_id, subscriber_id, reference) where reference is not null;
create index award_by_posted_key on loyalty.award (tenant_id, posted_key) where available_from > at;
create index award_pending on loyalty.award (tenant_id, settle_on, subscriber_id, settle_key) where state = 'pending';
create index award_due on loyalty.award (tenant_id, settle_until) where state = 'pending';
call platform.isolate('loyalty.award', 'select, insert, update');

create table loyalty.returned (
  tenant_id     text        not null,
  seq           bigint      generated always as identity,
  rule_id       text        not null,
  event_id      uuid        not null,
  subscriber_id int         not null,
  reference     text        not null,
  amount_minor  bigint,
  applied_minor bigint      not null,
  is_applied    boolean     not null,
  at            timestamptz not null,
  primary key (tenant_id, rule_id, event_id)
);
comment on table loyalty.returned is
  'Each return as an earn rule understood it, and how much of it has met a purchase: one that came before its purchase waits here. Without an amount it is the whole purchase.';
create index returned_waiting on loyalty.returned (tenant_id, rule_id, subscriber_id, reference) where not is_applied;
call platform.isolate('loyalty.returned', 'select, insert, update');

create table loyalty.confirmation (
  tenant_id     text        not null,
  seq           bigint      generated always as identity,
  rule_id       text        not null,
  event_id      uuid        not null,
  subscriber_id int         not null,
  settle_key    text        not null,
  has_settled   boolean     not null,
  at            timestamptz not null,
  primary key (tenant_id, rule_id, event_id)
);
comment on table loyalty.confirmation is
  'Each event for which an earn rule''s points wait, so that a purchase that comes after its own confirmation finds it here.';
comment on column loyalty.confirmation.settle_key is 'What names the purchase; empty where the rule names none, and the event is for all that was bought before it.';
create index confirmation_by_key on loyalty.confirmation (tenant_id, rule_id, subscriber_id, settle_key, at);
call platform.isolate('loyalty.confirmation', 'select, insert, update');

create table loyalty.earn_counter (
  tenant_id     text   not null,
  counter       text   not null,
  subscriber_id int    not null,
  period        text   not null,
  points        bigint not null check (points >= 0),
  times         int    not null check (times >= 0),
  primary key (tenant_id, counter, subscriber_id, period)
);
comment on table loyalty.earn_counter is
  'How much caps and budgets have let through in a period. Subscriber 0 stands for all members together.';
call platform.isolate('loyalty.earn_counter', 'select, insert, update');
