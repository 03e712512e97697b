create table loyalty.tier_standing (
  tenant_id       text        not null,
  ladder_id       text        not null,
  subscriber_id   int         not null,
  programme_id    text        not null,
  tier_id         text,
  since           timestamptz not null,
  looked_at       timestamptz not null,
  days            int[]       not null,
  amounts         bigint[]    not null,
  start_day       int,
  benefits        jsonb       not null,
  told_until      int,
  moves           int         not null check (moves >= 0),
  due_at          timestamptz,
  override_tier   text,
  override_floor  boolean,
  override_reason text,
  override_by     text,
  override_until  timestamptz,
  filling         int         not null,
  primary key (tenant_id, ladder_id, subscriber_id),
  check (cardinality(days) = cardinality(amounts)),
  check ((override_tier is null) = (override_reason is null))
) with (fillfactor = 85);
comment on table loyalty.tier_standing is
  'Where each member stands on each ladder, with what counted by day, year or ever: all that is needed to say the tier at any moment, so that nobody else is looked at when one member moves.';
comment on column loyalty.tier_standing.days is
  'First days of what counted, numbered from 1970 in the programme''s zone; the amounts beside them are net of what was taken back.';
comment on column loyalty.tier_standing.due_at is
  'When the tier may change without any event: the clock looks at those whose moment has come and at no others.';
comment on column loyalty.tier_standing.benefits is
  'What the member has, as it was granted: the tier that named it, what was ordered, and what is ordered when it ends, whatever the document says by then.';
comment on column loyalty.tier_standing.filling is
  'The filling of the ladder to which the amounts belong: those of a former one, by other terms, count no more.';
create index tier_due on loyalty.tier_standing (tenant_id, due_at) where due_at is not null;
create index tier_standing_of_subscriber on loyalty.tier_standing (tenant_id, subscriber_id);
call platform.isolate('loyalty.tier_standing');

create table loyalty.tier_purchase (
  tenant_id     text   not null,
  ladder_id     text   not null,
  subscriber_id int    not null,
  reference     text   not null,
  day           int    not null,
  amount        bigint not null,
  filling       int    not null,
  primary key (tenant_id, ladder_id, subscriber_id, reference, day),
  check ((amount >= 0 and day >= 0) or (amount <= 0 and day = -1))
) with (fillfactor = 85);
comment on table loyalty.tier_purchase is
  'What is left of each purchase that counts for a ladder whose returns name theirs: a return is taken from the day, or year, of its purchase, and not from what was bought since.';
comment on column loyalty.tier_purchase.day is 'The place in tier_standing.days where it counts; -1 and an amount below zero for returns whose purchase has not come, or is over.';
create index tier_purchase_by_day on loyalty.tier_purchase (tenant_id, ladder_id, day);
call platform.isolate('loyalty.tier_purchase');

create table loyalty.campaign_purchase (
  tenant_id     text        not null,
  seq           bigint      generated always as identity,
  event_id      uuid        not null,
  subscriber_id int         not null,
  at            timestamptz not null,
  data          jsonb       not null,
  primary key (tenant_id, seq)
);
comment on table loyalty.campaign_purchase is
  'What campaigns sold, which stands on no log: ladders that are filled with the past find it here.';
call platform.isolate('loyalty.campaign_purchase', 'select, insert');

create table loyalty.tier_fill (
  tenant_id text     not null,
  ladder_id text     not null,
  terms     text     not null,
  filling   int      not null check (filling > 0),
  positions bigint[] not null,
  ends      bigint[] not null,
  is_done   boolean  not null,
  primary key (tenant_id, ladder_id),
  check (cardinality(positions) = cardinality(ends))
);
comment on table loyalty.tier_fill is
  'How far a ladder was filled with what happened before it counts by itself: for spend the last campaign_purchase and places in the partitions of the event log, for points the last member looked at.';
comment on column loyalty.tier_fill.terms is 'What the ladder counted when the filling began: other terms begin the next one.';
comment on column loyalty.tier_fill.ends is 'How far there was to go when it was looked at last.';
call platform.isolate('loyalty.tier_fill', 'select, insert, update');

create table loyalty.tier_change (
  tenant_id     text        not null,
  ladder_id     text        not null,
  subscriber_id int         not null,
  move          int         not null,
  former        text,
  tier_id       text,
  reason        text        not null,
  at            timestamptz not null,
  saw           jsonb       not null,
  primary key (tenant_id, ladder_id, subscriber_id, move)
);
comment on table loyalty.tier_change is
  'Each move from tier to tier with its reason and the values that decided, for the member, the agent and the marketer alike.';
call platform.isolate('loyalty.tier_change', 'select, insert');

create table loyalty.tier_walk (
  tenant_id        text    not null,
  ladder_id        text    not null,
  version          int     not null,
  after_subscriber int     not null,
  is_done          boolean not null,
  primary key (tenant_id, ladder_id)
);
comment on table loyalty.tier_walk is
  'How far all members of a programme were looked at after a ladder was made or changed. It is the only time when everybody is.';
call platform.isolate('loyalty.tier_walk', 'select, insert, update');

create table loyalty.expiry_notice (
  tenant_id    text        not null,
  programme_id text        not null,
  account_id   text        not null,
  expires_on   date        not null,
  days_before  int         not null,
  expires_at   timestamptz not null,
  points       bigint      not null check (points > 0),
  told_at      timestamptz,
  primary key (tenant_id, programme_id, account_id, expires_on, days_before)
);
comment on table loyalty.expiry_notice is
  'Who is to be told, or was told, that points expire, how many and when: each account once for a date and a number of days before it.';
comment on column loyalty.expiry_notice.expires_on is 'The last local day on which the points can be spent.';
create index expiry_notice_waiting on loyalty.expiry_notice (tenant_id, programme_id, account_id) where told_at is null;
call platform.isolate('loyalty.expiry_notice', 'select, insert, update');

create table loyalty.notice_horizon (
  tenant_id    text        not null,
  programme_id text        not null,
  days_before  int         not null,
  reached      timestamptz not null,
  primary key (tenant_id, programme_id, days_before)
);
comment on table loyalty.notice_horizon is
  'Up to which expiry notices were written, so that each day only that day''s lots are looked at.';
call platform.isolate('loyalty.notice_horizon', 'select, insert, update');

create table loyalty.points_flow (
  tenant_id text   not null,
  currency  text   not null,
  month     text   not null,
  flow      text   not null,
  points    bigint not null,
  transfers bigint not null,
  primary key (tenant_id, currency, month, flow)
);
comment on table loyalty.points_flow is
  'What members were given and what became of it, by the local month in which it took effect: sums of the ledger''s journal, each transfer counted once.';
call platform.isolate('loyalty.points_flow', 'select, insert, update');

create table loyalty.cohort_flow (
  tenant_id    text   not null,
  currency     text   not null,
  earned_month text   not null,
  month        text   not null,
  flow         text   not null,
  points       bigint not null,
  primary key (tenant_id, currency, earned_month, month, flow)
);
comment on table loyalty.cohort_flow is
  'The same for points in lots, by the month in which they were earned: how points of one age were spent or expired is how the next ones are expected to.';
call platform.isolate('loyalty.cohort_flow', 'select, insert, update');

create table loyalty.flow_position (
  tenant_id text   not null,
  next_seq  bigint not null,
  primary key (tenant_id)
);
comment on table loyalty.flow_position is
  'Up to which place the ledger''s journal was added up, written with the sums.';
call platform.isolate('loyalty.flow_position', 'select, insert, update');
