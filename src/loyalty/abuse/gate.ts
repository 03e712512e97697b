import { DomainError, instantOf, type Tx } from '../../platform/index.ts'
import { selectReserved } from '../rewards/store.ts'
import type { Finding, Level } from './case.ts'
import { selectInForce, selectSharers } from './case-store.ts'
import { deedsOf } from './standing.ts'
import { selectStandings } from './standing-store.ts'

/** Somebody about to do something with points. */
export type Subject = {
  programmeId: string
  subscriberId: number
  doing: 'redeem' | 'send' | 'receive'
  /** Minor units. */
  points: bigint
}

/** Whether somebody may do it; what stands about them at all is said as well. */
export type Verdict = {
  isAllowed: boolean
  code?: 'abuse_refused' | 'abuse_limited'
  caseId?: string
  /** Whose case it is: the subject's own, or that of somebody who shares the balance. */
  suspectId?: number
  level?: Level
  score?: number
  findings?: Finding[]
  /** What may still be spent and sent today, where a limit stands. */
  leftPoints?: bigint
}

const DAY_MS = 86_400_000

/**
 * Says for each subject whether a case of abuse forbids it, in their order. A balance that a household shares is one:
 * what is forbidden to one of them, nobody does with it. What is reserved for rewards counts as spent. Points under
 * suspicion are reserved in the ledger already, so a mere hold forbids nothing. Several subjects that spend from one
 * balance in one call are each seen alone.
 */
export async function abuseVerdicts(
  tx: Tx,
  subjects: readonly Subject[],
  now: Temporal.Instant,
): Promise<Verdict[]> {
  const ids = [...new Set(subjects.map((one) => one.subscriberId))]
  const sharers = await selectSharers(tx, ids)
  const all = [...new Set([...ids, ...sharers.map((one) => one.subscriberId)])]
  const found = await selectInForce(tx, all, now)
  if (found.length === 0) return subjects.map(() => ({ isAllowed: true }))
  const sinceMs = now.epochMilliseconds - DAY_MS
  const isLimited = found.some(({ level }) => level === 'limit')
  const standings = isLimited ? await selectStandings(tx, all) : []
  const reserved = isLimited ? await selectReserved(tx, all, instantOf(sinceMs)) : []
  return subjects.map(({ programmeId, subscriberId, doing, points }) => {
    const purse = new Set([
      subscriberId,
      ...sharers
        .filter((one) => one.programmeId === programmeId && one.askedId === subscriberId)
        .map((one) => one.subscriberId),
    ])
    const isOfPurse = (one: { programmeId: string; subscriberId: number }): boolean =>
      one.programmeId === programmeId && purse.has(one.subscriberId)
    const strictest = found
      .filter(isOfPurse)
      .toSorted((a, b) => strength[b.level] - strength[a.level] || compareLimits(a, b))[0]
    if (!strictest) return { isAllowed: true }
    const { caseId, subscriberId: suspectId, level, score, findings, limitPoints } = strictest
    const verdict = { caseId, suspectId, level, score, findings }
    if (level === 'refuse') return { ...verdict, isAllowed: false, code: 'abuse_refused' }
    if (level === 'hold' || doing === 'receive' || limitPoints === null)
      return { ...verdict, isAllowed: true }
    const spent = standings
      .filter(isOfPurse)
      .flatMap((standing) => deedsOf(standing, ['sent', 'redeemed'], sinceMs))
    const leftPoints = [...spent, ...reserved.filter(isOfPurse)].reduce(
      (left, one) => left - one.points,
      limitPoints,
    )
    const isAllowed = points <= leftPoints
    return { ...verdict, isAllowed, leftPoints, ...(isAllowed ? {} : { code: 'abuse_limited' as const }) }
  })
}

const strength: Record<Level, number> = { hold: 1, limit: 2, refuse: 3 }

/** Of two limits the lower one first. */
const compareLimits = (a: { limitPoints: bigint | null }, b: { limitPoints: bigint | null }): number =>
  a.limitPoints === null || b.limitPoints === null ? 0 : a.limitPoints < b.limitPoints ? -1 : 1

/** What a verdict says to whoever asked: `abuse_refused`, `abuse_limited`, or nothing where it is allowed. */
export function abuseRefusal(
  { subscriberId, points }: Subject,
  { code, caseId, suspectId, leftPoints }: Verdict,
): DomainError | undefined {
  if (code === undefined) return undefined
  // Nobody is said to be under suspicion because of a housemate.
  const isOwn = suspectId === subscriberId
  const housemate = 'somebody who shares a balance with the member is being checked; until that is decided'
  if (code === 'abuse_refused') {
    const message = isOwn
      ? 'the member is being checked and cannot do this now'
      : `${housemate} nobody of them can do this`
    return new DomainError(code, message, {
      field: 'subscriber',
      found: subscriberId,
      expected: `case ${caseId} decided`,
    })
  }
  const message = isOwn
    ? 'the member is being checked and has a limit a day'
    : `${housemate} all of them have one limit a day`
  return new DomainError(code, message, {
    field: 'points',
    found: points.toString(),
    expected: `up to ${leftPoints! > 0n ? leftPoints : 0n}`,
  })
}

/** As `abuseVerdicts`, and throws `abuse_refused` or `abuse_limited` if a subject may not. */
export async function refuseAbuse(
  tx: Tx,
  subjects: readonly Subject[],
  now: Temporal.Instant,
): Promise<void> {
  const verdicts = await abuseVerdicts(tx, subjects, now)
  for (const [i, verdict] of verdicts.entries()) {
    const refusal = abuseRefusal(subjects[i]!, verdict)
    if (refusal) throw refusal
  }
}
