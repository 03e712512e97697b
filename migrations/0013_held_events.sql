alter table events.dead_letter add column held_for text;
alter table events.dead_letter drop constraint dead_letter_state_check;
alter table events.dead_letter add constraint dead_letter_state_check
  check (state in ('open', 'held', 'replayed', 'discarded') and (state <> 'held' or held_for is not null));
comment on column events.dead_letter.held_for is
  'The identity that a held event waits for: when an import makes it known, the event is taken in by itself.';

create index dead_letter_held on events.dead_letter (tenant_id, held_for) where state = 'held';
