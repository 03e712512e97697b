import type { Tx } from '../platform/index.ts'
import type { SendingState } from './inbox.ts'

/**
 * Keeps what somebody wants of a campaign's sending and wakes the runs of which that is true: after "cancelled" all
 * active ones, after "running" those that stood still for a pause and so have no timer.
 */
export function setSending(tx: Tx, campaignId: string, state: SendingState, at: Temporal.Instant): void {
  tx.execute(
    `insert into messaging.sending (tenant_id, campaign_id, state, changed_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3)
     on conflict (tenant_id, campaign_id) do update set state = excluded.state, changed_at = excluded.changed_at`,
    [campaignId, state, at],
  )
  if (state === 'paused') return
  tx.execute(
    `update messaging.life set due_at = $2
     where shape_id in (select shape_id from messaging.shape where campaign_id = $1)
       and state = 'active' and ($3 or due_at is null)`,
    [campaignId, at, state === 'cancelled'],
  )
}

/** Campaigns whose sending is not running. */
export async function stoppedCampaigns(
  tx: Tx,
): Promise<{ campaignId: string; state: 'paused' | 'cancelled' }[]> {
  return tx.query(`select campaign_id as "campaignId", state from messaging.sending where state <> 'running'`)
}
