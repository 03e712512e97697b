import type { Tx } from '../../platform/index.ts'

/** Adds codes to a pool; returns how many were new. Those that it has stay as they are. */
export async function insertCodes(
  tx: Tx,
  pool: string,
  codes: string[],
  expiresAt: Temporal.Instant | null,
  now: Temporal.Instant,
): Promise<number> {
  const [row] = await tx.query<{ added: number }>(
    `with made as (
       insert into loyalty.voucher_code (tenant_id, pool, code, expires_at, added_at)
       select current_setting('tenure.tenant_id'), $1, code, coalesce($3::timestamptz, 'infinity'), $4
       from unnest($2::text[]) with ordinality as given (code, n) order by n
       on conflict do nothing returning 1)
     select count(*)::int as added from made`,
    [pool, codes, expiresAt, now],
  )
  return row!.added
}

export type TakenCode = { redemptionId: string; code: string; expiresAt: Temporal.Instant | null }

/** Gives each redemption a free code of a pool: those that end first, the oldest of them; no more than there are. */
export async function takeCodes(
  tx: Tx,
  pool: string,
  redemptionIds: string[],
  now: Temporal.Instant,
): Promise<TakenCode[]> {
  // The number stands in the text: a plan for any number would sort the whole pool.
  const free = await tx.query<{ code: string }>(
    `select code from loyalty.voucher_code where pool = $1 and state = 'free' and expires_at > $2
     order by expires_at, seq limit ${redemptionIds.length}`,
    [pool, now],
  )
  return tx.query(
    `update loyalty.voucher_code
     set state = 'given', redemption_id = ($3::uuid[])[array_position($2::text[], code)]
     where pool = $1 and code = any($2::text[])
     returning redemption_id as "redemptionId", code, nullif(expires_at, 'infinity') as "expiresAt"`,
    [pool, free.map(({ code }) => code), redemptionIds],
  )
}

/** Takes the codes of redemptions out of use after somebody saw them. */
export async function withdrawCodes(tx: Tx, redemptionIds: string[]): Promise<void> {
  if (redemptionIds.length === 0) return
  await tx.query(
    `update loyalty.voucher_code set state = 'withdrawn' where redemption_id = any($1::uuid[])`,
    [redemptionIds],
  )
}

export type CodeCount = { pool: string; state: string; codes: number; valid: number }

/** Codes of pools by state, and how many of them have not expired. */
export async function selectCodeCounts(tx: Tx, pools: string[], now: Temporal.Instant): Promise<CodeCount[]> {
  if (pools.length === 0) return []
  return tx.query<CodeCount>(
    `select pool, state, sum(codes)::int as codes,
            coalesce(sum(codes) filter (where expires_at > $2), 0)::int as valid
     from loyalty.voucher_count where pool = any($1::text[])
     group by pool, state having sum(codes) > 0 order by pool, state`,
    [pools, now],
  )
}

/** Pieces of goods that can be promised; none where nobody has said. */
export async function selectOnHand(tx: Tx, rewardIds: string[]): Promise<Map<string, number>> {
  if (rewardIds.length === 0) return new Map()
  const rows = await tx.query<{ rewardId: string; onHand: number }>(
    'select reward_id as "rewardId", on_hand as "onHand" from loyalty.reward_stock where reward_id = any($1::text[])',
    [rewardIds],
  )
  return new Map(rows.map(({ rewardId, onHand }) => [rewardId, onHand]))
}

/** Takes or returns (`sign`) a piece of each reward that is named, once for each time. Whoever takes looked before. */
export async function movePieces(tx: Tx, rewardIds: string[], sign: 1 | -1): Promise<void> {
  if (rewardIds.length === 0) return
  await tx.query(
    `update loyalty.reward_stock s set on_hand = s.on_hand + $2 * n.pieces
     from (select reward_id, count(*) as pieces from unnest($1::text[]) as given (reward_id) group by 1) as n
     where s.reward_id = n.reward_id`,
    [rewardIds, sign],
  )
}

/** Adds pieces, or takes them where `pieces` is negative; false when there are not so many. */
export async function addPieces(tx: Tx, rewardId: string, pieces: number): Promise<boolean> {
  await tx.query(
    `insert into loyalty.reward_stock (tenant_id, reward_id) values (current_setting('tenure.tenant_id'), $1)
     on conflict do nothing`,
    [rewardId],
  )
  const rows = await tx.query(
    `update loyalty.reward_stock set on_hand = on_hand + $2 where reward_id = $1 and on_hand + $2 >= 0
     returning on_hand`,
    [rewardId, pieces],
  )
  return rows.length === 1
}

/** Notes that pieces came or went; when the key was used before, answers with how many there were then. */
export async function insertStockChange(
  tx: Tx,
  change: { rewardId: string; key: string; pieces: number; at: Temporal.Instant },
): Promise<number | null> {
  const { rewardId, key, pieces, at } = change
  const made = await tx.query(
    `insert into loyalty.stock_change values (current_setting('tenure.tenant_id'), $1, $2, $3, $4)
     on conflict do nothing returning pieces`,
    [rewardId, key, pieces, at],
  )
  if (made.length > 0) return null
  const [known] = await tx.query<{ pieces: number }>(
    'select pieces from loyalty.stock_change where reward_id = $1 and key = $2',
    [rewardId, key],
  )
  return known!.pieces
}

/** Notes that it was told that few are left; true when that is new. */
export async function markWarned(tx: Tx, rewardIds: string[]): Promise<Set<string>> {
  if (rewardIds.length === 0) return new Set()
  const rows = await tx.query<{ id: string }>(
    `insert into loyalty.reward_stock as s (tenant_id, reward_id, warned)
     select current_setting('tenure.tenant_id'), id, true from unnest($1::text[]) as id order by id
     on conflict (tenant_id, reward_id) do update set warned = true where not s.warned
     returning reward_id as id`,
    [rewardIds],
  )
  return new Set(rows.map(({ id }) => id))
}

/** There is enough of rewards again: the next time that few are left is told. */
export async function clearWarned(tx: Tx, rewardIds: string[]): Promise<void> {
  await tx.query(
    'update loyalty.reward_stock set warned = false where reward_id = any($1::text[]) and warned',
    [rewardIds],
  )
}
