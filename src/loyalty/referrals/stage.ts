import type { Stage } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import { selectNextDue } from './grant-store.ts'
import { payDue } from './paying.ts'
import { planOf } from './plan.ts'
import { rewardDue } from './rewarding.ts'

const PAGE = 500

/**
 * Stage `loyalty-referrals`: gives the rewards whose condition was met or whose day has come. A referee's leaving may
 * stand on the log unread, so it waits while the reader `isBehind`.
 */
export function referralStage(parts: LoyaltyParts, isBehind: (tenantId: string) => boolean): Stage {
  const { database, clock, books } = parts
  return {
    name: 'loyalty-referrals',
    async run(tenantId) {
      if (isBehind(tenantId)) return { more: false, nextDueMs: null }
      const plan = planOf(await books.of(tenantId))
      const known = [...plan.byId.keys()]
      const withMoney = parts.operator?.client !== undefined
      const next = await database.tx(tenantId, (tx) => selectNextDue(tx, known, withMoney))
      if (next === null || next.epochMilliseconds > clock.nowMs()) {
        return { more: false, nextDueMs: next?.epochMilliseconds ?? null }
      }
      await database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        await rewardDue(parts, tx, tenantId, plan, clock.now(), PAGE)
      })
      await payDue(parts, tenantId)
      return { more: true, nextDueMs: null }
    },
  }
}
