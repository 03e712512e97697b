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
 * Messages by their facts, each message once a figure. `submitted` is the provider's word or, where that stayed
 * unknown, a later receipt's: the message then moves from unknown to submitted and is paid for. A message that was
 * delivered after a receipt had called it failed counts as delivered. `failed` takes in what the channel refused.
 */
export function channels(analytics: Analytics, scope: MetricScope): Promise<ChannelRow[]> {
  return analytics.query<ChannelRow>(
    `with messages as (
       select arm, channel, ref, countIf(kind = 'message_submitted') > 0 as is_submitted,
         countIf(kind in ('message_delivered', 'message_seen')) > 0 as is_delivered,
         countIf(kind in ('message_failed', 'message_refused')) > 0 as is_failed,
         countIf(kind = 'message_unknown') > 0 as is_unknown, countIf(kind = 'message_held') > 0 as is_held,
         countIf(kind = 'answered') as answers, sumIf(cost_minor, kind like 'message_%') as cost
       from facts
       where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} and channel != ''
         and (kind like 'message_%' or kind = 'answered')
       group by arm, channel, ref)
     select arm, channel, toInt32(countIf(is_submitted)) as submitted, toInt32(countIf(is_delivered)) as delivered,
       toInt32(countIf(is_failed and not is_delivered)) as failed,
       toInt32(countIf(is_unknown and not is_submitted)) as unknown,
       toInt32(countIf(is_held)) as held, toInt32(sum(answers)) as answered, toString(sum(cost)) as costMinor
     from messages group by arm, channel order by arm, channel`,
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
