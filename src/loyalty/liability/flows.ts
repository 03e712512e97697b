import type { Stage } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { tellDirect } from './direct.ts'
import { addFlows, advanceFlows, selectJournalEnd, selectPosition, type Zones } from './flow-store.ts'

/** Transfers that are added up in one transaction. */
const PAGE = 20_000n

/**
 * Stage `loyalty-flows`: adds up by month what the ledger's journal says of points, each transfer once, and tells members of
 * those that loyalty did not book.
 */
export function flowsStage(parts: LoyaltyParts): Stage {
  const { database, books } = parts
  return {
    name: 'loyalty-flows',
    async run(tenantId) {
      const book = await books.of(tenantId)
      const more = await database.tx(tenantId, async (tx) => {
        const from = await selectPosition(tx)
        const end = (await selectJournalEnd(tx)) + 1n
        if (from >= end) return false
        const to = end - from > PAGE ? from + PAGE : end
        // Another process adds up the same journal.
        if (!(await advanceFlows(tx, from, to))) return true
        await addFlows(tx, from, to, zonesOf(book))
        await tellDirect(parts, tx, book, { from, to })
        return to < end
      })
      return { more, nextDueMs: null }
    },
  }
}

function zonesOf(book: Book): Zones {
  const programmes = [...book.programmes.values()]
  return {
    currencies: programmes.map(({ currency }) => currency),
    timeZones: programmes.map((programme) => book.timeZoneOf(programme)),
  }
}
