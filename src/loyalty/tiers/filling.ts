import type { Tx } from '../../platform/index.ts'
import { PURCHASE, withPointsAsText } from '../announcements.ts'
import type { Book } from '../book.ts'
import type { TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { scan } from '../event-reader.ts'
import type { Member } from '../members.ts'
import { lockLoyalty, selectMemberPage, selectMembers } from '../members-store.ts'
import { saveCounted, selectCounted } from './counted-store.ts'
import { CountedPurchases, countEvent, type CountedPlace, keepsPurchases } from './counting.ts'
import {
  type Fill,
  saveFill,
  selectCampaignPurchases,
  selectEarned,
  selectReadEnds,
  startFills,
} from './fill-store.ts'
import { EARNED, laddersOf, type ReadyLadder } from './ladder.ts'
import { count, newStanding, type Standing } from './standing.ts'
import { saveStandings, selectStandings } from './store.ts'

/** Events of the log, and members, in one transaction. */
const EVENTS = 5_000
const MEMBERS = 500

/**
 * Fills a ladder that is new, or counts anew, with the next piece of what happened before it counts by itself: spend from
 * what campaigns sold and from the event log, up to where that was read, and points from awards and the journal. False when
 * there is nothing left to fill. Nobody's tier is looked at here: that is done for everybody when a ladder is full. A
 * piece and how far it came are stored in one transaction, under loyalty's turn, so that every event counts either here
 * or by itself.
 */
export async function fillSome(parts: LoyaltyParts, book: Book): Promise<boolean> {
  const ladders = laddersOf(book)
  if (ladders.all.length === 0) return false
  return parts.database.tx(book.tenantId, async (tx) => {
    lockLoyalty(tx)
    const [fill] = await startFills(tx, ladders.all)
    if (!fill) return false
    const ladder = ladders.byId.get(fill.ladderId)!
    const isSpend = ladder.document.by.measure === 'spend'
    await saveFill(
      tx,
      isSpend
        ? await fillSpend(parts, tx, ladder, fill, book.tenantId)
        : await fillPoints(parts, tx, ladder, fill),
    )
    return true
  })
}

/** Counts the next events that were read already; when there is none, the ladder counts by itself from now on. */
async function fillSpend(
  { logOf, profiles }: LoyaltyParts,
  tx: Tx,
  ladder: ReadyLadder,
  fill: Fill,
  tenantId: string,
): Promise<Fill> {
  const types = new Set(ladder.measures.map(({ on }) => on))
  // What campaigns have sold since the filling began counts by itself.
  const ends = (await selectReadEnds(tx)).with(0, fill.ends[0]!)
  const positions = ends.map((_, i) => fill.positions[i] ?? 0)
  const at = positions.findIndex((position, i) => position < ends[i]!)
  if (at < 0) return { ...fill, positions, ends, isDone: true }
  const [from, end] = [positions[at]!, ends[at]!]
  const { events, next } =
    at === 0 ? await soldBehind(tx, from, end) : await scan(logOf(tenantId), at - 1, from, end, types, EVENTS)
  const members = await membersOf(tx, ladder, events)
  const subscribers = await profiles.subscribersByIds(tx, [
    ...new Set([...members.values()].map(({ subscriberId }) => subscriberId)),
  ])
  const known = events.flatMap((event) => {
    const member = members.get(event.subscriberId)
    // Whoever has left and came back began again then.
    if (member?.state !== 'active' || event.atMs < member.enrolledAtMs) return []
    const subscriber = subscribers.get(member.subscriberId)?.attributes ?? {}
    return [{ event, member, scope: { event: event.data, subscriber } }]
  })
  const standings = await standingsOf(
    tx,
    ladder,
    known.map(({ member }) => member),
  )
  const purchases = new CountedPurchases()
  const places = keepsPurchases(ladder)
    ? known.flatMap(({ event, member, scope }): CountedPlace[] =>
        ladder.measures.flatMap(({ on, referenceOf }) => {
          const reference = on === event.type ? referenceOf(scope) : undefined
          const { subscriberId } = member
          return reference === undefined ? [] : [{ ladderId: ladder.document.id, subscriberId, reference }]
        }),
      )
    : []
  purchases.load(await selectCounted(tx, places))
  for (const { event, member, scope } of known) {
    countEvent(ladder, standings.get(member.subscriberId)!, purchases, event, scope)
  }
  await saveStandings(tx, [...standings.values()])
  await saveCounted(tx, [...purchases.changed])
  return { ...fill, positions: positions.with(at, next), ends }
}

/** The next purchases of campaigns, as events, and the place behind them. */
async function soldBehind(
  tx: Tx,
  from: number,
  end: number,
): Promise<{ events: Pick<TakenEvent, 'type' | 'atMs' | 'subscriberId' | 'data'>[]; next: number }> {
  const rows = await selectCampaignPurchases(tx, { from, end, limit: EVENTS })
  const events = rows.map(({ subscriberId, at, data }) => {
    return { type: PURCHASE, atMs: at.epochMilliseconds, subscriberId, data }
  })
  return { events, next: rows.length < EVENTS ? end : Number(rows.at(-1)!.seq) }
}

/** The members as whom the subscribers of events go on. */
async function membersOf(
  tx: Tx,
  { programme }: ReadyLadder,
  events: Pick<TakenEvent, 'subscriberId'>[],
): Promise<Map<number, Member>> {
  const ids = [...new Set(events.map(({ subscriberId }) => subscriberId))]
  const found = (await selectMembers(tx, ids)).filter(({ programmeId }) => programmeId === programme.id)
  const byId = new Map(found.map((member) => [member.subscriberId, member]))
  return new Map(
    found.map((member) => [
      member.subscriberId,
      member.mergedInto === null ? member : byId.get(member.mergedInto)!,
    ]),
  )
}

async function standingsOf(tx: Tx, ladder: ReadyLadder, members: Member[]): Promise<Map<number, Standing>> {
  const ids = [...new Set(members.map(({ subscriberId }) => subscriberId))]
  const stored = await selectStandings(tx, [ladder.document.id], ids)
  const standings = new Map(stored.map((one) => [one.subscriberId, one]))
  for (const { subscriberId, enrolledAtMs } of members) {
    if (standings.has(subscriberId)) continue
    standings.set(subscriberId, newStanding(ladder, subscriberId, enrolledAtMs))
  }
  return standings
}

/** Counts what the next members have earned, what the ladder saw of it by itself included. */
async function fillPoints(
  { profiles }: LoyaltyParts,
  tx: Tx,
  ladder: ReadyLadder,
  fill: Fill,
): Promise<Fill> {
  const { programme, days } = ladder
  const page = await selectMemberPage(tx, programme.id, fill.positions[0]!, MEMBERS)
  // Who was merged since the filling began goes on as somebody whose page may have been before: that one counts anew.
  const goOn = await selectMembers(
    tx,
    page.flatMap(({ mergedInto }) => mergedInto ?? []),
  )
  const members = [...page, ...goOn].filter(
    ({ programmeId, state }) => programmeId === programme.id && state === 'active',
  )
  const subscriberIds = members.map(({ subscriberId }) => subscriberId)
  const subscribers = await profiles.subscribersByIds(tx, subscriberIds)
  const standings = await standingsOf(tx, ladder, members)
  for (const standing of standings.values()) standing.buckets = []
  const enrolledAt = new Map(members.map(({ subscriberId, enrolledAtMs }) => [subscriberId, enrolledAtMs]))
  const about = { programmeId: programme.id, currency: programme.currency, subscriberIds }
  const earned = await selectEarned(tx, about)
  const measure = ladder.measures.find(({ on }) => on === EARNED)!
  for (const { subscriberId, rule, points, at } of earned) {
    if (at.epochMilliseconds < enrolledAt.get(subscriberId)!) continue
    const told = { rule, pointsMinor: Number(points), isPending: false, programme: programme.id }
    const event = withPointsAsText(EARNED, told, programme.decimals)
    const subscriber = subscribers.get(subscriberId)?.attributes ?? {}
    const amount = measure.amountOf({ event, subscriber })
    if (amount > 0n) count(ladder, standings.get(subscriberId)!, days.dayOf(at.epochMilliseconds), amount)
  }
  await saveStandings(tx, [...standings.values()])
  const last = page.at(-1)?.subscriberId ?? fill.ends[0]!
  return { ...fill, positions: [last], isDone: page.length < MEMBERS || last >= fill.ends[0]! }
}
