import type { Operator } from '../../operator/index.ts'
import type { Batch, Consumer } from '../consumer.ts'
import { PURCHASE } from '../announcements.ts'
import type { Member } from '../members.ts'
import { deleteCounted, mergeCounted, saveCounted, selectCounted } from './counted-store.ts'
import { CountedPurchases, type CountedPlace, keepsPurchases } from './counting.ts'
import { insertCampaignPurchases, startFills } from './fill-store.ts'
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
      if (all.length === 0) return new Set([PURCHASE])
      const rules = book.reader.list('EarnRule') as { on: string }[]
      return new Set([PURCHASE, ...types, ...rules.map(({ on }) => on), ...followed])
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
      const unfilled = new Set((await startFills(tx, ladders.all)).map(({ ladderId }) => ladderId))
      const loaded = await selectStandings(tx, [...ladders.byId.keys()], [...ids])
      const standings = new Map(loaded.map((one) => [placeOf(one.ladderId, one.subscriberId), one]))
      setTiers(
        ladders,
        standings,
        [...ids].flatMap((id) => batch.membersOf(id)),
      )
      const purchases = new CountedPurchases()
      const desk: Desk = {
        batch,
        ladders,
        unfilled,
        standings,
        changed: new Set(),
        changes: [],
        purchases,
        sold: [],
        orders: [],
      }
      purchases.load(await selectCounted(tx, namedIn(batch, ladders)))
      return {
        ...tierSession(desk),
        async store(tx) {
          await saveStandings(tx, [...desk.changed])
          await deleteCounted(tx, purchases.forgotten)
          await saveCounted(tx, [...purchases.changed])
          await insertChanges(tx, desk.changes)
          await insertCampaignPurchases(tx, desk.sold)
          if (desk.orders.length > 0) await operator?.requestActivations(tx, desk.orders)
        },
      }
    },
    merge: mergeCounted,
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

/** The purchases that events of a batch name, whether they are bought or returned. */
function namedIn(batch: Batch, { all }: Desk['ladders']): CountedPlace[] {
  return all.filter(keepsPurchases).flatMap((ladder) =>
    batch.events.flatMap((event) => {
      const member = batch.memberOf(ladder.programme.id, event.subscriberId)
      const subscriberId = member?.subscriberId ?? event.subscriberId
      const subscriber = batch.subscriberOf(subscriberId)?.attributes ?? {}
      return ladder.measures.flatMap(({ on, referenceOf }) => {
        const reference = on === event.type ? referenceOf({ event: event.data, subscriber }) : undefined
        return reference === undefined ? [] : [{ ladderId: ladder.document.id, subscriberId, reference }]
      })
    }),
  )
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
