import { newId, type Stage, type StageResult, type Tx } from '../../platform/index.ts'
import type { Book } from '../book.ts'
import type { TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { lockLoyalty, selectMemberPage } from '../members-store.ts'
import { deleteCountedBefore, deleteFormerlyCounted } from './counted-store.ts'
import { firstDayKept, keepsPurchases } from './counting.ts'
import type { Day } from './days.ts'
import { fillSome } from './filling.ts'
import { laddersOf, type ReadyLadder } from './ladder.ts'
import { tierActions } from './session.ts'
import { clearDue, saveWalk, selectDue, selectNextDue, selectWalks, type Walk } from './store.ts'

/** Standings whose moment has come, in one transaction. */
const PAGE = 2_000
/** Members of a programme whose ladder has changed, in one transaction. */
const WALK = 5_000

/**
 * Stage `loyalty-tiers`: looks at the standings whose moment has come and at no others, and once at all members of a
 * programme after one of its ladders was made, and filled with what they had done before, or changed. What stands on the
 * log unread may count, so it waits while the reader `isBehind`.
 */
export function tiersStage(parts: LoyaltyParts, isBehind: (tenantId: string) => boolean): Stage {
  /** Versions of ladders for which all members are known to have been looked at. */
  const walked = new Map<string, string>()
  /** The day up to which purchases that count no more were forgotten, by tenant and ladder. */
  const forgotten = new Map<string, Day>()
  return {
    name: 'loyalty-tiers',
    async run(tenantId): Promise<StageResult> {
      if (isBehind(tenantId)) return { more: false, nextDueMs: null }
      const book = await parts.books.of(tenantId)
      const versions = laddersOf(book)
        .all.map(({ document, version }) => `${document.id}:${version}`)
        .join()
      if (walked.get(tenantId) !== versions) {
        if (await fillSome(parts, book)) return { more: true, nextDueMs: null }
        if (await walkOn(parts, book)) return { more: true, nextDueMs: null }
        await parts.database.tx(tenantId, deleteFormerlyCounted)
        walked.set(tenantId, versions)
      }
      await forgetPurchases(parts, book, forgotten)
      return reviewDue(parts, book)
    },
  }
}

/** Once a day: purchases of days that are over with their grace cannot be taken back from anything. */
async function forgetPurchases(
  { database, clock }: LoyaltyParts,
  book: Book,
  forgotten: Map<string, Day>,
): Promise<void> {
  for (const ladder of laddersOf(book).all.filter(keepsPurchases)) {
    const { document, days } = ladder
    const place = `${book.tenantId} ${document.id}`
    const today = days.dayOf(clock.nowMs())
    if (forgotten.get(place) === today) continue
    await database.tx(book.tenantId, (tx) =>
      deleteCountedBefore(tx, document.id, firstDayKept(ladder, today)),
    )
    forgotten.set(place, today)
  }
}

const reviewOf = (
  ladder: string,
  programmeId: string,
  subscriberId: number,
  atMs: number,
  data: Record<string, unknown> = {},
): TakenEvent => ({
  // The standing itself says whether there is anything to do, so no review is ever a repetition.
  eventId: newId(),
  id: `review ${ladder}:${subscriberId}:${atMs}`,
  source: LOYALTY_SOURCE,
  type: tierActions.review,
  atMs,
  subscriberId,
  data: { ...data, ladder, programme: programmeId },
  depth: 0,
})

async function reviewDue({ database, clock, take }: LoyaltyParts, book: Book): Promise<StageResult> {
  const { tenantId } = book
  return database.tx(tenantId, async (tx) => {
    const now = clock.now()
    const nextDue = await selectNextDue(tx)
    if (nextDue === null || nextDue.epochMilliseconds > now.epochMilliseconds) {
      return { more: false, nextDueMs: nextDue?.epochMilliseconds ?? null }
    }
    lockLoyalty(tx)
    const due = await selectDue(tx, now, PAGE)
    const { byId } = laddersOf(book)
    for (const [ladderId, gone] of Map.groupBy(due, (one) => one.ladderId)) {
      if (byId.has(ladderId)) continue
      await clearDue(
        tx,
        ladderId,
        gone.map(({ subscriberId }) => subscriberId),
      )
    }
    const known = due.filter(({ ladderId }) => byId.has(ladderId))
    await take(
      tx,
      tenantId,
      known.map(({ ladderId, programmeId, subscriberId, dueMs }) =>
        reviewOf(ladderId, programmeId, subscriberId, dueMs),
      ),
    )
    return { more: true, nextDueMs: null }
  })
}

/** Looks at the next members of a programme with a new ladder; false when there is none. */
async function walkOn({ database, clock, take }: LoyaltyParts, book: Book): Promise<boolean> {
  const { tenantId } = book
  return database.tx(tenantId, async (tx) => {
    lockLoyalty(tx)
    const walks = new Map((await selectWalks(tx)).map((walk) => [walk.ladderId, walk]))
    for (const ladder of laddersOf(book).all) {
      const walk = currentWalk(ladder, walks.get(ladder.document.id))
      if (walk.isDone) continue
      await step(tx, ladder, walk)
      return true
    }
    return false
  })

  async function step(tx: Tx, { document, programme }: ReadyLadder, walk: Walk): Promise<void> {
    const members = await selectMemberPage(tx, programme.id, walk.afterSubscriber, WALK)
    const atMs = clock.nowMs()
    const events = members
      .filter(({ state }) => state === 'active')
      .map(({ subscriberId }) =>
        reviewOf(document.id, programme.id, subscriberId, atMs, { version: walk.version }),
      )
    if (events.length > 0) await take(tx, tenantId, events)
    const afterSubscriber = members.at(-1)?.subscriberId ?? walk.afterSubscriber
    await saveWalk(tx, { ...walk, afterSubscriber, isDone: members.length < WALK })
  }
}

function currentWalk({ document: { id }, version }: ReadyLadder, walk: Walk | undefined): Walk {
  if (walk?.version === version) return walk
  return { ladderId: id, version, afterSubscriber: 0, isDone: false }
}
