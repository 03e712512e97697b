import assert from 'node:assert/strict'
import { instantOf } from '../../platform/index.ts'
import { ownerOpening } from '../accounts.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { ownerOf } from '../members.ts'
import { type AbuseCase, heldPoints, memberSubject } from './case.ts'
import type { Desk } from './desk.ts'
import { accountIn } from './plan.ts'

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
  if (former === 'confirmed') giveBackForfeited(abuseCase, event, effects)
  else settleHolds(abuseCase, forfeits, event, effects)
  if (!forfeits) carryOver(desk, abuseCase, event, effects)
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
    data: { case: abuseCase.caseId, points: Number(heldPoints(abuseCase)) },
  })
}

const endOf = (atMs: number, days: number | undefined): number | null =>
  days === undefined ? null : atMs + days * DAY_MS

const settleKey = (key: string): string => `${key}:decided`

function settleHolds({ holds }: AbuseCase, forfeits: boolean, { atMs }: TakenEvent, effects: Effects): void {
  for (const { key } of holds) {
    const kind = forfeits ? 'post_pending' : 'void_pending'
    effects.post({ key: settleKey(key), kind, pendingKey: key, at: instantOf(atMs) })
  }
}

/** The ledger refuses it where the points had been given back, and nothing is to be done there. */
function giveBackForfeited({ holds }: AbuseCase, { atMs }: TakenEvent, effects: Effects): void {
  for (const { key } of holds) {
    const reversedKey = settleKey(key)
    effects.post({ key: `${key}:undone`, kind: 'reverse', reversedKey, at: instantOf(atMs) })
  }
}

/**
 * What was given back lies where it was held. Since then its member may have become another one, or have entered a
 * household with one balance; then it follows them, as all else has. Refused where nothing was given back.
 */
function carryOver(desk: Desk, abuseCase: AbuseCase, { atMs, eventId }: TakenEvent, effects: Effects): void {
  const { programmeId, subscriberId, holds } = abuseCase
  const programme = desk.batch.book.programmes.get(programmeId)
  const member = desk.batch.memberOf(programmeId, subscriberId)
  if (!programme || !member) return
  const creditAccount = accountIn(programme, member)
  for (const { key, points, account } of holds) {
    if (account === creditAccount || !account.startsWith('member:') || points === 0n) continue
    effects.openAccount(ownerOpening(ownerOf(member), programme.currency))
    effects.post({
      key: `${key}:moved:${eventId}`,
      kind: 'post',
      debitAccount: account,
      creditAccount,
      amountMinor: points,
      currency: programme.currency,
      at: instantOf(atMs),
    })
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
