import type { Analytics } from '../../platform/index.ts'

export type ConversionScope = {
  tenantId: string
  campaignIds: string[]
  /** Messages and purchases from this moment on, epoch ms. */
  fromMs: number
  /** How long after a message a purchase still counts for it, ms. */
  windowMs: number
}

export type ConvertedMessage = { messageId: string; purchases: number; revenueMinor: string }

/**
 * Question: after which messages of these campaigns was something bought?
 * Every package sale (`package.purchased`), the campaign's and the subscriber's own, counts for the last message of
 * whatever campaign that a provider had taken for the subscriber before it, if that is not longer ago than the window.
 * It is what followed and not what was caused: that is the difference from control in the campaign's report.
 */
export function conversion(analytics: Analytics, scope: ConversionScope): Promise<ConvertedMessage[]> {
  if (scope.campaignIds.length === 0) return Promise.resolve([])
  return analytics.query<ConvertedMessage>(
    `with purchases as (
       select subscriber_id, at_ms, price_minor from events
       where tenant_id = {tenantId:String} and type = 'package.purchased' and at_ms > {fromMs:Int64}),
     touches as (
       select subscriber_id, at_ms, campaign_id, ref from facts
       where tenant_id = {tenantId:String} and kind = 'message_submitted' and at_ms >= {fromMs:Int64}
         and subscriber_id in (select subscriber_id from purchases))
     select t.ref as messageId, toInt32(count()) as purchases, toString(sum(p.price_minor)) as revenueMinor
     from purchases p asof join touches t on p.subscriber_id = t.subscriber_id and p.at_ms > t.at_ms
     where p.at_ms - t.at_ms <= {windowMs:Int64} and t.campaign_id in {campaignIds:Array(String)}
     group by t.ref order by t.ref`,
    scope,
  )
}
