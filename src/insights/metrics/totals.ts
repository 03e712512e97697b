import type { Analytics } from '../../platform/index.ts'

export type TotalsRow = {
  messages: number
  receipts: number
  answers: number
  activations: number
  from: string | null
}

/** Question: how much has gone round? Counts of facts of the whole tenant, for the live counters. */
export async function totals(analytics: Analytics, tenantId: string): Promise<TotalsRow> {
  const [row] = await analytics.query<TotalsRow>(
    `select toInt32(countIf(kind = 'message_submitted')) as messages,
       toInt32(countIf(kind in ('message_delivered', 'message_seen', 'message_failed'))) as receipts,
       toInt32(countIf(kind = 'answered')) as answers, toInt32(countIf(kind = 'activated')) as activations,
       if(count() = 0, null, formatDateTime(min(at), '%Y-%m-%dT%H:%i:%SZ')) as "from"
     from facts where tenant_id = {tenantId:String}`,
    { tenantId },
  )
  return row!
}
