import { json, type Tx } from '../platform/index.ts'
import type { OfferChoice, OfferItem, RefusedProduct } from './offer.ts'

/** An offer as one subscriber got it, with the means that decided it. */
export type Offer = OfferChoice & {
  offerId: string
  subscriberId: number
  menuId: string
  menuVersion: number
  balanceMinor: bigint
  creditMinor: bigint
  currency: string
  decidedAt: Temporal.Instant
  /** What the offer belongs to, such as an enrolment. */
  reference: string
}

const columns = `offer_id as "offerId", subscriber_id as "subscriberId", menu_id as "menuId",
  menu_version as "menuVersion", items, refused, balance_minor as "balanceMinor",
  credit_minor as "creditMinor", currency, decided_at as "decidedAt", reference`

/** Stores offers within the caller's transaction; one whose id is known stays as it is. */
export async function saveOffers(tx: Tx, offers: Offer[]): Promise<void> {
  if (offers.length === 0) return
  const column = <T>(pick: (offer: Offer) => T): T[] => offers.map(pick)
  tx.execute(
    `insert into offers.offer
       (tenant_id, offer_id, subscriber_id, menu_id, menu_version, items, refused, balance_minor,
        credit_minor, currency, decided_at, reference)
     select current_setting('tenure.tenant_id'), *
     from unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::jsonb[], $6::jsonb[], $7::bigint[],
                 $8::bigint[], $9::text[], $10::timestamptz[], $11::text[])
     on conflict (tenant_id, offer_id) do nothing`,
    [
      column((o) => o.offerId),
      column((o) => o.subscriberId),
      column((o) => o.menuId),
      column((o) => o.menuVersion),
      column((o) => json(o.items)),
      column((o) => json(o.refused)),
      column((o) => o.balanceMinor),
      column((o) => o.creditMinor),
      column((o) => o.currency),
      column((o) => o.decidedAt),
      column((o) => o.reference),
    ],
  )
}

/** Offers by id; unknown ids are absent. */
export async function offersByIds(tx: Tx, ids: string[]): Promise<Map<string, Offer>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<Stored>(
    `select ${columns} from offers.offer where offer_id = any($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.offerId, restored(row)]))
}

/** A subscriber's offers, the latest first. */
export async function offersOfSubscriber(tx: Tx, subscriberId: number, limit: number): Promise<Offer[]> {
  const rows = await tx.query<Stored>(
    `select ${columns} from offers.offer where subscriber_id = $1
     order by decided_at desc, offer_id desc limit $2`,
    [subscriberId, limit],
  )
  return rows.map(restored)
}

type InJson<T> = { [K in keyof T]: T[K] extends bigint | undefined ? string : T[K] }
type Stored = Omit<Offer, 'items' | 'refused'> & {
  items: InJson<OfferItem>[]
  refused: (Omit<RefusedProduct, 'priceMinor'> & { priceMinor?: string })[]
}

/** Amounts stand in JSON as text and come back as bigint. */
function restored(row: Stored): Offer {
  return {
    ...row,
    items: row.items.map((item) => ({
      ...item,
      priceMinor: BigInt(item.priceMinor),
      creditMinor: BigInt(item.creditMinor),
    })),
    refused: row.refused.map(({ priceMinor, ...rest }) =>
      priceMinor === undefined ? rest : { ...rest, priceMinor: BigInt(priceMinor) },
    ),
  }
}
