import { DomainError, instantOf, type Tx } from '../../platform/index.ts'
import { selectReserved } from '../rewards/store.ts'
import type { Finding, Level } from './case.ts'
import { selectInForce } from './case-store.ts'
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
  level?: Level
  score?: number
  findings?: Finding[]
  /** What may still be spent and sent today, where a limit stands. */
  leftPoints?: bigint
}

const DAY_MS = 86_400_000

/**
 * Says for each subject whether a case of abuse forbids it, in their order; one look for those about whom nothing
 * stands. What is reserved for rewards counts as spent. Points under suspicion are reserved in the ledger already, so a mere hold forbids nothing. Several subjects
 * that spend from one member in one call are each seen alone.
 */
export async function abuseVerdicts(
  tx: Tx,
  subjects: readonly Subject[],
  now: Temporal.Instant,
): Promise<Verdict[]> {
  const found = await selectInForce(tx, [...new Set(subjects.map((one) => one.subscriberId))], now)
  if (found.length === 0) return subjects.map(() => ({ isAllowed: true }))
  const limited = found.filter(({ level }) => level === 'limit').map(({ subscriberId }) => subscriberId)
  const standings = limited.length === 0 ? [] : await selectStandings(tx, limited)
  const sinceMs = now.epochMilliseconds - DAY_MS
  const reserved = limited.length === 0 ? [] : await selectReserved(tx, limited, instantOf(sinceMs))
  return subjects.map(({ programmeId, subscriberId, doing, points }) => {
    const own = found
      .filter((one) => one.programmeId === programmeId && one.subscriberId === subscriberId)
      .toSorted((a, b) => strength[b.level] - strength[a.level])[0]
    if (!own) return { isAllowed: true }
    const { caseId, level, score, findings, limitPoints } = own
    const verdict = { caseId, level, score, findings }
    if (level === 'refuse') return { ...verdict, isAllowed: false, code: 'abuse_refused' }
    if (level === 'hold' || doing === 'receive' || limitPoints === null)
      return { ...verdict, isAllowed: true }
    const standing = standings.find(
      (one) => one.programmeId === programmeId && one.subscriberId === subscriberId,
    )
    const spent = standing ? deedsOf(standing, ['sent', 'redeemed'], sinceMs) : []
    const onTheWay = reserved.find(
      (one) => one.programmeId === programmeId && one.subscriberId === subscriberId,
    )
    const leftPoints = spent.reduce(
      (left, deed) => left - deed.points,
      limitPoints - (onTheWay?.points ?? 0n),
    )
    const isAllowed = points <= leftPoints
    return { ...verdict, isAllowed, leftPoints, ...(isAllowed ? {} : { code: 'abuse_limited' as const }) }
  })
}

const strength: Record<Level, number> = { hold: 1, limit: 2, refuse: 3 }

/** As `abuseVerdicts`, and throws `abuse_refused` or `abuse_limited` if a subject may not. */
export async function refuseAbuse(
  tx: Tx,
  subjects: readonly Subject[],
  now: Temporal.Instant,
): Promise<void> {
  for (const [i, { code, leftPoints }] of (await abuseVerdicts(tx, subjects, now)).entries()) {
    if (code === undefined) continue
    const { subscriberId, points } = subjects[i]!
    if (code === 'abuse_refused') {
      throw new DomainError(code, 'the member is being checked and cannot do this now', {
        field: 'subscriber',
        found: subscriberId,
      })
    }
    throw new DomainError(code, 'the member is being checked and has a limit a day', {
      field: 'points',
      found: points.toString(),
      expected: `up to ${leftPoints! > 0n ? leftPoints : 0n}`,
    })
  }
}
