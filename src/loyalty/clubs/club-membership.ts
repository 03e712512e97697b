import { instantOf } from '../../platform/index.ts'
import type { Club } from './documents.ts'
import type { ClubReason } from './errors.ts'

/** `lapsed`: ended by its conditions; such members come in by themselves again. `left`: by the member. */
export type ClubState = 'active' | 'left' | 'lapsed'

export type ClubMembership = {
  clubId: string
  subscriberId: number
  programmeId: string
  state: ClubState
  joinedAtMs: number
  /** From when months are counted, and how many of them were paid for, or looked at where there was no fee. */
  paidFromMs: number
  months: number
  /** Null: there is no fee. */
  paidUntilMs: number | null
  /** Whether the end of the present period was told. */
  told: boolean
  /** When somebody must look again; null: never. */
  dueAtMs: number | null
  endedAtMs: number | null
  reason: ClubReason
}

const DAY_MS = 86_400_000

/** So many months after a moment, at the same time of day in a zone; the last day of a month that is too short. */
export function monthsAfter(fromMs: number, months: number, timeZone: string): number {
  const from = instantOf(fromMs).toZonedDateTimeISO(timeZone)
  return from.add({ months }).epochMilliseconds
}

/** A membership with one more period, and when to look next. */
export function withPeriod(
  { fee, who, reviewMonths }: Pick<Club, 'fee' | 'who' | 'reviewMonths'>,
  membership: ClubMembership,
  timeZone: string,
): ClubMembership {
  const months = membership.months + (fee?.months ?? reviewMonths)
  const endMs = monthsAfter(membership.paidFromMs, months, timeZone)
  if (!fee) return { ...membership, months, paidUntilMs: null, dueAtMs: who === undefined ? null : endMs }
  const told = fee.noticeDays === 0
  const dueAtMs = told ? endMs : endMs - fee.noticeDays * DAY_MS
  return { ...membership, months, paidUntilMs: endMs, told, dueAtMs }
}

/** Someone who joins at a moment. */
export function joined(
  club: Pick<Club, 'id' | 'programme' | 'fee' | 'who' | 'reviewMonths'>,
  subscriberId: number,
  atMs: number,
  timeZone: string,
): ClubMembership {
  const blank: ClubMembership = {
    clubId: club.id,
    subscriberId,
    programmeId: club.programme,
    state: 'active',
    joinedAtMs: atMs,
    paidFromMs: atMs,
    months: 0,
    paidUntilMs: null,
    told: false,
    dueAtMs: null,
    endedAtMs: null,
    reason: 'club_joined',
  }
  return withPeriod(club, blank, timeZone)
}

/** A membership that is over. */
export function ended(membership: ClubMembership, reason: ClubReason, atMs: number): ClubMembership {
  const state = reason === 'club_left' ? 'left' : 'lapsed'
  return { ...membership, state, reason, endedAtMs: atMs, dueAtMs: null }
}

/** Until when a fee may still come. */
export const graceEndMs = ({ fee }: Pick<Club, 'fee'>, { paidUntilMs }: ClubMembership): number =>
  paidUntilMs! + (fee?.graceDays ?? 0) * DAY_MS

/** When to look again at who has not paid yet: every day where points may have come, else at the end of the grace. */
export function nextTryMs({ fee }: Pick<Club, 'fee'>, membership: ClubMembership, nowMs: number): number {
  const end = graceEndMs({ fee }, membership)
  return fee && 'points' in fee ? Math.min(nowMs + DAY_MS, end) : end
}
