import type { Operator } from '../../operator/index.ts'
import type { Consumer } from '../consumer.ts'
import type { Member } from '../members.ts'
import { laddersOf } from './ladder.ts'
import { type Desk, placeOf } from './moving.ts'
import { tierActions, tierSession } from './session.ts'
import { insertChanges, saveStandings, selectStandings } from './store.ts'
import { tierWords } from './words.ts'

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
    words: tierWords,
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
      setTiers(
        ladders,
        standings,
        [...ids].flatMap((id) => batch.membersOf(id)),
      )
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
    async describe(tx, members, book) {
      const ladders = laddersOf(book)
      const primary = ladders.all.filter(({ document }) => document.isPrimary)
      const loaded = await selectStandings(
        tx,
        primary.map(({ document }) => document.id),
        members.map(({ subscriberId }) => subscriberId),
      )
      const standings = new Map(loaded.map((one) => [placeOf(one.ladderId, one.subscriberId), one]))
      setTiers(ladders, standings, members)
    },
  }
}

/** Gives members the tier of their programme's primary ladder. */
function setTiers(ladders: Desk['ladders'], standings: Desk['standings'], members: Member[]): void {
  for (const { document, programme } of ladders.all) {
    if (!document.isPrimary) continue
    for (const member of members) {
      if (member.programmeId !== programme.id) continue
      member.tier = standings.get(placeOf(document.id, member.subscriberId))?.tier ?? null
    }
  }
}
