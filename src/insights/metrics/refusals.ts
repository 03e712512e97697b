import type { Analytics } from '../../platform/index.ts'
import type { RefusalReason } from '../contract.ts'
import { type MetricScope, population } from './population.ts'

export type RefusalRow = { arm: string; reason: RefusalReason['reason']; subscribers: number }

/**
 * Question: why did the others not buy? One reason for each enrolled subscriber without an activation, the first
 * that holds, in this order:
 *   bought by self-service (a sale outside the campaign since enrolment) · nothing affordable (no product within
 *   balance and credit, at the offer or at the activation) · activation failed · answered too late · refused (the
 *   pop-up's "no") · held by the contact
 *   policy and never sent · never contacted (the journey did not begin) · sent but never delivered · renewal near
 *   (a new package within two days of enrolment) · saving traffic (in the three days after enrolment less than half
 *   of the daily use of the seven days before, C7) · no answer.
 */
export function refusals(analytics: Analytics, scope: MetricScope): Promise<RefusalRow[]> {
  return analytics.query<RefusalRow>(
    `with population as (${population}),
     told as (
       select subscriber_id,
         countIf(kind = 'activated') > 0 as activated, countIf(kind = 'no_offer' and reason = 'beyond_balance_and_credit') > 0 as no_offer,
         countIf(kind = 'activation_failed') > 0 as activation_failed, countIf(kind = 'answer_too_late') > 0 as too_late,
         countIf(kind = 'message_seen' and reason = 'refused') > 0 as refused, countIf(kind = 'message_held') > 0 as held,
         countIf(kind in ('message_submitted', 'message_unknown')) > 0 as sent,
         countIf(kind in ('message_delivered', 'message_seen')) > 0 as delivered
       from facts where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} group by subscriber_id),
     used as (
       select p.subscriber_id as subscriber_id,
         countIf(e.type = 'package.purchased' and e.at >= p.enrolled_at and e.sale_channel = 'self-service') > 0 as self_service,
         countIf(e.type = 'package.renewed' and e.at between p.enrolled_at and p.enrolled_at + interval 2 day) > 0 as renewed,
         sumIf(e.volume_mb, e.at >= p.enrolled_at - interval 7 day and e.at < p.enrolled_at) / 7 as daily_before,
         sumIf(e.volume_mb, e.at >= p.enrolled_at and e.at < p.enrolled_at + interval 3 day) / 3 as daily_after
       from events e inner join population p on p.subscriber_id = e.subscriber_id
       where e.tenant_id = {tenantId:String} and e.type in ('package.purchased', 'package.renewed', 'usage.recorded')
       group by subscriber_id)
     select p.arm as arm,
       multiIf(u.self_service, 'bought_by_self_service', t.no_offer, 'nothing_affordable',
         t.activation_failed, 'activation_failed', t.too_late, 'answer_too_late', t.refused, 'refused',
         t.held and not t.sent, 'held_by_policy', not t.sent, 'not_contacted', not t.delivered, 'not_reached',
         u.renewed, 'renewal_near', u.daily_after < u.daily_before / 2, 'saving_traffic', 'no_answer') as reason,
       toInt32(count()) as subscribers
     from population p left join told t using (subscriber_id) left join used u using (subscriber_id)
     where not t.activated group by arm, reason order by arm, subscribers desc, reason`,
    scope,
  )
}
