import { instantOf, json, type Tx } from '../../platform/index.ts'
import type { GameKind } from './documents.ts'
import type { Merge } from '../consumer.ts'
import type { PrizeCount } from './memory.ts'
import { freeRightId, type Right, type Round } from './round.ts'

type RoundRow = Omit<Round, 'committedAtMs' | 'startedAtMs' | 'finishedAtMs'> & {
  committedAt: Temporal.Instant
  startedAt: Temporal.Instant | null
  finishedAt: Temporal.Instant | null
}

const roundColumns = `round_id as "roundId", programme_id as "programmeId", kind, game_id as "gameId",
  game_version as "gameVersion", subscriber_id as "subscriberId", server_seed as "serverSeed",
  seed_hash as "seedHash", client_seed as "clientSeed", state, committed_at as "committedAt",
  started_at as "startedAt", finished_at as "finishedAt", progress`

const roundOf = ({ committedAt, startedAt, finishedAt, ...row }: RoundRow): Round => ({
  ...row,
  committedAtMs: committedAt.epochMilliseconds,
  startedAtMs: startedAt?.epochMilliseconds ?? null,
  finishedAtMs: finishedAt?.epochMilliseconds ?? null,
})

/** Rounds of these members that are not finished: those that have begun first, the oldest first. */
export async function selectUnfinished(
  tx: Tx,
  kinds: readonly GameKind[],
  subscriberIds: number[],
): Promise<Round[]> {
  if (subscriberIds.length === 0) return []
  const rows = await tx.query<RoundRow>(
    `select ${roundColumns} from loyalty.fair_round
     where kind = any($1) and subscriber_id = any($2::int[]) and state <> 'finished'
     order by state desc, committed_at, round_id`,
    [kinds, subscriberIds],
  )
  return rows.map(roundOf)
}

/** One round. */
export async function selectRound(tx: Tx, roundId: string): Promise<Round | undefined> {
  const rows = await tx.query<RoundRow>(
    `select ${roundColumns} from loyalty.fair_round where round_id = $1`,
    [roundId],
  )
  return rows.map(roundOf)[0]
}

/** A member's latest rounds, the newest first. */
export async function selectRounds(tx: Tx, subscriberId: number, limit: number): Promise<Round[]> {
  const rows = await tx.query<RoundRow>(
    `select ${roundColumns} from loyalty.fair_round where subscriber_id = $1
     order by committed_at desc, round_id desc limit $2`,
    [subscriberId, limit],
  )
  return rows.map(roundOf)
}

/** A game's latest rounds, the newest first. */
export async function selectRoundsOfGame(
  tx: Tx,
  kind: GameKind,
  gameId: string,
  limit: number,
): Promise<Round[]> {
  const rows = await tx.query<RoundRow>(
    `select ${roundColumns} from loyalty.fair_round where kind = $1 and game_id = $2
     order by committed_at desc, round_id desc limit $3`,
    [kind, gameId, limit],
  )
  return rows.map(roundOf)
}

/** Stores rounds as they are now. */
export async function saveRounds(tx: Tx, rounds: Round[]): Promise<void> {
  if (rounds.length === 0) return
  await tx.query(
    `insert into loyalty.fair_round (tenant_id, round_id, programme_id, kind, game_id, game_version, subscriber_id,
       server_seed, seed_hash, client_seed, state, committed_at, started_at, finished_at, progress)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[],
       $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],
       $13::timestamptz[], $14::jsonb[])
     on conflict (tenant_id, round_id) do update
       set client_seed = excluded.client_seed, state = excluded.state, started_at = excluded.started_at,
           finished_at = excluded.finished_at, progress = excluded.progress`,
    [
      rounds.map((round) => round.roundId),
      rounds.map((round) => round.programmeId),
      rounds.map((round) => round.kind),
      rounds.map((round) => round.gameId),
      rounds.map((round) => round.gameVersion),
      rounds.map((round) => round.subscriberId),
      rounds.map((round) => round.serverSeed),
      rounds.map((round) => round.seedHash),
      rounds.map((round) => round.clientSeed),
      rounds.map((round) => round.state),
      rounds.map((round) => instantOf(round.committedAtMs)),
      rounds.map((round) => instantOf(round.startedAtMs)),
      rounds.map((round) => instantOf(round.finishedAtMs)),
      rounds.map((round) => json(round.progress)),
    ],
  )
}

type RightRow = Omit<Right, 'earnedAtMs' | 'expiresAtMs'> & {
  earnedAt: Temporal.Instant
  expiresAt: Temporal.Instant | null
}

