import type { AbuseReason } from './errors.ts'

/** A sign that holds, with what was seen. */
export type Finding = {
  reason: AbuseReason
  /** `member`, or the instrument that several share: whom an exemption is about. */
  subject: string
  score: number
  saw: Record<string, unknown>
}

/** What a case does to its member; each does what the ones before do as well. */
export const levels = ['hold', 'limit', 'refuse'] as const
export type Level = (typeof levels)[number]

export const caseStates = ['open', 'confirmed', 'released', 'lapsed'] as const
export type CaseState = (typeof caseStates)[number]

/** Points that a pending transfer keeps on an account until the case is decided; 0 where the ledger refused it. */
export type Hold = {
  key: string
  points: bigint
  account: string
  /** Whether they were taken when the case was confirmed. */
  isForfeited?: boolean
}

/** A member who looks like abusing the programme. */
export type AbuseCase = {
  caseId: string
  programmeId: string
  subscriberId: number
  state: CaseState
  level: Level
  score: number
  findings: Finding[]
  holds: Hold[]
  /** What may be spent and sent in a day at level `limit`. */
  limitPoints: bigint | null
  openedAtMs: number
  closesAtMs: number | null
  decidedAtMs: number | null
  decidedBy: string | null
  note: string | null
}

/** How many points a case keeps, or kept until it was decided; minor units. */
export const heldPoints = ({ holds }: AbuseCase): bigint =>
  holds.reduce((sum, { points }) => sum + points, 0n)

/** The subject of an exemption that is about one member alone. */
export const memberSubject = (subscriberId: number): string => `member:${subscriberId}`
