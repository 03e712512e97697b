import { hash } from 'node:crypto'
import type { DeedKind } from './abuse-policy.ts'

/** Something that a member did with points, or that was done for them. */
export type Deed = {
  kind: DeedKind
  atMs: number
  points: bigint
  /** The other member; 0 where there is none. */
  other: number
  /** Whether the points were held because of a case before. */
  isHeld: boolean
}

/** What a member lately did in a programme. */
export type AbuseStanding = {
  programmeId: string
  subscriberId: number
  /** The earliest first. */
  deeds: Deed[]
  /** All that was earned while the account was young enough to matter, and all that others gave. */
  ownPoints: bigint
  givenPoints: bigint
  /** Instruments, the latest last. */
  instruments: string[]
}

const MOST_DEEDS = 200
const MOST_INSTRUMENTS = 10

/** Nothing is known of the member yet. */
export const newStanding = (programmeId: string, subscriberId: number): AbuseStanding => ({
  programmeId,
  subscriberId,
  deeds: [],
  ownPoints: 0n,
  givenPoints: 0n,
  instruments: [],
})

/** Adds a deed at its place in time and forgets what no window reaches any more. */
export function addDeed(standing: AbuseStanding, deed: Deed, keptMs: number): void {
  const { deeds } = standing
  const at = deeds.findLastIndex((one) => one.atMs <= deed.atMs) + 1
  deeds.splice(at, 0, deed)
  const sinceMs = deeds.at(-1)!.atMs - keptMs
  standing.deeds = deeds.filter((one) => one.atMs > sinceMs).slice(-MOST_DEEDS)
}

/** Adds what another member did, who goes on as this one. */
export function absorb(standing: AbuseStanding, gone: AbuseStanding): void {
  standing.deeds = [...standing.deeds, ...gone.deeds].toSorted((a, b) => a.atMs - b.atMs).slice(-MOST_DEEDS)
  standing.instruments = [...new Set([...gone.instruments, ...standing.instruments])].slice(-MOST_INSTRUMENTS)
  standing.ownPoints += gone.ownPoints
  standing.givenPoints += gone.givenPoints
}

/** Adds a deed to what was ever earned or given. */
export function addSum(standing: AbuseStanding, { kind, points }: Pick<Deed, 'kind' | 'points'>): void {
  if (kind === 'earned') standing.ownPoints += points
  if (kind === 'received') standing.givenPoints += points
}

/** Notes that the member was seen with an instrument; false when that is known. */
export function addInstrument(standing: AbuseStanding, instrument: string): boolean {
  if (standing.instruments.includes(instrument)) return false
  standing.instruments = [...standing.instruments, instrument].slice(-MOST_INSTRUMENTS)
  return true
}

/** Deeds of some kinds after a moment. */
export const deedsOf = ({ deeds }: AbuseStanding, kinds: readonly DeedKind[], sinceMs: number): Deed[] =>
  deeds.filter(({ kind, atMs }) => atMs > sinceMs && kinds.includes(kind))

/** An instrument by its kind and a hash of its name: nobody can read from it what it was. */
export const instrumentOf = (tenantId: string, kind: 'device' | 'payment', name: string): string =>
  `${kind}:${hash('sha256', `${tenantId}\u0000${kind}\u0000${name}`, 'hex').slice(0, 32)}`
