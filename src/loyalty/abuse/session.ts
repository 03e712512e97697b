import { derivedId } from '../../platform/index.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import type { Member } from '../members.ts'
import type { DeedKind } from './abuse-policy.ts'
import { type AbuseCase, type Finding, type Level, levels, memberSubject } from './case.ts'
import { decide } from './deciding.ts'
import { DECIDE, type Desk } from './desk.ts'
import type { AbuseNews } from './errors.ts'
import { instrumentsIn, type ReadyPolicy } from './plan.ts'
import { type Found, findingsOf, levelOf, scoreOf } from './scoring.ts'
import { type AbuseStanding, addDeed, addInstrument, addSum } from './standing.ts'

const DAY_MS = 86_400_000

/** Announcements that say what a member did with points. */
export const followed = [
  'loyalty.points_earned',
  'loyalty.points_transferred',
  'loyalty.reward_redeemed',
  'loyalty.points_burned',
  'loyalty.points_converted',
]

/** Two members have become one. */
export const MERGED = 'loyalty.members_merged'

/** A case about the member was opened or has got worse. */
export const SUSPECTED = 'loyalty.abuse_suspected'

/** Decides about one event. */
export function takeAbuse(desk: Desk, event: TakenEvent, effects: Effects): void {
  if (event.type === DECIDE) return decide(desk, event, effects)
  if (event.type === SUSPECTED && event.source === LOYALTY_SOURCE) return tellHeld(event, effects)
  if (event.type === MERGED && event.source === LOYALTY_SOURCE) {
    const { programme, from } = event.data as { programme: string; from: number }
    if (desk.plan.byProgramme.has(programme)) desk.mergeStandings(programme, from, event.subscriberId)
    return
  }
  const members = desk.batch.membersOf(event.subscriberId)
  for (const instrument of instrumentsIn(desk.plan, desk.batch.tenantId, event)) {
    // Who goes on as another member is seen as that one.
    desk.sight(instrument, members[0]?.subscriberId ?? event.subscriberId, event.atMs)
    for (const { programmeId } of members) {
      const policy = desk.plan.byProgramme.get(programmeId)
      const member = policy && desk.batch.memberOf(programmeId, event.subscriberId)
      if (!member) continue
      const standing = desk.standing(programmeId, member.subscriberId)
      if (addInstrument(standing, instrument)) desk.changedStandings.add(standing)
      look(desk, policy, member, event, effects)
    }
  }
  // Others may write events of these names too.
  if (event.source !== LOYALTY_SOURCE || !followed.includes(event.type)) return
  const policy = desk.plan.byProgramme.get(String(event.data['programme']))
  if (!policy) return
  for (const { who, kind, other } of deedsIn(event, policy.programme.currency)) {
    const member = desk.batch.memberOf(policy.programme.id, who)
    if (!member) continue
    if (!isWorthKeeping(policy, kind, member, event)) continue
    const points = BigInt(Number(event.data['pointsMinor']))
    const deed = { kind, atMs: event.atMs, points, other, isHeld: false }
    const standing = desk.standing(policy.programme.id, member.subscriberId)
    if (policy.keptDeeds.has(kind)) addDeed(standing, deed, policy.keptMs)
    addSum(standing, deed)
    desk.changedStandings.add(standing)
    look(desk, policy, member, event, effects)
  }
}

/** Most of what happens is somebody long known who earns: where nobody counts that, it costs nothing. */
function isWorthKeeping(
  { keptDeeds, document }: ReadyPolicy,
  kind: DeedKind,
  { enrolledAtMs }: Member,
  { atMs }: TakenEvent,
): boolean {
  const freshDays = document.signals.freshReceiver?.youngerThanDays ?? 0
  return keptDeeds.has(kind) || atMs - enrolledAtMs < freshDays * DAY_MS
}

/** Whose deed an event is: a transfer is one of both sides, and what is redeemed for somebody else is given away. */
function deedsIn(
  { type, subscriberId, data }: TakenEvent,
  currency: string,
): { who: number; kind: DeedKind; other: number }[] {
  if (type === 'loyalty.points_earned') return [{ who: subscriberId, kind: 'earned', other: 0 }]
  if (type === 'loyalty.points_converted') {
    // What comes in from elsewhere is no deed; what goes out is as good as redeemed.
    return data['fromCurrency'] === currency ? [{ who: subscriberId, kind: 'redeemed', other: 0 }] : []
  }
  if (type === 'loyalty.points_burned') return [{ who: subscriberId, kind: 'redeemed', other: 0 }]
  if (type === 'loyalty.reward_redeemed') {
    const recipient = Number(data['recipient'] ?? 0)
    const isGift = recipient !== 0 && recipient !== subscriberId
    return [{ who: subscriberId, kind: isGift ? 'sent' : 'redeemed', other: isGift ? recipient : 0 }]
  }
  const to = Number(data['to'])
  return [
    { who: subscriberId, kind: 'sent', other: to },
    { who: to, kind: 'received', other: subscriberId },
  ]
}

