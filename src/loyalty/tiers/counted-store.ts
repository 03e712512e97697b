import type { Tx } from '../../platform/index.ts'
import type { Merge } from '../consumer.ts'
import type { Counted, CountedPlace } from './counting.ts'
import type { Day } from './days.ts'

/** Purchases by their names, those with nothing left among them, as far as the present filling of a ladder counted them. */
export async function selectCounted(tx: Tx, places: CountedPlace[]): Promise<Counted[]> {
  if (places.length === 0) return []
  return tx.query<Counted>(
    `select ladder_id as "ladderId", subscriber_id as "subscriberId", reference, day, amount
     from loyalty.tier_purchase
     join loyalty.tier_fill using (tenant_id, ladder_id, filling)
     join (select distinct * from unnest($1::text[], $2::int[], $3::text[]) as g (ladder_id, subscriber_id, reference)) place
       using (ladder_id, subscriber_id, reference)`,
    [
      places.map(({ ladderId }) => ladderId),
      places.map(({ subscriberId }) => subscriberId),
      places.map(({ reference }) => reference),
    ],
  )
}

/** Stores purchases as they are now. */
export async function saveCounted(tx: Tx, rows: Counted[]): Promise<void> {
  if (rows.length === 0) return
  await tx.query(
    `insert into loyalty.tier_purchase (tenant_id, ladder_id, subscriber_id, reference, day, amount, filling)
     select tenant_id, ladder_id, subscriber_id, reference, day, amount, filling
     from unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::bigint[])
       as given (ladder_id, subscriber_id, reference, day, amount)
     join loyalty.tier_fill using (ladder_id)
     on conflict (tenant_id, ladder_id, subscriber_id, reference, day) do update
       set amount = excluded.amount, filling = excluded.filling`,
    [
      rows.map((one) => one.ladderId),
      rows.map((one) => one.subscriberId),
      rows.map((one) => one.reference),
      rows.map((one) => one.day),
      rows.map((one) => one.amount),
    ],
  )
}

/** Forgets what members bought: they have left. */
export async function deleteCounted(
  tx: Tx,
  members: { ladderId: string; subscriberId: number }[],
): Promise<void> {
  if (members.length === 0) return
  await tx.query(
    `delete from loyalty.tier_purchase p using unnest($1::text[], $2::int[]) as gone (ladder_id, subscriber_id)
     where p.ladder_id = gone.ladder_id and p.subscriber_id = gone.subscriber_id`,
    [members.map(({ ladderId }) => ladderId), members.map(({ subscriberId }) => subscriberId)],
  )
}

/** Forgets purchases of days that count for nobody any more. */
export async function deleteCountedBefore(tx: Tx, ladderId: string, day: Day): Promise<void> {
  await tx.query('delete from loyalty.tier_purchase where ladder_id = $1 and day between 0 and $2 - 1', [
    ladderId,
    day,
  ])
}

/** Forgets what was counted by terms that ladders have no more. */
export async function deleteFormerlyCounted(tx: Tx): Promise<void> {
  await tx.query(
    `delete from loyalty.tier_purchase p using loyalty.tier_fill f
     where f.filling > 1 and p.ladder_id = f.ladder_id and p.filling < f.filling`,
  )
}

/** Gives the purchases of one member to the one into whom they are merged. */
export async function mergeCounted(tx: Tx, { programmeId, from, into }: Merge): Promise<void> {
  await tx.query(
    `with gone as (
       delete from loyalty.tier_purchase p where p.subscriber_id = $2 and p.ladder_id in
         (select id from platform.document where kind = 'TierLadder' and body ->> 'programme' = $1)
       returning *)
     insert into loyalty.tier_purchase (tenant_id, ladder_id, subscriber_id, reference, day, amount, filling)
     select tenant_id, ladder_id, $3, reference, day, amount, filling
     from gone join loyalty.tier_fill using (tenant_id, ladder_id, filling)
     on conflict (tenant_id, ladder_id, subscriber_id, reference, day) do update set filling = excluded.filling, amount =
       case when tier_purchase.filling = excluded.filling then tier_purchase.amount else 0 end + excluded.amount`,
    [programmeId, from, into],
  )
}
