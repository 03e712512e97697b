import type { TransferRequest } from '../../ledger/index.ts'
import { instantOf, type Stage } from '../../platform/index.ts'
import { type Action, actionConsumer, carryOut } from '../action.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import type { Award } from './award.ts'
import type { EarnReason } from './errors.ts'
import { saveAwards, selectDueAwards, selectNextDue } from './store.ts'

const PAGE = 1_000

const PART = 'due'

/**
 * Stage `loyalty-due`: gives up reservations whose event did not come in time. What stands on the log unread may hold
 * that event, so it waits while the reader `isBehind`.
 */
export function dueStage(parts: LoyaltyParts, isBehind: (tenantId: string) => boolean): Stage {
  const { database, clock } = parts
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
        await carryOut(parts, tx, tenantId, due.map(givingUp))
        await saveAwards(
          tx,
          due.map((award) => ({ ...award, state: 'voided' })),
        )
        return { more: true, nextDueMs: null }
      })
    },
  }
}

/** Does what the stage has decided, and keeps it for the member's history. */
export const dueConsumer: Consumer = actionConsumer(PART, {})

function givingUp(award: Award): Action {
  const { transferKey, programmeId, subscriberId, ruleId, ruleVersion, points, returnedPoints } = award
  const atMs = award.settleUntilMs!
  const reason: EarnReason = 'given_up'
  const saw = { reserved: points - returnedPoints, waitedFor: award.settleOn, award: transferKey }
  const transfer: TransferRequest = {
    key: `void:${transferKey}`,
    kind: 'void_pending',
    pendingKey: transferKey,
    at: instantOf(atMs),
    memo: 'not in time',
  }
  return {
    part: PART,
    key: transferKey,
    programmeId,
    subscriberId,
    atMs,
    transfers: [transfer],
    judgements: [{ rule: ruleId, ruleVersion, reason, saw }],
  }
}
