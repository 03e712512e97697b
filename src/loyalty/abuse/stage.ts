import type { Stage } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import { selectLapsing } from './case-store.ts'
import { decisionEvent } from './service.ts'

/** Cases that lapse in one transaction. */
const PAGE = 500

/** Stage `loyalty-abuse`: undoes cases that nobody decided in time. */
export const abuseStage = ({ database, clock, take }: LoyaltyParts): Stage => ({
  name: 'loyalty-abuse',
  run: (tenantId) =>
    database.tx(tenantId, async (tx) => {
      const now = clock.now()
      const before = await selectLapsing(tx, now, 1)
      if (before.cases.length === 0) {
        return { more: false, nextDueMs: before.next?.epochMilliseconds ?? null }
      }
      lockLoyalty(tx)
      const { cases } = await selectLapsing(tx, now, PAGE)
      const events = cases.map((one) =>
        decisionEvent(one, 'lapse', { by: 'clock', atMs: one.closesAtMs ?? now.epochMilliseconds }),
      )
      await take(tx, tenantId, events)
      return { more: true, nextDueMs: null }
    }),
})
