import assert from 'node:assert/strict'
import { instantOf } from '../../platform/index.ts'
import { extensionsFrom } from '../activity.ts'
import type { Effects, Judgement, TakenEvent } from '../consumer.ts'
import { judgedDestination } from '../moved.ts'
import type { Programme } from '../programmes.ts'
import { destinationOf, onward, reinstatedUntil } from '../reinstating.ts'
import { type AbuseCase, heldPoints, type Hold, memberSubject } from './case.ts'
import { type Desk, placeOf } from './desk.ts'
import type { AbuseNews } from './errors.ts'

const DAY_MS = 86_400_000
const EXEMPT_DAYS = 365

export const decisions = ['confirm', 'release', 'lapse'] as const
export type Decision = (typeof decisions)[number]

const stateAfter = { confirm: 'confirmed', release: 'released', lapse: 'lapsed' } as const

/**
 * Does what was decided about a case. Confirmed: what is held is forfeited or given back, as the policy says, and the
 * member stays refused. Released, also after it had been confirmed: everything is undone, and its reasons strike this
 * member no more for a time. Lapsed: everything is undone, and the deeds behind it count no more.
 */
export function decide(desk: Desk, event: TakenEvent, effects: Effects): void {
  const { decision, by, note } = event.data as { decision: Decision; by: string; note: string | null }
  const abuseCase = desk.cases.get(String(event.data['case']))
  assert(abuseCase, 'the service looks whether there is such a case')
  const policy = desk.plan.byProgramme.get(abuseCase.programmeId)?.document
  const former = abuseCase.state
  const forfeits = decision === 'confirm' && (policy?.confirmed.forfeit ?? false)
  // Whoever was suspected without reason loses nothing by the time that it took to find out.
  const programme = desk.batch.book.programmes.get(abuseCase.programmeId)
  const isWronged = decision !== 'confirm' && programme !== undefined
  const until = isWronged ? { expiresNotBefore: untilOf(desk, programme, event) } : {}
  const held = abuseCase.holds.filter(({ points }) => points > 0n)
  const forfeited = held.filter(({ isForfeited }) => isForfeited)
  if (former === 'confirmed') giveBack(abuseCase, forfeited, event, until, effects)
  else if (forfeits) forfeit(abuseCase, held, event, effects)
  else letGo(abuseCase, held, event, until, effects)
  if (isWronged) liveOn(desk, programme, abuseCase, event, effects)
  if (!forfeits) carryOver(desk, abuseCase, former === 'confirmed' ? forfeited : held, event, effects)
  const state = stateAfter[decision]
  const refuseForDays = policy?.confirmed.refuseForDays
  Object.assign(abuseCase, {
    state,
    decidedAtMs: event.atMs,
    decidedBy: by,
    note,
    ...(state === 'confirmed' ? { level: 'refuse', closesAtMs: endOf(event.atMs, refuseForDays) } : {}),
  })
  desk.changedCases.add(abuseCase)
  if (state === 'released') exempt(desk, abuseCase, event.atMs, policy?.exemptForDays ?? EXEMPT_DAYS)
  // What was decided upon is the past of whoever goes on.
  else {
    const standing = desk.standing(abuseCase.programmeId, abuseCase.subscriberId)
    Object.assign(standing, { deeds: [], givenPoints: 0n, instruments: [] })
    desk.changedStandings.add(standing)
  }
  effects.announce({
    type: `loyalty.abuse_${state}`,
    programmeId: abuseCase.programmeId,
    subscriberId: abuseCase.subscriberId,
    key: event.eventId,
    atMs: event.atMs,
    data: { case: abuseCase.caseId, pointsMinor: Number(heldPoints(abuseCase)) },
  })
}

const endOf = (atMs: number, days: number | undefined): number | null =>
  days === undefined ? null : atMs + days * DAY_MS

const settleKey = (key: string): string => `${key}:decided`

type Until = { expiresNotBefore?: Temporal.Instant }

const untilOf = ({ batch: { book } }: Desk, programme: Programme, { atMs }: TakenEvent): Temporal.Instant =>
  reinstatedUntil(programme, atMs, book.timeZoneOf(programme))

