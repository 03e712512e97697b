import type { Analytics } from '../../platform/index.ts'
import type { MetricScope } from './population.ts'

export type SalesRow = {
  arm: string
  productId: string
  activated: number
  onCredit: number
  revenueMinor: string
}

/** Question: which packages did the campaign itself sell, and how many of them on credit? By activation facts. */
export function sales(analytics: Analytics, scope: MetricScope): Promise<SalesRow[]> {
  return analytics.query<SalesRow>(
    `select arm, product_id as productId, toInt32(count()) as activated, toInt32(countIf(on_credit)) as onCredit,
       toString(sum(amount_minor)) as revenueMinor
     from facts where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} and kind = 'activated'
     group by arm, product_id order by arm, product_id`,
    scope,
  )
}

export type PointsRow = { arm: string; points: string }

/** Question: how many points did the campaign's purchases earn? */
export function points(analytics: Analytics, scope: MetricScope): Promise<PointsRow[]> {
  return analytics.query<PointsRow>(
    `select arm, toString(sum(quantity)) as points from facts
     where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} and kind = 'awarded' group by arm`,
    scope,
  )
}
