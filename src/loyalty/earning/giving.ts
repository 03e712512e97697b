import type { Scope } from '../../expressions/index.ts'
import { isoOf } from '../../platform/index.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { expiryMs } from '../local-time.ts'
import type { Member } from '../members.ts'
import { keepsExpiry } from '../programmes.ts'
import { type Award, awardKey, type Counter } from './award.ts'
import { blankAward, credit } from './crediting.ts'
import { type Desk, refuse, scopeIn } from './desk.ts'
import type { EarnReason } from './errors.ts'
import { countersOf, type Offer, offerOf, textOf } from './offer.ts'
import { applyReturns } from './returning.ts'
import type { CompiledRule } from './rule.ts'
import { settleNew } from './settling.ts'

type Candidate = {
  rule: CompiledRule
  member: Member
  offer: Offer
  scope: Scope
  counters: Counter[]
  /** What caps and budgets leave of the offer. */
  room: bigint
  limit: EarnReason
}

const DAY_MS = 86_400_000

/** Lets every rule on the event's type judge it; of a group the best one alone gives. */
export function giveByRules(desk: Desk, event: TakenEvent, effects: Effects): void {
  const candidates: Candidate[] = []
  const grantOne = (candidate: Candidate): void => grant(desk, candidate, event, effects)
  for (const rule of desk.rules.byType.get(event.type) ?? []) {
    const member = desk.batch.memberOf(rule.programme.id, event.subscriberId)
    if (!member || member.state !== 'active') {
      refuse(rule, effects, member ? 'member_left' : 'not_a_member', {})
      continue
    }
    const scope = scopeIn(desk, rule, event, member)
    const offer = offerOf(rule, event, scope)
    if (offer.reason !== 'credited') {
      refuse(rule, effects, offer.reason, offer.saw)
      continue
    }
    const candidate = { rule, member, offer, scope, ...roomFor(desk, rule, event, member, offer.points) }
    if (rule.document.bestOf === undefined) grantOne(candidate)
    else candidates.push(candidate)
  }
  for (const group of Map.groupBy(candidates, groupOf).values()) {
    // What another rule has given by now may have narrowed a common budget.
    const fresh = group.map((one) => ({
      ...one,
      ...roomFor(desk, one.rule, event, one.member, one.offer.points),
    }))
    const best = fresh.reduce((top, one) => (one.room > top.room ? one : top))
    for (const one of fresh) {
      if (one === best) grantOne(one)
      else refuse(one.rule, effects, 'better_rule', { rule: best.rule.document.id, points: best.room })
    }
  }
}

const groupOf = ({ rule }: Candidate): string => `${rule.programme.id}\n${rule.document.bestOf}`

/** How much of the points caps and budget let through, and which of them said less. */
function roomFor(
  { memory, local }: Desk,
  rule: CompiledRule,
  event: TakenEvent,
  member: Member,
  points: bigint,
): Pick<Candidate, 'counters' | 'room' | 'limit'> {
  const { document, programme } = rule
  const budget = programme.budgets.find(({ id }) => id === document.budget)
  const limits = [
    ...document.caps,
    ...(budget ? [{ ...budget, times: undefined, per: 'rule' as const }] : []),
  ]
  const counters: Counter[] = []
  let room = points
  let limit: EarnReason = 'cap_reached'
  countersOf(rule, event.atMs, local).forEach(({ counter, perMember, period }, i) => {
    const cap = limits[i]!
    const kept = memory.counterOf(counter, perMember ? member.subscriberId : 0, period)
    const isForEvent = cap.period === 'event'
    if (!isForEvent) counters.push(kept)
    const gone = isForEvent ? { points: 0n, times: 0 } : kept
    const left = cap.points === undefined ? room : BigInt(cap.points) - gone.points
    const open = cap.times !== undefined && gone.times >= cap.times ? 0n : left
    if (open < room) {
      room = open < 0n ? 0n : open
      limit = cap === limits[document.caps.length] ? 'budget_exhausted' : 'cap_reached'
    }
  })
  // Two caps of one period count in one place, once.
  return { counters: [...new Set(counters)], room, limit }
}

function grant(desk: Desk, candidate: Candidate, event: TakenEvent, effects: Effects): void {
  const { rule, member, offer, scope, counters, room, limit } = candidate
  const { document, version, programme, timeZone } = rule
  const saw = { ...offer.saw, ...(room < offer.points ? { offered: offer.points, limit } : {}) }
  if (room === 0n) return refuse(rule, effects, limit, saw)
  const { pending } = document
  const settling = rule.settling
  const untilMs = rule.pendingUntil?.value(scope)
  const reservedMs = pending && 'event' in pending ? event.atMs + pending.days * DAY_MS : null
  const availableFromMs =
    pending && 'days' in pending && !settling
      ? event.atMs + pending.days * DAY_MS
      : typeof untilMs === 'number'
        ? Math.max(untilMs, event.atMs)
        : event.atMs
  const transferKey = awardKey(document.id, event.eventId)
  const award: Award = {
    ...blankAward(programme, member, event),
    transferKey,
    postedKey: settling ? null : transferKey,
    ruleId: document.id,
    ruleVersion: version,
    points: room,
    state: settling ? 'pending' : 'posted',
    reference: textOf(rule.reference, scope) ?? null,
    baseMinor: offer.baseMinor,
    settleOn: settling?.on ?? null,
    settleKey: textOf(rule.pendingKey, scope) ?? null,
    settleUntilMs: reservedMs,
    availableFromMs,
    // Points live from the day on which they can be spent; what waits for an event gets its day with that.
    expiresAtMs: settling ? null : expiryMs(document.expiry ?? programme.expiry, availableFromMs, timeZone),
  }
  for (const counter of counters) {
    counter.points += room
    counter.times++
    desk.memory.changedCounters.add(counter)
  }
  const partly: EarnReason = room < offer.points ? 'credited_in_part' : 'credited'
  credit(desk, award, programme, member, effects, {
    reason: settling ? 'pending' : partly,
    keeps: keepsExpiry(document.expiry),
    saw: {
      ...saw,
      ...(availableFromMs > event.atMs ? { availableFrom: isoOf(availableFromMs) } : {}),
      ...(award.expiresAtMs === null ? {} : { expiresAt: isoOf(award.expiresAtMs) }),
      ...(settling ? { waitsFor: settling.on, until: isoOf(reservedMs!) } : {}),
    },
  })
  if (award.reference !== null) applyReturns(desk, rule, member, award.reference, effects)
  if (settling) settleNew(desk, rule, award, effects)
}
