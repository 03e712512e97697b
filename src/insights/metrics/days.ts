import type { Analytics } from '../../platform/index.ts'
import { type MetricScope, population } from './population.ts'

export type DayRow = {
  day: string
  arm: string
  enrolled: number
  messages: number
  activated: number
  packageRevenueMinor: string
}

/**
 * Question: how did it go day by day? Days of the tenant's time zone; revenue is every package sale to enrolled
 * subscribers since their enrolment.
 */
export function days(analytics: Analytics, scope: MetricScope & { timeZone: string }): Promise<DayRow[]> {
  return analytics.query<DayRow>(
    `with population as (${population}),
     happened as (
       select toDate(at, {timeZone:String}) as day, arm, kind = 'enrolled' as is_enrolled,
         kind = 'message_submitted' as is_message, kind = 'activated' as is_activated, toInt64(0) as revenue
       from facts where tenant_id = {tenantId:String} and campaign_id = {campaignId:String}
         and kind in ('enrolled', 'message_submitted', 'activated')
       union all
       select toDate(e.at, {timeZone:String}) as day, p.arm as arm, false, false, false, e.price_minor
       from events e inner join population p on p.subscriber_id = e.subscriber_id
       where e.tenant_id = {tenantId:String} and e.type = 'package.purchased' and e.at >= p.enrolled_at)
     select toString(day) as day, arm, toInt32(sum(is_enrolled)) as enrolled, toInt32(sum(is_message)) as messages,
       toInt32(sum(is_activated)) as activated, toString(sum(revenue)) as packageRevenueMinor
     from happened group by day, arm order by day, arm`,
    scope,
  )
}
