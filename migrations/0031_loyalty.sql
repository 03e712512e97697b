create table loyalty.quest_run (
  tenant_id     text        not null,
  programme_id  text        not null,
  quest_id      text        not null,
  subscriber_id int         not null,
  run           int         not null check (run > 0),
  state         text        not null check (state in ('open', 'completed', 'expired')),
  completed     int         not null check (completed >= 0),
  joined_at     timestamptz not null,
  deadline_at   timestamptz,
  ended_at      timestamptz,
  progress      jsonb       not null,
  primary key (tenant_id, quest_id, subscriber_id, run),
  check ((state = 'open') = (ended_at is null))
);
comment on table loyalty.quest_run is
  'Each time a member went for a quest, with how far every step is. Former runs stay, because members look back at what they did.';
comment on column loyalty.quest_run.completed is 'How often the member has completed the quest, this run included.';
comment on column loyalty.quest_run.progress is 'By step: what was reached, the distinct values seen, and when it was done.';
create index quest_run_of_subscriber on loyalty.quest_run (tenant_id, subscriber_id);
call platform.isolate('loyalty.quest_run');

create table loyalty.achievement (
  tenant_id      text   not null,
  programme_id   text   not null,
  achievement_id text   not null,
  subscriber_id  int    not null,
  amount         bigint not null check (amount >= 0),
  seen           text[] not null,
  level          int    not null check (level >= 0),
  reached_at     timestamptz,
  primary key (tenant_id, achievement_id, subscriber_id)
);
comment on table loyalty.achievement is 'How much of an achievement a member has collected, and which level that is.';
create index achievement_of_subscriber on loyalty.achievement (tenant_id, subscriber_id);
call platform.isolate('loyalty.achievement');

create table loyalty.streak (
  tenant_id     text   not null,
  programme_id  text   not null,
  streak_id     text   not null,
  subscriber_id int    not null,
  started       int    not null,
  latest        int,
  length        int    not null check (length >= 0),
  best          int    not null check (best >= length),
  freezes       int    not null check (freezes >= 0),
  open_period   int    not null,
  open_amount   bigint not null check (open_amount >= 0),
  primary key (tenant_id, streak_id, subscriber_id)
);
comment on table loyalty.streak is
  'Days or weeks that a member has kept up in a row. Periods are numbered from 1970 on in the programme''s time zone.';
comment on column loyalty.streak.open_amount is 'What was done in the latest period that has any, until the streak''s minimum is reached in it.';
create index streak_of_subscriber on loyalty.streak (tenant_id, subscriber_id);
call platform.isolate('loyalty.streak');

create table loyalty.badge (
  tenant_id     text        not null,
  programme_id  text        not null,
  badge_id      text        not null,
  subscriber_id int         not null,
  cause         text        not null,
  at            timestamptz not null,
  primary key (tenant_id, badge_id, subscriber_id)
);
comment on table loyalty.badge is 'Badges that members wear: each once, with what first gave it.';
create index badge_of_subscriber on loyalty.badge (tenant_id, subscriber_id);
call platform.isolate('loyalty.badge');

create table loyalty.player (
  tenant_id     text    not null,
  programme_id  text    not null,
  subscriber_id int     not null,
  display_name  text,
  is_hidden     boolean not null,
  primary key (tenant_id, programme_id, subscriber_id)
);
comment on table loyalty.player is
  'How a member wants to be seen by others: under which name, or not at all. Without a row it is an alias that follows from the number.';
call platform.isolate('loyalty.player');

create table loyalty.score (
  tenant_id     text        not null,
  programme_id  text        not null,
  board_id      text        not null,
  period        text        not null,
  region        text        not null,
  subscriber_id int         not null,
  score         bigint      not null,
  reached_at    timestamptz not null,
  is_hidden     boolean     not null,
  primary key (tenant_id, board_id, period, region, subscriber_id)
);
comment on table loyalty.score is
  'Scores of leaderboards by period and region; the empty region holds everybody. Who opted out goes on scoring, unseen.';
create index score_order on loyalty.score (tenant_id, board_id, period, region, score desc, reached_at, subscriber_id)
  where not is_hidden and score > 0;
create index score_of_subscriber on loyalty.score (tenant_id, subscriber_id);
call platform.isolate('loyalty.score');

create table loyalty.score_bucket (
  tenant_id text not null,
  board_id  text not null,
  period    text not null,
  region    text not null,
  bucket    int  not null,
  members   int  not null,
  primary key (tenant_id, board_id, period, region, bucket)
);
comment on table loyalty.score_bucket is
  'How many members stand in each narrow range of scores, so that a rank is a sum over a few rows and not a sort of a million.';
call platform.isolate('loyalty.score_bucket');

create table loyalty.fair_round (
  tenant_id     text        not null,
  round_id      uuid        not null,
  programme_id  text        not null,
  kind          text        not null check (kind in ('Wheel', 'Quiz', 'BotGame')),
  game_id       text        not null,
  game_version  int         not null,
  subscriber_id int         not null,
  server_seed   text        not null,
  seed_hash     text        not null,
  client_seed   text,
  state         text        not null check (state in ('committed', 'open', 'finished')),
  committed_at  timestamptz not null,
  started_at    timestamptz,
  finished_at   timestamptz,
  progress      jsonb       not null,
  primary key (tenant_id, round_id),
  check ((state = 'finished') = (finished_at is not null)),
  check ((state = 'committed') = (started_at is null))
);
comment on table loyalty.fair_round is
  'Rounds of games of chance. The hash of the server''s seed is told before the member chooses theirs, and the seed itself afterwards, so that anybody can check that nobody chose the outcome.';
create index fair_round_unfinished on loyalty.fair_round (tenant_id, subscriber_id, kind) where state <> 'finished';
create index fair_round_of_subscriber on loyalty.fair_round (tenant_id, subscriber_id, committed_at);
create index fair_round_of_game on loyalty.fair_round (tenant_id, kind, game_id, committed_at);
call platform.isolate('loyalty.fair_round');

create table loyalty.play_right (
  tenant_id     text        not null,
  right_id      uuid        not null,
  programme_id  text        not null,
  kind          text        not null check (kind in ('Wheel', 'Quiz', 'BotGame')),
  game_id       text        not null,
  subscriber_id int         not null,
  cause         text        not null,
  earned_at     timestamptz not null,
  expires_at    timestamptz,
  round_id      uuid,
  primary key (tenant_id, right_id)
);
comment on table loyalty.play_right is
  'Rights to play, one row a round: earned by an event, bought with points or free in a period. Its number follows from its cause, so that no cause gives two; the round that used it stands in it.';
create index play_right_of_subscriber on loyalty.play_right (tenant_id, subscriber_id, kind, game_id);
create unique index play_right_used_once on loyalty.play_right (tenant_id, round_id) where round_id is not null;
call platform.isolate('loyalty.play_right');

create table loyalty.prize_counter (
  tenant_id text   not null,
  game_id   text   not null,
  prize_id  text   not null,
  period    text   not null,
  given     bigint not null check (given >= 0),
  primary key (tenant_id, game_id, prize_id, period)
);
comment on table loyalty.prize_counter is
  'How many of a prize a wheel has given, and, under the empty prize, how many points of its budget in a period.';
call platform.isolate('loyalty.prize_counter');
