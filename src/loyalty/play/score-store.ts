import { instantOf, type Tx } from '../../platform/index.ts'
import type { Merge } from '../consumer.ts'
import { bucketEnd, bucketOf, type Point, type Stand } from './leaderboard.ts'

type Sum = Stand & { programmeId: string; subscriberId: number; amount: bigint; atMs: number }
type Score = Stand & { programmeId: string; subscriberId: number; score: bigint; isHidden: boolean }
type BucketChange = Stand & { bucket: number; change: number }

/** What a batch adds to each score: the sum, and the time of the last event that added to it. */
function summed(points: Point[]): Sum[] {
  const sums = new Map<string, Sum>()
  for (const point of points) {
    const key = [point.boardId, point.period, point.region, point.subscriberId].join('\n')
    const sum = sums.get(key)
    if (!sum) sums.set(key, { ...point })
    else {
      sum.amount += point.amount
      sum.atMs = Math.max(sum.atMs, point.atMs)
    }
  }
  return [...sums.values()]
}

/** Adds points to scores and keeps the counts of the ranges of scores in step; set-based, under loyalty's lock. */
export async function addPoints(tx: Tx, points: Point[]): Promise<void> {
  if (points.length === 0) return
  const sums = summed(points)
  const rows = await tx.query<Score & { before: bigint }>(
    `insert into loyalty.score as s (tenant_id, programme_id, board_id, period, region, subscriber_id, score,
                                     reached_at, is_hidden)
     select current_setting('tenure.tenant_id'), g.programme_id, g.board_id, g.period, g.region, g.subscriber_id,
            g.amount, g.at, coalesce(p.is_hidden, false)
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::timestamptz[])
       as g (programme_id, board_id, period, region, subscriber_id, amount, at)
     left join loyalty.player p on p.programme_id = g.programme_id and p.subscriber_id = g.subscriber_id
     on conflict (tenant_id, board_id, period, region, subscriber_id) do update
       set score = s.score + excluded.score, reached_at = greatest(s.reached_at, excluded.reached_at)
     returning board_id as "boardId", period, region, subscriber_id as "subscriberId", score, is_hidden as "isHidden",
               coalesce(old.score, 0) as before`,
    [
      sums.map((one) => one.programmeId),
      sums.map((one) => one.boardId),
      sums.map((one) => one.period),
      sums.map((one) => one.region),
      sums.map((one) => one.subscriberId),
      sums.map((one) => one.amount),
      sums.map((one) => instantOf(one.atMs)),
    ],
  )
  saveBuckets(
    tx,
    rows.filter(({ isHidden }) => !isHidden).flatMap((row) => moved(row, row.before, row.score)),
  )
}

function moved(stand: Stand, before: bigint, after: bigint): BucketChange[] {
  const { boardId, period, region } = stand
  return [
    { boardId, period, region, bucket: bucketOf(before), change: -1 },
    { boardId, period, region, bucket: bucketOf(after), change: 1 },
  ]
}

function saveBuckets(tx: Tx, changes: BucketChange[]): void {
  const sums = new Map<string, BucketChange>()
  for (const one of changes) {
    if (one.bucket === 0) continue
    const key = [one.boardId, one.period, one.region, one.bucket].join('\n')
    const sum = sums.get(key)
    if (sum) sum.change += one.change
    else sums.set(key, { ...one })
  }
  const all = [...sums.values()].filter(({ change }) => change !== 0)
  if (all.length === 0) return
  tx.execute(
    `insert into loyalty.score_bucket as b (tenant_id, board_id, period, region, bucket, members)
     select current_setting('tenure.tenant_id'), * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[])
     on conflict (tenant_id, board_id, period, region, bucket) do update set members = b.members + excluded.members`,
    [
      all.map((one) => one.boardId),
      all.map((one) => one.period),
      all.map((one) => one.region),
      all.map((one) => one.bucket),
      all.map((one) => one.change),
    ],
  )
}

export type Player = { displayName: string | null; isHidden: boolean }

/** How members want to be seen; nobody stands in it who never said anything. */
export async function selectPlayers(
  tx: Tx,
  programmeId: string,
  subscriberIds: number[],
): Promise<Map<number, Player>> {
  const rows = await tx.query<Player & { subscriberId: number }>(
    `select subscriber_id as "subscriberId", display_name as "displayName", is_hidden as "isHidden"
     from loyalty.player where programme_id = $1 and subscriber_id = any($2::int[])`,
    [programmeId, subscriberIds],
  )
  return new Map(rows.map(({ subscriberId, ...player }) => [subscriberId, player]))
}

/** Stores how a member wants to be seen, and takes them out of all boards of the programme or back into them. */
export async function savePlayer(
  tx: Tx,
  programmeId: string,
  subscriberId: number,
  player: Player,
): Promise<void> {
  await tx.query(
    `insert into loyalty.player values (current_setting('tenure.tenant_id'), $1, $2, $3, $4)
     on conflict (tenant_id, programme_id, subscriber_id) do update
       set display_name = excluded.display_name, is_hidden = excluded.is_hidden`,
    [programmeId, subscriberId, player.displayName, player.isHidden],
  )
  const rows = await tx.query<Score>(
    `update loyalty.score set is_hidden = $3
     where programme_id = $1 and subscriber_id = $2 and is_hidden <> $3
     returning board_id as "boardId", period, region, score`,
    [programmeId, subscriberId, player.isHidden],
  )
  saveBuckets(
    tx,
    rows.flatMap((row) => (player.isHidden ? moved(row, row.score, 0n) : moved(row, 0n, row.score))),
  )
}

