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

export type StoredFact = Fact & { txid: bigint; seq: bigint }

/** Adds facts to the outbox within the caller's transaction. */
export async function appendFacts(tx: Tx, facts: Fact[]): Promise<void> {
  if (facts.length === 0) return
  const column = <T>(pick: (fact: Fact) => T): T[] => facts.map(pick)
  tx.execute(
    `insert into platform.outbox
       (tenant_id, kind, at, subscriber_id, campaign_id, arm, channel, product_id, reason, ref,
        amount_minor, cost_minor, quantity, attributes)
     select current_setting('tenure.tenant_id'), *
     from unnest($1::text[], $2::timestamptz[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
                 $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::int[], $13::jsonb[])`,
    [
      column((f) => f.kind),
      column((f) => f.at),
      column((f) => f.subscriberId),
      column((f) => f.campaignId ?? null),
      column((f) => f.arm ?? null),
      column((f) => f.channel ?? null),
      column((f) => f.productId ?? null),
      column((f) => f.reason ?? null),
      column((f) => f.ref ?? null),
      column((f) => f.amountMinor ?? null),
      column((f) => f.costMinor ?? null),
      column((f) => f.quantity ?? null),
      column((f) => (f.attributes === undefined ? null : json(f.attributes))),
    ],
  )
}

/**
 * Facts behind a position, in order of (transaction, sequence). Sequence numbers are drawn before commit, so a
 * lower number may become visible later; only transactions older than every running one are read, which makes
 * the position safe to keep (PostgreSQL 18 manual, §9.28.10 "Transaction ID and Snapshot Information").
 */
export async function readFacts(
  tx: Tx,
  after: { txid: bigint; seq: bigint },
  limit: number,
): Promise<StoredFact[]> {
  const rows = await tx.query<Record<string, never>>(
    `select txid::text::bigint as txid, seq, kind, at, subscriber_id as "subscriberId",
            campaign_id as "campaignId", arm, channel, product_id as "productId", reason, ref,
            amount_minor as "amountMinor", cost_minor as "costMinor", quantity, attributes
     from platform.outbox
     where (txid, seq) > ($1::text::xid8, $2) and txid < pg_snapshot_xmin(pg_current_snapshot())
     order by txid, seq limit $3`,
    [after.txid.toString(), after.seq, limit],
  )
  return rows.map((row) => withoutNulls(row) as unknown as StoredFact)
}

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
