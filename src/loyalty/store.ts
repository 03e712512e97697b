import { json, type Tx } from '../platform/index.ts'
import type { AwardReason } from './errors.ts'

/** What one earn rule made of one purchase. */
export type Award = {
  purchaseKey: string
  ruleId: string
  ruleVersion: number
  subscriberId: number
  productId: string
  currency: string
  points: bigint
  reason: AwardReason
  saw: Record<string, unknown>
  transferId?: string
  campaignId?: string
  arm?: string
  at: Temporal.Instant
}

const columns = `purchase_key as "purchaseKey", rule_id as "ruleId", rule_version as "ruleVersion",
  subscriber_id as "subscriberId", product_id as "productId", currency, points, reason, saw,
  transfer_id as "transferId", campaign_id as "campaignId", arm, at`

/** Records awards; returns those that were not recorded before, as `key rule`. */
export async function insertAwards(tx: Tx, awards: Award[]): Promise<Set<string>> {
  const column = <T>(pick: (award: Award) => T): T[] => awards.map(pick)
  const rows = await tx.query<{ key: string; rule: string }>(
    `insert into loyalty.award
       (tenant_id, purchase_key, rule_id, rule_version, subscriber_id, product_id, currency, points, reason,
        saw, transfer_id, campaign_id, arm, at)
     select current_setting('tenure.tenant_id'), *
     from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::text[],
                 $9::jsonb[], $10::uuid[], $11::text[], $12::text[], $13::timestamptz[])
     on conflict (tenant_id, purchase_key, rule_id) do nothing
     returning purchase_key as key, rule_id as rule`,
    [
      column((a) => a.purchaseKey),
      column((a) => a.ruleId),
      column((a) => a.ruleVersion),
      column((a) => a.subscriberId),
      column((a) => a.productId),
      column((a) => a.currency),
      column((a) => a.points),
      column((a) => a.reason),
      column((a) => json(a.saw)),
      column((a) => a.transferId ?? null),
      column((a) => a.campaignId ?? null),
      column((a) => a.arm ?? null),
      column((a) => a.at),
    ],
  )
  return new Set(rows.map((row) => pairOf(row.key, row.rule)))
}

/** A rule and a purchase as one text; a rule's id holds no newline, so no two pairs look alike. */
export const pairOf = (purchaseKey: string, ruleId: string): string => `${ruleId}\n${purchaseKey}`

/** Awards of purchases, whatever came of them. */
export async function awardsByKeys(tx: Tx, purchaseKeys: string[]): Promise<Award[]> {
  const rows = await tx.query(`select ${columns} from loyalty.award where purchase_key = any($1::text[])`, [
    purchaseKeys,
  ])
  return rows.map((row) => withoutNulls(row) as Award)
}

/** A subscriber's awards, the latest first. */
export async function awardsOfSubscriber(tx: Tx, subscriberId: number, limit: number): Promise<Award[]> {
  const rows = await tx.query(
    `select ${columns} from loyalty.award where subscriber_id = $1
     order by at desc, purchase_key desc, rule_id limit $2`,
    [subscriberId, limit],
  )
  return rows.map((row) => withoutNulls(row) as Award)
}

function withoutNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}