/** Adds a merged member's scores to those of the one who goes on. */
export async function mergeScores(tx: Tx, { programmeId, from, into }: Merge): Promise<void> {
  const rows = await tx.query<Score & { reachedAt: Temporal.Instant }>(
    `delete from loyalty.score where programme_id = $1 and subscriber_id = $2
     returning board_id as "boardId", period, region, score, reached_at as "reachedAt", is_hidden as "isHidden"`,
    [programmeId, from],
  )
  saveBuckets(
    tx,
    rows.filter(({ isHidden }) => !isHidden).flatMap((row) => moved(row, row.score, 0n)),
  )
  await addPoints(
    tx,
    rows.map(({ boardId, period, region, score, reachedAt }) => {
      const stand = { boardId, period, region, programmeId, subscriberId: into }
      return { ...stand, amount: score, atMs: reachedAt.epochMilliseconds }
    }),
  )
}

/** A member on a board, in the board's order. */
export type Place = { subscriberId: number; score: bigint; reachedAt: Temporal.Instant }

const where = `board_id = $1 and period = $2 and region = $3 and not is_hidden and score > 0`
const columns = `subscriber_id as "subscriberId", score, reached_at as "reachedAt"`

/** The first of a board. */
export function selectTop(tx: Tx, { boardId, period, region }: Stand, limit: number): Promise<Place[]> {
  return tx.query(
    `select ${columns} from loyalty.score where ${where} order by score desc, reached_at, subscriber_id limit $4`,
    [boardId, period, region, limit],
  )
}

/** A member's own score, hidden or not. */
export async function selectScore(
  tx: Tx,
  { boardId, period, region }: Stand,
  subscriberId: number,
): Promise<(Place & { isHidden: boolean }) | undefined> {
  const rows = await tx.query<Place & { isHidden: boolean }>(
    `select ${columns}, is_hidden as "isHidden" from loyalty.score
     where board_id = $1 and period = $2 and region = $3 and subscriber_id = $4`,
    [boardId, period, region, subscriberId],
  )
  return rows[0]
}

/** Those who stand right above and right below a place, nearest last above and first below. */
export async function selectNeighbours(
  tx: Tx,
  { boardId, period, region }: Stand,
  { subscriberId, score, reachedAt }: Place,
  limit: number,
): Promise<{ above: Place[]; below: Place[] }> {
  const parameters = [boardId, period, region, score, reachedAt, subscriberId, limit]
  const up = 'order by score, reached_at desc, subscriber_id desc limit $7'
  const down = 'order by score desc, reached_at, subscriber_id limit $7'
  // Each part is a short walk along the index: those of the same score, and those beyond it.
  const [above, below] = await Promise.all([
    tx.query<Place>(
      `select ${columns} from (
         (select * from loyalty.score where ${where} and score = $4 and (reached_at, subscriber_id) < ($5, $6) ${up})
         union all
         (select * from loyalty.score where ${where} and score > $4 ${up})) as near ${up}`,
      parameters,
    ),
    tx.query<Place>(
      `select ${columns} from (
         (select * from loyalty.score where ${where} and score = $4 and (reached_at, subscriber_id) > ($5, $6) ${down})
         union all
         (select * from loyalty.score where ${where} and score < $4 ${down})) as near ${down}`,
      parameters,
    ),
  ])
  return { above: above.toReversed(), below }
}

/**
 * Ranks of scores: 1 and the number of members who have more, so that equal scores share a rank and the next one is
 * as many further. It sums the counts of all ranges above, and counts within one range alone.
 */
export async function ranksOf(tx: Tx, stand: Stand, scores: bigint[]): Promise<Map<bigint, number>> {
  const distinct = [...new Set(scores)]
  if (distinct.length === 0) return new Map()
  const rows = await tx.query<{ score: bigint; above: number }>(
    `select g.score, (select coalesce(sum(b.members), 0) from loyalty.score_bucket b
                      where b.board_id = $1 and b.period = $2 and b.region = $3 and b.bucket > g.bucket)::int
                   + (select count(*) from loyalty.score s where s.board_id = $1 and s.period = $2 and s.region = $3
                        and not s.is_hidden and s.score > 0 and s.score > g.score and s.score < g.bucket_end)::int as above
     from unnest($4::bigint[], $5::int[], $6::bigint[]) as g (score, bucket, bucket_end)`,
    [stand.boardId, stand.period, stand.region, distinct, distinct.map(bucketOf), distinct.map(bucketEnd)],
  )
  return new Map(rows.map(({ score, above }) => [score, above + 1]))
}

/** How many members stand on a board. */
export async function countRanked(tx: Tx, { boardId, period, region }: Stand): Promise<number> {
  const rows = await tx.query<{ members: number }>(
    `select coalesce(sum(members), 0)::int as members from loyalty.score_bucket
     where board_id = $1 and period = $2 and region = $3`,
    [boardId, period, region],
  )
  return rows[0]!.members
}
