import type { Analytics } from '../../platform/index.ts'
import type { MetricScope } from './population.ts'

export type ChannelRow = {
  arm: string
  channel: string
  submitted: number
  delivered: number
  failed: number
  unknown: number
  held: number
  answered: number
  costMinor: string
}

/**
 * Question: what did each channel carry, how did it end, and what did it cost?
 * Messages by their facts. A message whose outcome was unknown and that a later receipt confirmed moves from
 * unknown to submitted and is paid for then.
 */
export function channels(analytics: Analytics, scope: MetricScope): Promise<ChannelRow[]> {
  return analytics.query<ChannelRow>(
    `select arm, channel,
       toInt32(uniqExactIf(ref, kind = 'message_submitted' or reason = 'resolved_by_receipt')) as submitted,
       toInt32(uniqExactIf(ref, kind in ('message_delivered', 'message_seen'))) as delivered,
       toInt32(uniqExactIf(ref, kind = 'message_failed')) as failed,
       toInt32(uniqExactIf(ref, kind = 'message_unknown') - uniqExactIf(ref, reason = 'resolved_by_receipt')) as unknown,
       toInt32(uniqExactIf(ref, kind = 'message_held')) as held,
       toInt32(countIf(kind = 'answered')) as answered,
       toString(sumIf(cost_minor, kind like 'message_%')) as costMinor
     from facts
     where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} and channel != ''
       and (kind like 'message_%' or kind = 'answered')
     group by arm, channel order by arm, channel`,
    scope,
  )
}

export type CascadeRow = { arm: string; allSmsCostMinor: string }

/** Question: what would the contacts have cost, had each been one SMS? Sum over the cascades that contacted. */
export function allSmsCost(analytics: Analytics, scope: MetricScope): Promise<CascadeRow[]> {
  return analytics.query<CascadeRow>(
    `select arm, toString(sum(cost_minor)) as allSmsCostMinor from facts
     where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} and kind = 'contacted'
     group by arm`,
    scope,
  )
}
