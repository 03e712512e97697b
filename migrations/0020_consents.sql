-- By what else a subscriber is reached, and identities behind which nobody is any more.
alter table profiles.identity drop constraint identity_kind_check;
alter table profiles.identity
  add constraint identity_kind_check
    check (kind in ('msisdn', 'account', 'external', 'email', 'telegram', 'push', 'webpush')),
  add column gone_at timestamptz,
  add column gone_reason text;
comment on column profiles.identity.gone_at is
  'Since when the provider says that nobody is there: a token dropped, a bot blocked, a mailbox gone. The row stays, so that nobody else is given it, but nothing is sent there.';

create table profiles.consent_event (
  tenant_id     text        not null,
  subscriber_id int         not null,
  seq           bigint      generated always as identity,
  channel       text        not null,
  purpose       text        not null,
  granted       boolean     not null,
  at            timestamptz not null,
  source        text        not null,
  shown_text    text,
  message_id    uuid,
  event_key     text,
  recorded_at   timestamptz not null,
  primary key (tenant_id, subscriber_id, seq)
);
comment on table profiles.consent_event is
  'Every word on consent ever said, with when, how and which text was shown: the proof that a court or a regulator asks the sender for. Rows are only ever added.';
create unique index consent_event_key on profiles.consent_event (tenant_id, event_key) where event_key is not null;
call platform.isolate('profiles.consent_event', 'select, insert');

-- What is known from before has a history of one word. The owner of the tables stands behind the tenant wall as well.
alter table profiles.consent no force row level security;
alter table profiles.consent_event no force row level security;
insert into profiles.consent_event (tenant_id, subscriber_id, channel, purpose, granted, at, source, recorded_at)
select tenant_id, subscriber_id, channel, purpose, granted, at, source, at from profiles.consent;
alter table profiles.consent force row level security;
alter table profiles.consent_event force row level security;

create table profiles.stop_list (
  tenant_id     text        not null,
  stop_id       uuid        not null,
  subscriber_id int,
  kind          text,
  value         text,
  scope         text        not null check (scope in ('all', 'marketing')),
  reason        text        not null,
  from_at       timestamptz not null,
  until_at      timestamptz,
  added_at      timestamptz not null,
  added_by      text,
  removed_at    timestamptz,
  txid          xid8        not null default pg_current_xact_id(),
  primary key (tenant_id, stop_id),
  check ((subscriber_id is null) <> (kind is null)),
  check ((kind is null) = (value is null))
);
comment on table profiles.stop_list is
  'Whom nobody may contact whatever they once agreed to: complaints, court orders, the deceased. By subscriber, or by an identity that nobody has yet. What was taken off stays as a row, because it explains the past.';
create index stop_list_subscriber on profiles.stop_list (tenant_id, subscriber_id) where subscriber_id is not null;
create index stop_list_identity on profiles.stop_list (tenant_id, kind, value) where kind is not null;
create index stop_list_by_transaction on profiles.stop_list (tenant_id, txid);
call platform.isolate('profiles.stop_list', 'select, insert, update');
