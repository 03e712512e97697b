import type { Tx } from '../platform/index.ts'

/** Messages of a cascade's step that a provider took, and what was bought after them. */
export type StepConversion = {
  step: number
  channel: string
  sent: number
  /** Messages after which something was bought. */
  converted: number
  purchases: number
  revenueMinor: bigint
}

/** What was bought after a message, `revenueMinor` in digits. */
export type Converted = { messageId: string; purchases: number; revenueMinor: string }

/** The campaigns that sent a cascade's messages in runs that began within [from, to). */
export async function campaignsOfCascade(
  tx: Tx,
  cascadeId: string,
  from: Temporal.Instant,
  to: Temporal.Instant,
): Promise<string[]> {
  const rows = await tx.query<{ campaignId: string }>(
    `select distinct campaign_id as "campaignId" from messaging.cascade_run
     where cascade_id = $1 and started_at >= $2 and started_at < $3`,
    [cascadeId, from, to],
  )
  return rows.map(({ campaignId }) => campaignId)
}

/** Of a cascade's runs that began within [from, to): sent messages by step and channel, and those among `converted`. */
export function conversionsOfCascade(
  tx: Tx,
  cascadeId: string,
  from: Temporal.Instant,
  to: Temporal.Instant,
  converted: Converted[],
): Promise<StepConversion[]> {
  return tx.query<StepConversion>(
    `with converted as (
       select * from unnest($4::uuid[], $5::int[], $6::bigint[]) as given (message_id, purchases, revenue))
     select m.step, m.channel, count(*)::int as sent, count(c.message_id)::int as converted,
       coalesce(sum(c.purchases), 0)::int as purchases, coalesce(sum(c.revenue), 0)::bigint as "revenueMinor"
     from messaging.message m left join converted c on c.message_id = m.message_id
     -- As an array, because a join does not find its way through the view to the indexes.
     where m.run_id = any(array(
         select run_id from messaging.cascade_run where cascade_id = $1 and started_at >= $2 and started_at < $3))
       and m.submitted_at is not null and m.state <> 'unknown'
     group by m.step, m.channel order by m.step, m.channel`,
    [
      cascadeId,
      from,
      to,
      converted.map(({ messageId }) => messageId),
      converted.map(({ purchases }) => purchases),
      converted.map(({ revenueMinor }) => revenueMinor),
    ],
  )
}