/** Looks at all signs of a member again; whoever was found out and is refused is looked at no more. */
function look(desk: Desk, policy: ReadyPolicy, member: Member, event: TakenEvent, effects: Effects): void {
  const { document, programme } = policy
  const { subscriberId, enrolledAtMs } = member
  if (desk.isRefused(programme.id, subscriberId, event.atMs)) return
  const standing = desk.standing(programme.id, subscriberId)
  // An event that comes late is seen together with what is known of the time after it.
  const nowMs = Math.max(event.atMs, standing.deeds.at(-1)?.atMs ?? 0)
  const seen = { standing, enrolledAtMs, nowMs, usersOf: desk.usersOf }
  const found = findingsOf(document, seen).filter(({ finding: { subject, reason } }) => {
    const about = subject === 'member' ? memberSubject(subscriberId) : subject
    return !desk.isExempt({ programmeId: programme.id, subject: about, reason }, event.atMs)
  })
  const findings = found.map(({ finding }) => finding)
  const score = scoreOf(findings)
  const level = levelOf(document, score)
  const open = desk.openCaseOf(programme.id, subscriberId)
  if (!open && level === undefined) return
  const abuseCase = open ?? openCase(desk, policy, member, event)
  const isWorse = raise(abuseCase, { score, level, findings })
  if (isWorse) {
    desk.changedCases.add(abuseCase)
    announce(abuseCase, findings, event, effects)
  }
  hold(desk, abuseCase, standing, found)
}

function openCase(desk: Desk, { document }: ReadyPolicy, member: Member, event: TakenEvent): AbuseCase {
  const { programmeId, subscriberId } = member
  const abuseCase: AbuseCase = {
    caseId: derivedId('abuse', desk.batch.tenantId, programmeId, subscriberId, event.eventId),
    programmeId,
    subscriberId,
    state: 'open',
    level: 'hold',
    score: 0,
    findings: [],
    holds: [],
    limitPoints: document.limit ? BigInt(document.limit.pointsPerDay) : null,
    openedAtMs: event.atMs,
    closesAtMs: event.atMs + document.openForDays * DAY_MS,
    decidedAtMs: null,
    decidedBy: null,
    note: null,
  }
  desk.addCase(abuseCase)
  return abuseCase
}

/** A case only ever gets worse by itself; it is an agent who makes it better. */
function raise(
  abuseCase: AbuseCase,
  now: { score: number; level: Level | undefined; findings: Finding[] },
): boolean {
  const known = new Set(abuseCase.findings.map(keyOf))
  const isWorse = now.score > abuseCase.score || now.findings.some((one) => !known.has(keyOf(one)))
  if (!isWorse) return false
  const newest = new Map([...abuseCase.findings, ...now.findings].map((one) => [keyOf(one), one]))
  abuseCase.findings = [...newest.values()]
  abuseCase.score = Math.max(abuseCase.score, now.score)
  if (now.level && levels.indexOf(now.level) > levels.indexOf(abuseCase.level)) abuseCase.level = now.level
  return true
}

const keyOf = ({ reason, subject, score }: Finding): string => `${reason} ${subject} ${score}`

function announce(
  { caseId, programmeId, subscriberId, score, level }: AbuseCase,
  findings: Finding[],
  { atMs, eventId }: TakenEvent,
  effects: Effects,
): void {
  const reasons = [...new Set(findings.map(({ reason }) => reason))].join(' ')
  effects.announce({
    type: SUSPECTED,
    programmeId,
    subscriberId,
    key: `${caseId}:${eventId}:${score}`,
    atMs,
    data: { case: caseId, level, score, reasons },
  })
}

/** What came in by the deeds that are the evidence stays where it is until the case is decided. */
function hold(desk: Desk, abuseCase: AbuseCase, standing: AbuseStanding, found: Found[]): void {
  for (const deed of new Set(found.flatMap(({ evidence }) => evidence))) {
    if (deed.isHeld || (deed.kind !== 'received' && deed.kind !== 'earned')) continue
    deed.isHeld = true
    desk.changedStandings.add(standing)
    desk.wants.push({ abuseCase, deed })
  }
}

/** The member reads why points are not to be had, and nothing of the signs that led to it. */
function tellHeld({ data }: TakenEvent, effects: Effects): void {
  const reason: AbuseNews = 'abuse_held'
  const programmeId = String(data['programme'])
  const saw = { case: data['case'] }
  effects.judge({ consumer: 'abuse', programmeId, rule: 'abuse', ruleVersion: 0, reason, saw })
}
