create schema events;
comment on schema events is 'What the event log refused. Accepted events are in the log, not here.';
grant usage on schema events to tenure_app;

create table events.dead_letter (
  tenant_id      text        not null,
  dead_letter_id text        not null,
  received_at    timestamptz not null,
  event          jsonb       not null,
  problem        jsonb       not null,
  state          text        not null default 'open' check (state in ('open', 'replayed', 'discarded')),
  settled_at     timestamptz,
  primary key (tenant_id, dead_letter_id)
);
create index dead_letter_open on events.dead_letter (tenant_id, dead_letter_id) where state = 'open';
create index dead_letter_of_event on events.dead_letter (tenant_id, (event ->> 'id'));
comment on table events.dead_letter is
  'Events that were refused, as they came, with the reason: to be fixed and replayed, or discarded. The id follows from the content, so a source that sends the same bad event again adds no second row.';
call platform.isolate('events.dead_letter');
