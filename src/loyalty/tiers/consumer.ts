import type { Operator } from '../../operator/index.ts'
import type { Consumer } from '../consumer.ts'
import { laddersOf } from './ladder.ts'
import { type Desk, placeOf } from './moving.ts'
import { tierActions, tierSession } from './session.ts'
import { insertChanges, saveStandings, selectStandings } from './store.ts'

const followed = [
  'loyalty.member_enrolled',
  'loyalty.member_left',
  'loyalty.members_merged',
  ...Object.values(tierActions),
]

/**
 * Follows what counts for tiers, and gives members the tier that conditions read. It takes what earn rules take as
 * well, so that a tier that ended before an event is seen ended by it. `operator` carries out what a benefit orders;
 * without it benefits are announced alone.
 */
export function tiersConsumer(operator: Pick<Operator, 'requestActivations'> | undefined): Consumer {
  return {
    name: 'tiers',
    kinds: ['TierLadder'],
    wants(book) {
      const { all, types } = laddersOf(book)
      if (all.length === 0) return new Set<string>()
      const rules = book.reader.list('EarnRule') as { on: string }[]
      return new Set([...types, ...rules.map(({ on }) => on), ...followed])
    },
    async open(tx, batch) {
      const ladders = laddersOf(batch.book)
      const ids = new Set<number>()
      for (const { subscriberId, concerns = [] } of batch.events) {
        for (const id of [subscriberId, ...concerns]) {
          ids.add(id)
          for (const member of batch.membersOf(id)) ids.add(member.subscriberId)
        }
      }
      const loaded = await selectStandings(tx, [...ladders.byId.keys()], [...ids])
      const standings = new Map(loaded.map((one) => [placeOf(one.ladderId, one.subscriberId), one]))
      for (const { document, programme } of ladders.all) {
        if (!document.isPrimary) continue
        for (const id of ids) {
          const member = batch.memberOf(programme.id, id)
          if (member) member.tier = standings.get(placeOf(document.id, member.subscriberId))?.tier ?? null
        }
      }
      const desk: Desk = { batch, ladders, standings, changed: new Set(), changes: [], orders: [] }
      return {
        ...tierSession(desk),
        async store(tx) {
          await saveStandings(tx, [...desk.changed])
          await insertChanges(tx, desk.changes)
          if (desk.orders.length > 0) await operator?.requestActivations(tx, desk.orders)
        },
      }
    },
  }
}