/** What was held is taken. */
function forfeit(abuseCase: AbuseCase, holds: Hold[], { atMs }: TakenEvent, effects: Effects): void {
  for (const hold of holds) {
    const { key, points, account } = hold
    hold.isForfeited = true
    effects.post({ key: settleKey(key), kind: 'post_pending', pendingKey: key, at: instantOf(atMs) })
    say(abuseCase, { reason: 'abuse_forfeited', account, points: -points, saw: {} }, effects)
  }
}

/** What was held is free again; it has been on its account all the time. */
function letGo(
  abuseCase: AbuseCase,
  holds: Hold[],
  { atMs }: TakenEvent,
  until: Until,
  effects: Effects,
): void {
  const at = instantOf(atMs)
  for (const { key, points } of holds) {
    effects.post({ key: settleKey(key), kind: 'void_pending', pendingKey: key, at, ...until })
    say(abuseCase, { reason: 'abuse_let_go', saw: { held: points } }, effects)
  }
}

/** What was taken when the case was confirmed comes back. */
function giveBack(
  abuseCase: AbuseCase,
  holds: Hold[],
  { atMs }: TakenEvent,
  until: Until,
  effects: Effects,
): void {
  const at = instantOf(atMs)
  for (const hold of holds) {
    const { key, points, account } = hold
    delete hold.isForfeited
    effects.post({ key: `${key}:undone`, kind: 'reverse', reversedKey: settleKey(key), at, ...until })
    say(abuseCase, { reason: 'abuse_given_back', account, points, saw: {} }, effects)
  }
}

/** Where earning gives all points a new life, those that were held meanwhile get it too. */
function liveOn(
  { batch: { book }, lastEarned }: Desk,
  programme: Programme,
  { caseId, subscriberId, holds }: AbuseCase,
  { atMs }: TakenEvent,
  effects: Effects,
): void {
  const earnedAtMs = lastEarned.get(placeOf(programme.id, subscriberId))
  for (const account of new Set(holds.map((hold) => hold.account))) {
    const about = { key: `abuse:${caseId}`, account, earnedAtMs, atMs }
    for (const request of extensionsFrom(book, programme, about)) effects.post(request)
  }
}

/** Tells the member what the decision does to points, and nothing of the signs that led to it. */
function say(
  { programmeId, caseId }: AbuseCase,
  about: Pick<Judgement, 'account' | 'points' | 'saw'> & { reason: AbuseNews },
  effects: Effects,
): void {
  const saw = { case: caseId, ...about.saw }
  effects.judge({ consumer: 'abuse', programmeId, rule: 'abuse', ruleVersion: 0, ...about, saw })
}

/**
 * What was given back lies where it was held, and goes on from there to where the member's points are now, or lapses
 * where a member who left has given up all points. Refused where it has paid a debt there.
 */
function carryOver(
  desk: Desk,
  { programmeId, subscriberId }: AbuseCase,
  holds: Hold[],
  { atMs, eventId }: TakenEvent,
  effects: Effects,
): void {
  const programme = desk.batch.book.programmes.get(programmeId)
  const member = desk.batch.memberOf(programmeId, subscriberId)
  if (!programme || !member) return
  for (const { key, points, account } of holds) {
    const destination = destinationOf(programme, member, account, desk.sharedAccounts)
    if (!destination) continue
    const transferKey = `${key}:moved:${eventId}`
    for (const one of judgedDestination(programme, account, destination, points)) {
      effects.judge({ consumer: 'abuse', programmeId, transferKey, ...one })
    }
    effects.openAccount(destination)
    effects.post(onward(transferKey, account, destination, points, atMs))
  }
}

function exempt(desk: Desk, abuseCase: AbuseCase, atMs: number, days: number): void {
  const { caseId, programmeId, subscriberId, findings } = abuseCase
  const untilMs = atMs + days * DAY_MS
  for (const { reason, subject } of findings) {
    const about = subject === 'member' ? memberSubject(subscriberId) : subject
    desk.exempt({ programmeId, subject: about, reason, untilMs, caseId })
  }
}
