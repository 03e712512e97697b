import { postTransfers, type TransferRequest } from '../../ledger/index.ts'
import type { Stage } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import type { Award } from './award.ts'
import { saveAwards, selectDueAwards, selectNextDue } from './store.ts'

const PAGE = 1_000

/**
 * Stage `loyalty-due`: gives up reservations whose event did not come in time. What stands on the log unread may hold
 * that event, so it waits while the reader `isBehind`.
 */
export function dueStage({ database, clock }: LoyaltyParts, isBehind: (tenantId: string) => boolean): Stage {
  return {
    name: 'loyalty-due',
    async run(tenantId) {
      if (isBehind(tenantId)) return { more: false, nextDueMs: null }
      return database.tx(tenantId, async (tx) => {
        const now = clock.now()
        const next = await selectNextDue(tx)
        if (next === null) return { more: false, nextDueMs: null }
        if (next.epochMilliseconds > now.epochMilliseconds) {
          return { more: false, nextDueMs: next.epochMilliseconds }
        }
        lockLoyalty(tx)
        const due = await selectDueAwards(tx, now, PAGE)
        await postTransfers(tx, due.map(voiding), now)
        await saveAwards(
          tx,
          due.map((award) => ({ ...award, state: 'voided' })),
        )
        return { more: true, nextDueMs: null }
      })
    },
  }
}

const voiding = ({ transferKey, settleUntilMs }: Award): TransferRequest => ({
  key: `void:${transferKey}`,
  kind: 'void_pending',
  pendingKey: transferKey,
  at: Temporal.Instant.fromEpochMilliseconds(settleUntilMs!),
  memo: 'not in time',
})
