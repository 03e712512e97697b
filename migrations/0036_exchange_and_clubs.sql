create table loyalty.member_transfer (
  tenant_id    text        not null,
  transfer_id  uuid        not null,
  programme_id text        not null,
  from_id      int         not null,
  to_id        int         not null,
  points       bigint      not null check (points > 0),
  fee          bigint      not null check (fee >= 0),
  note         text,
  at           timestamptz not null,
  primary key (tenant_id, transfer_id)
);
comment on table loyalty.member_transfer is
  'Points that one member gave to another: for the limits of a day and a month, and for both to look up.';
create index member_transfer_from on loyalty.member_transfer (tenant_id, from_id, programme_id, at);
create index member_transfer_to on loyalty.member_transfer (tenant_id, to_id, programme_id, at);
call platform.isolate('loyalty.member_transfer', 'select, insert, update');

create table loyalty.exchange_total (
  tenant_id text   not null,
  subject   text   not null,
  day       date   not null,
  points    bigint not null,
  times     bigint not null,
  primary key (tenant_id, subject, day)
) with (fillfactor = 50);
comment on table loyalty.exchange_total is
  'What all members together gave each other in a programme (transfer:<id>) or exchanged (exchange:<id>) on a day of the programme''s zone: a limit for all looks at days and not at everything that ever went over.';
call platform.isolate('loyalty.exchange_total', 'select, insert, update');

create table loyalty.exchange_quote (
  tenant_id        text        not null,
  quote_id         uuid        not null,
  exchange_id      text        not null,
  exchange_version int         not null,
  programme_id     text        not null,
  subscriber_id    int         not null,
  from_minor       bigint      not null check (from_minor > 0),
  to_minor         bigint      not null check (to_minor > 0),
  spread_minor     bigint      not null check (spread_minor >= 0),
  terms            jsonb       not null,
  at               timestamptz not null,
  expires_at       timestamptz not null,
  done_at          timestamptz,
  primary key (tenant_id, quote_id)
);
comment on table loyalty.exchange_quote is
  'What was promised for an exchange and until when, with the document''s terms at that moment; once taken, the conversion itself.';
comment on column loyalty.exchange_quote.programme_id is 'The programme on whose member conditions and limits look.';
create index exchange_quote_done on loyalty.exchange_quote (tenant_id, exchange_id, subscriber_id, done_at)
  where done_at is not null;
create index exchange_quote_of on loyalty.exchange_quote (tenant_id, subscriber_id, at);
call platform.isolate('loyalty.exchange_quote');

create table loyalty.club_membership (
  tenant_id     text        not null,
  club_id       text        not null,
  subscriber_id int         not null,
  programme_id  text        not null,
  state         text        not null check (state in ('active', 'left', 'lapsed')),
  joined_at     timestamptz not null,
  paid_from     timestamptz not null,
  months        int         not null check (months >= 0),
  paid_until    timestamptz,
  told          boolean     not null default false,
  due_at        timestamptz,
  ended_at      timestamptz,
  reason        text        not null,
  primary key (tenant_id, club_id, subscriber_id),
  check ((state = 'active') = (ended_at is null)),
  check (state = 'active' or due_at is null)
);
comment on table loyalty.club_membership is
  'Who is or was in a club, up to when it is paid, and when somebody must look again. Its months are counted from paid_from together, so that months of different length do not move the day.';
create index club_membership_of on loyalty.club_membership (tenant_id, subscriber_id);
create index club_membership_due on loyalty.club_membership (tenant_id, due_at) where due_at is not null;
call platform.isolate('loyalty.club_membership', 'select, insert, update, delete');

create table loyalty.club_count (
  tenant_id text   not null,
  club_id   text   not null,
  state     text   not null,
  members   bigint not null,
  primary key (tenant_id, club_id, state)
) with (fillfactor = 50);
comment on table loyalty.club_count is
  'How many members of a club stand how, kept with each write of memberships, so that nobody counts them to show it.';
call platform.isolate('loyalty.club_count');

create trigger count_new after insert on loyalty.club_membership
  referencing new table as new_rows for each statement
  execute function loyalty.count_by_state('club_count', 'club_id');
create trigger count_changed after update on loyalty.club_membership
  referencing old table as old_rows new table as new_rows for each statement
  execute function loyalty.count_by_state('club_count', 'club_id');
create trigger count_gone after delete on loyalty.club_membership
  referencing old table as old_rows for each statement
  execute function loyalty.count_by_state('club_count', 'club_id');
