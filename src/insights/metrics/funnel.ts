import type { Analytics } from '../../platform/index.ts'
import { type MetricScope, population } from './population.ts'

export type FunnelRow = {
  arm: string
  enrolled: number
  entered: number
  contacted: number
  delivered: number
  answered: number
  activated: number
}

/**
 * Question: how many of an arm's subscribers came how far?
 * Each figure counts distinct enrolled subscribers that have at least one fact of the step: a journey begun, a
 * message handed to a channel, a message that a receipt confirmed, an answer, a package activated.
 */
export function funnel(analytics: Analytics, scope: MetricScope): Promise<FunnelRow[]> {
  return analytics.query<FunnelRow>(
    `with reached as (
       select subscriber_id,
         countIf(kind = 'entered') > 0 as entered,
         countIf(kind in ('message_submitted', 'message_unknown')) > 0 as contacted,
         countIf(kind in ('message_delivered', 'message_seen')) > 0 as delivered,
         countIf(kind = 'answered') > 0 as answered,
         countIf(kind = 'activated') > 0 as activated
       from facts where tenant_id = {tenantId:String} and campaign_id = {campaignId:String}
       group by subscriber_id)
     select p.arm as arm, toInt32(count()) as enrolled, toInt32(countIf(r.entered)) as entered,
       toInt32(countIf(r.contacted)) as contacted, toInt32(countIf(r.delivered)) as delivered,
       toInt32(countIf(r.answered)) as answered, toInt32(countIf(r.activated)) as activated
     from (${population}) p left join reached r using (subscriber_id) group by arm`,
    scope,
  )
}
