import type { Analytics } from '../../platform/index.ts'
import { type MetricScope, population } from './population.ts'

export type MarginRow = {
  arm: string
  salesTotal: number
  salesOnCredit: number
  packageRevenueMinor: string
  payAsYouGoRevenueMinor: string
  trustPaymentFeesMinor: string
  overduePrincipalMinor: string
  messageCostMinor: string
  marginMinor: string
  marginMean: number
  marginVariance: number
  revenueMean: number
  revenueVariance: number
  n: number
}

/**
 * Question: what was an enrolled subscriber worth since enrolment?
 * Margin of a subscriber = package sales + pay-as-you-go charges + trust-payment fees repaid − trust-payment
 * principal overdue − cost of the campaign's messages, from the operator's own events and from whoever sold it:
 * a sale that only moved from self-service to the campaign is no gain. Mean and sample variance over all enrolled
 * subscribers of the arm, those who were never contacted and those with nothing included.
 */
export function margin(analytics: Analytics, scope: MetricScope): Promise<MarginRow[]> {
  return analytics.query<MarginRow>(
    `with population as (${population}),
     worth as (
       select p.subscriber_id as subscriber_id,
         countIf(e.type = 'package.purchased') as sold, countIf(e.type = 'package.purchased' and e.on_credit) as credit,
         sumIf(e.price_minor, e.type = 'package.purchased') as packages,
         sumIf(e.charge_minor, e.type = 'usage.recorded') as payg,
         sumIf(e.fee_minor, e.type = 'trust-payment.repaid') as fees,
         sumIf(e.principal_minor, e.type = 'trust-payment.overdue') as overdue
       from events e inner join population p on p.subscriber_id = e.subscriber_id
       where e.tenant_id = {tenantId:String} and e.at >= p.enrolled_at
         and e.type in ('package.purchased', 'usage.recorded', 'trust-payment.repaid', 'trust-payment.overdue')
       group by subscriber_id),
     spent as (
       select subscriber_id, sum(cost_minor) as cost from facts
       where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} and kind like 'message_%'
       group by subscriber_id),
     each as (
       select p.arm as arm, w.sold as sold, w.credit as credit, w.packages as packages, w.payg as payg, w.fees as fees,
         w.overdue as overdue, s.cost as cost, packages + payg + fees - overdue - cost as margin
       from population p left join worth w using (subscriber_id) left join spent s using (subscriber_id))
     select arm, toInt32(sum(sold)) as salesTotal, toInt32(sum(credit)) as salesOnCredit,
       toString(sum(packages)) as packageRevenueMinor, toString(sum(payg)) as payAsYouGoRevenueMinor,
       toString(sum(fees)) as trustPaymentFeesMinor, toString(sum(overdue)) as overduePrincipalMinor,
       toString(sum(cost)) as messageCostMinor, toString(sum(margin)) as marginMinor,
       avg(margin) as marginMean, if(count() > 1, varSamp(margin), 0) as marginVariance,
       avg(packages) as revenueMean, if(count() > 1, varSamp(packages), 0) as revenueVariance, toInt32(count()) as n
     from each group by arm`,
    scope,
  )
}
