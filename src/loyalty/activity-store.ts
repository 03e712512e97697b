import type { Tx } from '../platform/index.ts'
import type { Programme } from './programmes.ts'

/**
 * When each of these members, or somebody who shares a balance with them, last earned points by a rule; asked only where
 * points live on by that.
 */
export async function lastEarnedIn(
  tx: Tx,
  { id, expiry }: Pick<Programme, 'id' | 'expiry'>,
  subscriberIds: readonly number[],
): Promise<Map<number, number>> {
  if (expiry === 'never' || expiry.after !== 'activity' || subscriberIds.length === 0) return new Map()
  const rows = await tx.query<{ id: number; at: Temporal.Instant }>(
    `select own.subscriber_id as id, max(last.at) as at
     from loyalty.member own
     left join loyalty.household h
       on h.programme_id = own.programme_id and h.household_id = own.household_id and h.shares_balance
     join loyalty.member peer
       on peer.programme_id = own.programme_id
      and (peer.subscriber_id = own.subscriber_id or peer.household_id = h.household_id)
     cross join lateral (select max(a.at) as at from loyalty.award a
                         where a.subscriber_id = peer.subscriber_id and a.programme_id = own.programme_id) last
     where own.programme_id = $1 and own.subscriber_id = any($2::int[]) and last.at is not null
     group by 1`,
    [id, subscriberIds],
  )
  return new Map(rows.map(({ id, at }) => [id, at.epochMilliseconds]))
}