/** Rights of these members that nobody used, and those among `rightIds`, used or not. */
export async function selectRights(
  tx: Tx,
  kinds: readonly GameKind[],
  subscriberIds: number[],
  rightIds: string[],
): Promise<Right[]> {
  if (subscriberIds.length === 0) return []
  const rows = await tx.query<RightRow>(
    `select right_id as "rightId", programme_id as "programmeId", kind, game_id as "gameId",
            subscriber_id as "subscriberId", cause, earned_at as "earnedAt", expires_at as "expiresAt",
            round_id as "roundId"
     from loyalty.play_right
     where kind = any($1) and subscriber_id = any($2::int[]) and round_id is null or right_id = any($3::uuid[])`,
    [kinds, subscriberIds, rightIds],
  )
  return rows.map(({ earnedAt, expiresAt, ...row }) => ({
    ...row,
    earnedAtMs: earnedAt.epochMilliseconds,
    expiresAtMs: expiresAt?.epochMilliseconds ?? null,
  }))
}

/** Stores rights as they are now; one that is used stays used. */
export async function saveRights(tx: Tx, rights: Right[]): Promise<void> {
  if (rights.length === 0) return
  await tx.query(
    `insert into loyalty.play_right (tenant_id, right_id, programme_id, kind, game_id, subscriber_id, cause, earned_at,
                                     expires_at, round_id)
     select current_setting('tenure.tenant_id'), * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[],
       $6::text[], $7::timestamptz[], $8::timestamptz[], $9::uuid[])
     on conflict (tenant_id, right_id) do update set round_id = coalesce(play_right.round_id, excluded.round_id)`,
    [
      rights.map((right) => right.rightId),
      rights.map((right) => right.programmeId),
      rights.map((right) => right.kind),
      rights.map((right) => right.gameId),
      rights.map((right) => right.subscriberId),
      rights.map((right) => right.cause),
      rights.map((right) => instantOf(right.earnedAtMs)),
      rights.map((right) => instantOf(right.expiresAtMs)),
      rights.map((right) => right.roundId),
    ],
  )
}

/** What was given of the prizes of wheels by prize and period; absent ones are 0. */
export async function selectGiven(tx: Tx, gameIds: string[]): Promise<PrizeCount[]> {
  if (gameIds.length === 0) return []
  return tx.query<PrizeCount>(
    'select game_id as "gameId", prize_id as "prizeId", period, given from loyalty.prize_counter where game_id = any($1)',
    [gameIds],
  )
}

/** Adds to what was given; each prize and period once. */
export async function addGiven(tx: Tx, counts: PrizeCount[]): Promise<void> {
  if (counts.length === 0) return
  await tx.query(
    `insert into loyalty.prize_counter as c (tenant_id, game_id, prize_id, period, given)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
     on conflict (tenant_id, game_id, prize_id, period) do update set given = c.given + excluded.given`,
    [
      counts.map((one) => one.gameId),
      counts.map((one) => one.prizeId),
      counts.map((one) => one.period),
      counts.map((one) => one.given),
    ],
  )
}

/**
 * Gives rounds and rights of a member to the one into whom they are merged. Both may have begun a round of one game:
 * they go on with each. Free rights of a period that either has used are used by both, so that nobody plays more for
 * being two.
 */
export async function mergeGames(tx: Tx, { programmeId, from, into }: Merge): Promise<void> {
  const parameters = [programmeId, from, into]
  await tx.query(
    `update loyalty.fair_round set subscriber_id = $3 where programme_id = $1 and subscriber_id = $2`,
    parameters,
  )
  await tx.query(
    `update loyalty.play_right set subscriber_id = $3
     where programme_id = $1 and subscriber_id = $2 and round_id is null`,
    parameters,
  )
  const used = await tx.query<{
    rightId: string
    subscriberId: number
    kind: GameKind
    gameId: string
    cause: string
  }>(
    `select right_id as "rightId", subscriber_id as "subscriberId", kind, game_id as "gameId", cause
     from loyalty.play_right
     where programme_id = $1 and subscriber_id in ($2, $3) and round_id is not null and cause like 'free:%'`,
    parameters,
  )
  const taken = new Set(used.filter((one) => one.subscriberId === into).map(({ rightId }) => rightId))
  const moved = used
    .filter((one) => one.subscriberId === from)
    .map(({ rightId, kind, gameId, cause }) => {
      const idAt = (i: number): string =>
        freeRightId({ kind, gameId, subscriberId: into }, cause.slice('free:'.length), i)
      let i = 0
      while (taken.has(idAt(i))) i++
      taken.add(idAt(i))
      return { rightId, as: idAt(i) }
    })
  await tx.query(
    `update loyalty.play_right r set right_id = moved.new_id, subscriber_id = $3
     from unnest($1::uuid[], $2::uuid[]) as moved (old_id, new_id) where r.right_id = moved.old_id`,
    [moved.map(({ rightId }) => rightId), moved.map((one) => one.as), into],
  )
}
