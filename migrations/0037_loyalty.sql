create table loyalty.abuse_standing (
  tenant_id     text   not null,
  programme_id  text   not null,
  subscriber_id int    not null,
  activity      jsonb  not null,
  own_points    bigint not null check (own_points >= 0),
  given_points  bigint not null check (given_points >= 0),
  instruments   text[] not null,
  primary key (tenant_id, subscriber_id, programme_id)
) with (fillfactor = 80);
comment on table loyalty.abuse_standing is
  'What a member lately earned, was given, gave away and redeemed, in one row, so that an event costs one look and one write whatever the policy counts.';
comment on column loyalty.abuse_standing.activity is
  'Deeds of the longest window that a signal looks at, the earliest first, at most the last 200.';
comment on column loyalty.abuse_standing.instruments is 'Devices and payment instruments, by hash, that the member was last seen with.';
call platform.isolate('loyalty.abuse_standing');

create table loyalty.abuse_instrument (
  tenant_id     text        not null,
  instrument    text        not null,
  subscriber_id int         not null,
  seen_at       timestamptz not null,
  primary key (tenant_id, instrument, subscriber_id)
);
comment on table loyalty.abuse_instrument is
  'Who was seen with a device or a payment instrument, which is known by a hash alone: several members with one are a sign of a ring.';
create index abuse_instrument_of_subscriber on loyalty.abuse_instrument (tenant_id, subscriber_id);
create index abuse_instrument_latest on loyalty.abuse_instrument (tenant_id, instrument, seen_at desc);
call platform.isolate('loyalty.abuse_instrument');

create table loyalty.abuse_case (
  tenant_id     text        not null,
  case_id       uuid        not null,
  programme_id  text        not null,
  subscriber_id int         not null,
  state         text        not null check (state in ('open', 'confirmed', 'released', 'lapsed')),
  level         text        not null check (level in ('hold', 'limit', 'refuse')),
  score         int         not null check (score > 0),
  findings      jsonb       not null,
  holds         jsonb       not null,
  limit_points  bigint,
  opened_at     timestamptz not null,
  closes_at     timestamptz,
  decided_at    timestamptz,
  decided_by    text,
  note          text,
  primary key (tenant_id, case_id),
  check ((state = 'open') = (decided_at is null))
);
comment on table loyalty.abuse_case is
  'What looks like abuse, with its reasons, what is held because of it, and what an agent decided. Decided cases stay, because decisions are looked at again.';
comment on column loyalty.abuse_case.holds is 'Keys of the ledger''s pending transfers that keep the points, with their amounts.';
comment on column loyalty.abuse_case.closes_at is
  'An open case lapses then without a decision; what a confirmed one forbids ends then.';
create index abuse_case_of_subscriber on loyalty.abuse_case (tenant_id, subscriber_id);
create index abuse_case_queue on loyalty.abuse_case (tenant_id, state, opened_at, case_id);
create index abuse_case_due on loyalty.abuse_case (tenant_id, closes_at) where state = 'open';
call platform.isolate('loyalty.abuse_case', 'select, insert, update');

create table loyalty.abuse_exemption (
  tenant_id    text        not null,
  programme_id text        not null,
  subject      text        not null,
  reason       text        not null,
  until_at     timestamptz not null,
  case_id      uuid        not null,
  primary key (tenant_id, programme_id, subject, reason)
);
comment on table loyalty.abuse_exemption is
  'Reasons that turned out to be false alarms, by member or by shared instrument: they do not strike again until then.';
call platform.isolate('loyalty.abuse_exemption', 'select, insert, update');
