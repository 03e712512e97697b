-- The installation's own key, made at its first use: codes of links and tokens of unsubscribing are read before anybody
-- knows whose they are, so it belongs to no tenant and stands under the name "installation".
create table messaging.signing_key (
  tenant_id text        not null,
  key       bytea       not null check (octet_length(key) = 32),
  made_at   timestamptz not null default now(),
  primary key (tenant_id)
);
comment on table messaging.signing_key is
  'From this key follow the codes of short links and the signatures of unsubscribe links: whoever knows it can forge them. It never changes, because links in old messages must work.';
call platform.isolate('messaging.signing_key', 'select, insert');

-- Numbers are drawn by the ten thousand; those that a killed process had drawn are never used.
create sequence messaging.link_number as bigint increment 16384 minvalue 0 start 0;
grant usage on sequence messaging.link_number to tenure_app;

create table messaging.link_block (
  tenant_id    text        not null,
  first_number bigint      not null,
  size         int         not null,
  message_ids  bytea       not null,
  target_of    int[]       not null,
  targets      text[]      not null,
  made_at      timestamptz not null,
  primary key (tenant_id, first_number)
);
comment on table messaging.link_block is
  'Short links by the batch of messages that they were made for: link number first_number + i belongs to message message_ids[i] (16 octets each) and leads to targets[target_of[i]]. One row instead of thousands, so that links cost next to nothing.';
create unique index link_block_number on messaging.link_block (first_number);
alter table messaging.link_block alter column message_ids set storage external;
call platform.isolate('messaging.link_block', 'select, insert, delete');
create policy owner_reads on messaging.link_block for select to current_user using (true);

create function messaging.link_of(number bigint)
returns table (tenant_id text, message_id uuid, target text)
language sql stable security definer set search_path = '' as $$
  select b.tenant_id,
         encode(substring(b.message_ids from (number - b.first_number)::int * 16 + 1 for 16), 'hex')::uuid,
         b.targets[b.target_of[(number - b.first_number)::int + 1]]
  from (select * from messaging.link_block l where l.first_number <= number
        order by l.first_number desc limit 1) b
  where number < b.first_number + b.size
$$;
comment on function messaging.link_of is
  'The only way past the tenant wall for somebody who taps a link: whoever holds its number learns where it leads.';
revoke all on function messaging.link_of from public;
grant execute on function messaging.link_of to tenure_app;

create table messaging.link_click (
  tenant_id  text        not null,
  click_id   bigint      generated always as identity,
  number     bigint      not null,
  message_id uuid        not null,
  at         timestamptz not null,
  device     text        not null,
  bot        text,
  primary key (tenant_id, click_id)
);
comment on table messaging.link_click is
  'Each request for a short link: by what sort of device, and, where it was no human, how we know. No address and no browser name are kept.';
create index link_click_message on messaging.link_click (tenant_id, message_id);
call platform.isolate('messaging.link_click', 'select, insert');
