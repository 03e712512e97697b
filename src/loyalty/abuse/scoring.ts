import type { AbusePolicy, DeedKind } from './abuse-policy.ts'
import type { Finding, Level } from './case.ts'
import type { AbuseReason } from './errors.ts'
import { type AbuseStanding, type Deed, deedsOf } from './standing.ts'

export type Found = { finding: Finding; evidence: Deed[] }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const sumOf = (deeds: Deed[]): bigint => deeds.reduce((sum, { points }) => sum + points, 0n)

/** For how long deeds have to be kept, so that every sign of the policy can be seen and a day be limited. */
export function keptMsOf({ signals }: AbusePolicy): number {
  const windows = [
    DAY_MS,
    ...signals.velocity.map(({ withinHours }) => withinHours * HOUR_MS),
    ...[signals.manyToOne, signals.oneToMany, ...signals.shared].map(
      (one) => (one?.withinDays ?? 0) * DAY_MS,
    ),
    (signals.freshReceiver?.youngerThanDays ?? 0) * DAY_MS,
  ]
  return Math.max(...windows)
}

/** Deeds that some sign or limit of the policy counts; of the others sums are enough. */
export function keptDeedsOf({ signals, limit }: AbusePolicy): ReadonlySet<DeedKind> {
  const { velocity, manyToOne, oneToMany, freshReceiver, shared } = signals
  return new Set<DeedKind>([
    ...velocity.map(({ of }) => of),
    ...(manyToOne || freshReceiver ? (['received'] as const) : []),
    ...(oneToMany ? (['sent'] as const) : []),
    ...(freshReceiver ? (['redeemed'] as const) : []),
    ...(shared.length > 0 ? (['received', 'earned'] as const) : []),
    ...(limit ? (['sent', 'redeemed'] as const) : []),
  ])
}

export type Seen = {
  standing: AbuseStanding
  enrolledAtMs: number
  nowMs: number
  /** When each subscriber was last seen with an instrument. */
  usersOf(instrument: string): ReadonlyMap<number, number>
}

/** Every sign of the policy that holds for a member at a moment, with the deeds that are its evidence. */
export function findingsOf(policy: AbusePolicy, seen: Seen): Found[] {
  return [
    ...velocities(policy, seen),
    ...circles(policy, seen),
    ...freshness(policy, seen),
    ...rings(policy, seen),
  ]
}

function velocities({ signals }: AbusePolicy, { standing, nowMs }: Seen): Found[] {
  return signals.velocity.flatMap(({ of, withinHours, times, points, score }) => {
    const evidence = deedsOf(standing, [of], nowMs - withinHours * HOUR_MS)
    const sum = sumOf(evidence)
    const isFast = times !== undefined && evidence.length >= times
    if (!isFast && !(points !== undefined && sum >= BigInt(points))) return []
    const saw = { times: evidence.length, sum: sum.toString(), hours: withinHours, from: { times, points } }
    return [{ finding: { reason: `velocity_${of}`, subject: 'member', score, saw }, evidence } as const]
  })
}

/** Many who give to one, and one who gives to many. */
function circles({ signals: { manyToOne, oneToMany } }: AbusePolicy, { standing, nowMs }: Seen): Found[] {
  type Sign = { reason: AbuseReason; kind: DeedKind; from: number; withinDays: number; score: number }
  const signs: (Sign | undefined)[] = [
    manyToOne && { ...manyToOne, reason: 'many_to_one', kind: 'received', from: manyToOne.senders },
    oneToMany && { ...oneToMany, reason: 'one_to_many', kind: 'sent', from: oneToMany.recipients },
  ]
  return signs.flatMap((sign): Found[] => {
    if (!sign) return []
    const evidence = deedsOf(standing, [sign.kind], nowMs - sign.withinDays * DAY_MS)
    const others = [...new Set(evidence.map(({ other }) => other))]
    if (others.length < sign.from) return []
    const saw = { others: others.length, days: sign.withinDays, from: sign.from, who: others.slice(0, 20) }
    return [{ finding: { reason: sign.reason, subject: 'member', score: sign.score, saw }, evidence }]
  })
}

function freshness({ signals: { freshReceiver } }: AbusePolicy, seen: Seen): Found[] {
  if (!freshReceiver) return []
  const { standing, enrolledAtMs, nowMs } = seen
  const { ownPoints, givenPoints } = standing
  const { youngerThanDays, points, ownBelowPercent, score } = freshReceiver
  const ageDays = Math.max(0, Math.floor((nowMs - enrolledAtMs) / DAY_MS))
  if (ageDays >= youngerThanDays || givenPoints < BigInt(points)) return []
  if (ownPoints * 100n >= BigInt(ownBelowPercent) * (ownPoints + givenPoints)) return []
  const redeemed = sumOf(deedsOf(standing, ['redeemed'], 0))
  const saw = {
    ageDays,
    given: givenPoints.toString(),
    own: ownPoints.toString(),
    redeemed: redeemed.toString(),
    from: { youngerThanDays, points, ownBelowPercent },
  }
  const evidence = deedsOf(standing, ['received'], 0)
  return [{ finding: { reason: 'fresh_receiver', subject: 'member', score, saw }, evidence }]
}

/** Instruments that several members use. */
function rings({ signals }: AbusePolicy, { standing, nowMs, usersOf }: Seen): Found[] {
  return signals.shared.flatMap(({ kind, members, withinDays, score }) => {
    const sinceMs = nowMs - withinDays * DAY_MS
    return standing.instruments.flatMap((instrument) => {
      if (!instrument.startsWith(`${kind}:`)) return []
      const users = [...usersOf(instrument)].filter(([, atMs]) => atMs > sinceMs).map(([id]) => id)
      if (users.length < members || !users.includes(standing.subscriberId)) return []
      const saw = { others: users.length, days: withinDays, from: members, who: users.slice(0, 20) }
      const evidence = deedsOf(standing, ['received', 'earned'], sinceMs)
      return [{ finding: { reason: `shared_${kind}`, subject: instrument, score, saw }, evidence } as const]
    })
  })
}

/** The sum of the scores, at most 100, where the same reason about the same subject counts once, at its highest. */
export function scoreOf(findings: readonly Finding[]): number {
  const highest = new Map<string, number>()
  for (const { reason, subject, score } of findings) {
    const key = `${reason} ${subject}`
    highest.set(key, Math.max(highest.get(key) ?? 0, score))
  }
  return Math.min(
    100,
    [...highest.values()].reduce((sum, score) => sum + score, 0),
  )
}

/** What the policy does at a score; undefined: nothing. */
export function levelOf({ hold, limit, refuse }: AbusePolicy, score: number): Level | undefined {
  if (refuse !== undefined && score >= refuse) return 'refuse'
  if (limit && score >= limit.from) return 'limit'
  return score >= hold ? 'hold' : undefined
}
