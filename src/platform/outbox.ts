import type { Tx } from './database.ts'
import { json } from './json.ts'

/**
 * Something that happened and that insights will count. Written in the same transaction as the state it
 * reports, so a fact exists exactly when the state does.
 */
export type Fact = {
  kind: string
  at: Temporal.Instant
  subscriberId: number
  campaignId?: string
  arm?: string
  channel?: string
  productId?: string
  reason?: string
  /** What the fact speaks of: a message, an activation, an enrolment. */
  ref?: string
  amountMinor?: bigint
  costMinor?: bigint
  quantity?: number
  attributes?: object
}

/** `seq` orders the facts of a transaction: the row's number, and below it the place in the row. */
export type StoredFact = Fact & { txid: bigint; seq: bigint }

/** Facts in one row, at most; their places fit the lower bits of `seq`. */
const ROW_FACTS = 50_000
const PLACE_BITS = 20n

/** A fact as the outbox keeps it; the places are those of the view platform.fact. */
type PackedFact = [
  kind: string,
  atMs: number,
  subscriberId: number,
  campaignId: string | null,
  arm: string | null,
  channel: string | null,
  productId: string | null,
  reason: string | null,
  ref: string | null,
  amountMinor: string | null,
  costMinor: string | null,
  quantity: number | null,
  attributes: object | null,
]

/** Adds facts to the outbox within the caller's transaction, all of them as one row. */
export async function appendFacts(tx: Tx, facts: Fact[]): Promise<void> {
  for (let from = 0; from < facts.length; from += ROW_FACTS) {
    const part = facts.slice(from, from + ROW_FACTS)
    tx.execute(
      `insert into platform.outbox (tenant_id, count, facts) values (current_setting('tenure.tenant_id'), $1, $2)`,
      [part.length, JSON.stringify(part.map(pack))],
    )
  }
}

/**
 * Facts behind a position, in order of (transaction, sequence): those of whole rows, at least `limit` of them where
 * there are so many. Sequence numbers are drawn before commit, so a lower number may become visible later; only
 * transactions older than every running one are read, which makes the position safe to keep (PostgreSQL 18 manual,
 * §9.28.10 "Transaction ID and Snapshot Information").
 */
export async function readFacts(
  tx: Tx,
  after: { txid: bigint; seq: bigint },
  limit: number,
): Promise<StoredFact[]> {
  const rows = await tx.query<{ txid: bigint; seq: bigint; facts: string }>(
    `select txid::text::bigint as txid, seq, facts
     from (select *, sum(count) over (order by txid, seq) as up_to
           from (select * from platform.outbox
                 where (txid, seq) > ($1::text::xid8, $2) and txid < pg_snapshot_xmin(pg_current_snapshot())
                 order by txid, seq limit $3) as page) as counted
     where up_to - count < $3 order by txid, seq`,
    [after.txid.toString(), after.seq >> PLACE_BITS, limit],
  )
  return rows.flatMap(({ txid, seq, facts }) =>
    (JSON.parse(facts) as PackedFact[]).map((packed, i) => ({
      ...unpack(packed),
      txid,
      seq: (BigInt(seq) << PLACE_BITS) + BigInt(i + 1),
    })),
  )
}

function pack(fact: Fact): PackedFact {
  return [
    fact.kind,
    fact.at.epochMilliseconds,
    fact.subscriberId,
    fact.campaignId ?? null,
    fact.arm ?? null,
    fact.channel ?? null,
    fact.productId ?? null,
    fact.reason ?? null,
    fact.ref ?? null,
    fact.amountMinor?.toString() ?? null,
    fact.costMinor?.toString() ?? null,
    fact.quantity ?? null,
    // Nowhere else in a packed fact can a bigint stand.
    fact.attributes === undefined ? null : (JSON.parse(json(fact.attributes)) as object),
  ]
}

function unpack(packed: PackedFact): Fact {
  const [kind, atMs, subscriberId, campaignId, arm, channel, productId, reason, ref, ...rest] = packed
  const [amountMinor, costMinor, quantity, attributes] = rest
  return {
    kind,
    at: Temporal.Instant.fromEpochMilliseconds(atMs),
    subscriberId,
    ...(campaignId === null ? {} : { campaignId }),
    ...(arm === null ? {} : { arm }),
    ...(channel === null ? {} : { channel }),
    ...(productId === null ? {} : { productId }),
    ...(reason === null ? {} : { reason }),
    ...(ref === null ? {} : { ref }),
    ...(amountMinor === null ? {} : { amountMinor: BigInt(amountMinor) }),
    ...(costMinor === null ? {} : { costMinor: BigInt(costMinor) }),
    ...(quantity === null ? {} : { quantity }),
    ...(attributes === null ? {} : { attributes }),
  }
}
