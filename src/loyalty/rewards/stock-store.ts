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
       select current_setting('tenure.tenant_id'), $1, code, $3, $4
       from unnest($2::text[]) with ordinality as given (code, n) order by n
       on conflict do nothing returning 1)
     select count(*)::int as added from made`,
    [pool, codes, expiresAt, now],
  )
  return row!.added
}

/** Holds the oldest free code of a pool for a redemption; undefined: there is none that is still valid. */
export async function holdCode(
  tx: Tx,
  pool: string,
  redemptionId: string,
  now: Temporal.Instant,
): Promise<{ code: string; expiresAt: Temporal.Instant | null } | undefined> {
  const [row] = await tx.query<{ code: string; expiresAt: Temporal.Instant | null }>(
    `update loyalty.voucher_code set state = 'held', redemption_id = $2
     where pool = $1 and code = (
       select code from loyalty.voucher_code
       where pool = $1 and state = 'free' and (expires_at is null or expires_at > $3)
       order by seq limit 1 for update skip locked)
     returning code, expires_at as "expiresAt"`,
    [pool, redemptionId, now],
  )
  return row
}

/** What becomes of the codes of redemptions: given to the member, free again, or withdrawn after somebody saw it. */
export function settleCodes(
  tx: Tx,
  redemptionIds: string[],
  state: 'given' | 'free' | 'withdrawn',
): Promise<unknown> {
  return tx.query(
    `update loyalty.voucher_code set state = $2, redemption_id = case when $2 = 'free' then null else redemption_id end
     where redemption_id = any($1::uuid[])`,
    [redemptionIds, state],
  )
}

/** Free codes of pools that are still valid, counted up to `most`. */
export async function countFree(
  tx: Tx,
  pools: string[],
  now: Temporal.Instant,
  most: number,
): Promise<Map<string, number>> {
  if (pools.length === 0) return new Map()
  const rows = await tx.query<{ pool: string; left: number }>(
    `select g.pool, (select count(*) from (
       select 1 from loyalty.voucher_code c
       where c.pool = g.pool and c.state = 'free' and (c.expires_at is null or c.expires_at > $2) limit $3) as free)::int
         as left
     from unnest($1::text[]) as g (pool)`,
    [pools, now, most],
  )
  return new Map(rows.map(({ pool, left }) => [pool, left]))
}

/** Pieces of goods that can be promised; none where nobody has said. */
export async function selectOnHand(tx: Tx, rewardIds: string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ rewardId: string; onHand: number }>(
    'select reward_id as "rewardId", on_hand as "onHand" from loyalty.reward_stock where reward_id = any($1::text[])',
    [rewardIds],
  )
  return new Map(rows.map(({ rewardId, onHand }) => [rewardId, onHand]))
}

/** Adds pieces, or takes them where `pieces` is negative; false when there are not so many. */
export async function addPieces(tx: Tx, rewardId: string, pieces: number): Promise<boolean> {
  const rows = await tx.query(
    `insert into loyalty.reward_stock (tenant_id, reward_id, on_hand)
     select current_setting('tenure.tenant_id'), $1, greatest($2, 0)
     on conflict (tenant_id, reward_id) do update set on_hand = reward_stock.on_hand + $2
       where reward_stock.on_hand + $2 >= 0
     returning on_hand`,
    [rewardId, pieces],
  )
  return rows.length === 1
}

/** Notes whether it was told that few are left; true when that is new. */
export async function setWarned(tx: Tx, rewardId: string, warned: boolean): Promise<boolean> {
  const rows = await tx.query(
    `insert into loyalty.reward_stock (tenant_id, reward_id, on_hand, warned)
     values (current_setting('tenure.tenant_id'), $1, 0, $2)
     on conflict (tenant_id, reward_id) do update set warned = excluded.warned
       where reward_stock.warned <> excluded.warned
     returning warned`,
    [rewardId, warned],
  )
  return rows.length === 1
}

/** Codes of pools by state, for the console. */
export async function countCodes(
  tx: Tx,
  pools: string[],
): Promise<{ pool: string; state: string; codes: number }[]> {
  return tx.query(
    `select pool, state, count(*)::int as codes from loyalty.voucher_code where pool = any($1::text[])
     group by pool, state order by pool, state`,
    [pools],
  )
}
