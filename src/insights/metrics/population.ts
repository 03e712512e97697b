/**
 * Who counts in a campaign, and from when: one row an enrolled subscriber. Every other metric of the campaign
 * joins this, so all of them speak of the same people (intent to treat).
 */
export const population = `
  select subscriber_id, any(arm) as arm, min(at) as enrolled_at
  from facts
  where tenant_id = {tenantId:String} and campaign_id = {campaignId:String} and kind = 'enrolled'
  group by subscriber_id`

export type MetricScope = { tenantId: string; campaignId: string }
