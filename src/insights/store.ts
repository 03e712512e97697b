import { decodeRecord } from '../events/index.ts'
import type { Analytics, LogEntry, StoredFact } from '../platform/index.ts'
import { json } from '../platform/index.ts'

/**
 * The analytical tables. Facts and events are written once and never changed; their position in the outbox and
 * in the log is part of the row, so the next start reads from the table itself how far it had come.
 */
const tables = [
  `create table if not exists facts (
     tenant_id LowCardinality(String), txid UInt64, seq UInt64, kind LowCardinality(String), at_ms Int64,
     at DateTime64(3, 'UTC') materialized fromUnixTimestamp64Milli(at_ms, 'UTC'),
     subscriber_id UInt32, campaign_id LowCardinality(String), arm LowCardinality(String),
     channel LowCardinality(String), product_id LowCardinality(String), reason LowCardinality(String), ref String,
     amount_minor Int64, cost_minor Int64, quantity Int64, attributes String,
     on_credit Bool materialized JSONExtractBool(attributes, 'onCredit')
   ) engine = MergeTree order by (tenant_id, campaign_id, kind, subscriber_id)`,
  `create table if not exists events (
     tenant_id LowCardinality(String), partition UInt16, offset UInt64, type LowCardinality(String), at_ms Int64,
     at DateTime64(3, 'UTC') materialized fromUnixTimestamp64Milli(at_ms, 'UTC'),
     subscriber_id UInt32, data String,
     volume_mb Float64 materialized JSONExtractFloat(data, 'volumeMb'),
     charge_minor Int64 materialized JSONExtractInt(data, 'chargeMinor'),
     price_minor Int64 materialized JSONExtractInt(data, 'priceMinor'),
     fee_minor Int64 materialized JSONExtractInt(data, 'feeMinor'),
     principal_minor Int64 materialized JSONExtractInt(data, 'principalMinor'),
     on_credit Bool materialized JSONExtractBool(data, 'onCredit'),
     sale_channel LowCardinality(String) materialized if(type = 'package.purchased', JSONExtractString(data, 'channel'), '')
   ) engine = MergeTree order by (tenant_id, type, subscriber_id, at)`,
]

/** Makes the tables where they are missing. */
export async function createTables(analytics: Analytics): Promise<void> {
  for (const table of tables) await analytics.command(table)
}

export type FactPosition = { txid: bigint; seq: bigint }

/** The last fact that the table holds. */
export async function factPosition(analytics: Analytics, tenantId: string): Promise<FactPosition> {
  const [row] = await analytics.query<{ txid: string; seq: string }>(
    `select toString(tupleElement(last, 1)) as txid, toString(tupleElement(last, 2)) as seq
     from (select max((txid, seq)) as last from facts where tenant_id = {tenantId:String})`,
    { tenantId },
  )
  return { txid: BigInt(row?.txid ?? 0), seq: BigInt(row?.seq ?? 0) }
}

/** For each partition of the log, the offset behind its last event that the table holds. */
export async function eventPositions(analytics: Analytics, tenantId: string): Promise<number[]> {
  const rows = await analytics.query<{ partition: number; next: string }>(
    `select partition, toString(max(offset) + 1) as next from events where tenant_id = {tenantId:String}
     group by partition`,
    { tenantId },
  )
  const positions: number[] = []
  for (const { partition, next } of rows) positions[partition] = Number(next)
  return positions
}

/** Stores facts as one block, with their position in the outbox. */
export function insertFacts(analytics: Analytics, tenantId: string, facts: StoredFact[]): Promise<void> {
  return analytics.insert(
    'facts',
    facts.map((fact) => ({
      tenant_id: tenantId,
      txid: fact.txid.toString(),
      seq: fact.seq.toString(),
      kind: fact.kind,
      at_ms: fact.at.epochMilliseconds,
      subscriber_id: fact.subscriberId,
      campaign_id: fact.campaignId ?? '',
      arm: fact.arm ?? '',
      channel: fact.channel ?? '',
      product_id: fact.productId ?? '',
      reason: fact.reason ?? '',
      ref: fact.ref ?? '',
      amount_minor: (fact.amountMinor ?? 0n).toString(),
      cost_minor: (fact.costMinor ?? 0n).toString(),
      quantity: fact.quantity ?? 0,
      attributes: fact.attributes === undefined ? '' : json(fact.attributes),
    })),
  )
}

/**
 * Stores events of one partition as one block, with their offsets. One that came too late and was let in again later
 * stands in the log twice; here it counts once, as it first came.
 */
export function insertEvents(
  analytics: Analytics,
  tenantId: string,
  partition: number,
  entries: LogEntry[],
): Promise<void> {
  const rows: object[] = []
  for (const { offset, record } of entries) {
    const event = decodeRecord(record)
    if (event.isReplayed) continue
    rows.push({
      tenant_id: tenantId,
      partition,
      offset,
      type: event.type,
      at_ms: event.atMs,
      subscriber_id: event.subscriberId ?? 0,
      data: JSON.stringify(event.data),
    })
  }
  return analytics.insert('events', rows)
}
