create schema profiles;
comment on schema profiles is 'Subscribers: the only place where a phone number is stored.';
grant usage on schema profiles to tenure_app;

-- A sequence of its own and not an identity column: an import draws the ids of a whole batch before it inserts.
create sequence profiles.subscriber_id as int;
grant usage on sequence profiles.subscriber_id to tenure_app;

create table profiles.subscriber (
  tenant_id     text        not null,
  subscriber_id int         not null default nextval('profiles.subscriber_id'),
  attributes    jsonb       not null default '{}',
  time_zone     text,
  language      text        check (language in ('en', 'ru', 'uk')),
  created_at    timestamptz not null,
  primary key (tenant_id, subscriber_id)
);
comment on table profiles.subscriber is
  'One row a subscriber. Its number is the only key that other modules keep, so that erasing a person is erasing here. No time zone or language: the tenant''s.';
call platform.isolate('profiles.subscriber');

create table profiles.identity (
  tenant_id     text   not null,
  kind          text   not null check (kind in ('msisdn', 'account', 'external')),
  value         text   not null,
  subscriber_id int    not null,
  seq           bigint generated always as identity,
  txid          xid8   not null default pg_current_xact_id(),
  primary key (tenant_id, kind, value),
  foreign key (tenant_id, subscriber_id) references profiles.subscriber on delete cascade
);
create index identity_by_subscriber on profiles.identity (tenant_id, subscriber_id);
create index identity_by_transaction on profiles.identity (tenant_id, txid);
comment on table profiles.identity is
  'By what a subscriber is known outside: phone number in E.164, billing account, id in another system. The transaction number lets other processes read only what is new.';
call platform.isolate('profiles.identity');

-- No foreign key: consents are written in the transaction of their subscriber, and checking each of them again took
-- an eighth of an import.
create table profiles.consent (
  tenant_id     text        not null,
  subscriber_id int         not null,
  channel       text        not null,
  purpose       text        not null,
  granted       boolean     not null,
  at            timestamptz not null,
  source        text        not null,
  primary key (tenant_id, subscriber_id, channel, purpose)
);
comment on table profiles.consent is
  'The latest word of a subscriber on a channel and a purpose, with when and where it was said: the sender must be able to prove it.';
call platform.isolate('profiles.consent');
