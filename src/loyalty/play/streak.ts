import type { LocalTime } from '../local-time.ts'
import type { Streak } from './documents.ts'

/** A member's streak. Periods are numbers: days since 1970-01-01, or weeks since the Monday before it. */
export type StreakState = {
  streakId: string
  programmeId: string
  subscriberId: number
  /** Period in which the present streak began: its name. */
  started: number
  /** Latest period that counts; null before the first. */
  latest: number | null
  /** Periods that count, without those that grace or freezes made good. */
  length: number
  best: number
  freezes: number
  /** The latest period in which anything was done, and how much. */
  openPeriod: number
  openAmount: bigint
}

const DAY_MS = 86_400_000
/** 1970-01-01 was a Thursday, three days after its week's Monday. */
const DAYS_BEFORE_THURSDAY = 3

/** Number of the period that holds a local time. */
export function periodNumber(every: Streak['every'], { date }: Pick<LocalTime, 'date'>): number {
  const day = Date.parse(`${date}T00:00:00Z`) / DAY_MS
  return every === 'day' ? day : Math.floor((day + DAYS_BEFORE_THURSDAY) / 7)
}

/** A streak before its first event. */
export function newStreak({ id, programme }: Streak, subscriberId: number, period: number): StreakState {
  const blank = { latest: null, length: 0, best: 0, freezes: 0, openAmount: 0n }
  return { streakId: id, programmeId: programme, subscriberId, started: period, openPeriod: period, ...blank }
}

export type StreakStep = { outcome: 'began' | 'kept'; length: number; bestBefore: number; lostLength: number }

/**
 * Counts an amount in a period. When the period's sum reaches the aim, the streak grows by one, or begins anew where
 * more periods were missed than grace and freezes make good. Null: nothing has changed but the sum. A streak goes
 * forward alone: what comes for a period before the latest one does not count.
 */
export function keepUp(
  streak: Streak,
  state: StreakState,
  period: number,
  amount: bigint,
): StreakStep | null {
  if (period < state.openPeriod) return null
  const reach = BigInt(streak.reach)
  const before = period === state.openPeriod ? state.openAmount : 0n
  state.openPeriod = period
  state.openAmount = before + amount
  if (before >= reach || state.openAmount < reach) return null
  // What is above the aim says nothing more.
  state.openAmount = reach
  const bestBefore = state.best
  const needed = state.latest === null ? null : frozenOf(streak, period - state.latest - 1)
  const isKept = needed !== null && needed <= state.freezes
  const lostLength = isKept ? 0 : state.length
  if (isKept) {
    state.length++
    state.freezes -= needed
  } else {
    state.length = 1
    state.started = period
    if (state.latest !== null) state.freezes = 0
  }
  state.latest = period
  state.best = Math.max(state.best, state.length)
  const { freezes } = streak
  if (freezes && state.length % freezes.each === 0) state.freezes = Math.min(freezes.most, state.freezes + 1)
  return { outcome: isKept ? 'kept' : 'began', length: state.length, bestBefore, lostLength }
}

/** Freezes that a gap of missed periods takes. */
function frozenOf({ grace }: Streak, missed: number): number {
  return missed <= grace ? 0 : missed - grace
}

/** What is left of a streak in a period: its length, 0 once it is lost, and the last period in which it can be kept. */
export function streakAt(
  streak: Streak,
  state: StreakState,
  period: number,
): { length: number; keepUntilPeriod: number | null } {
  if (state.latest === null) return { length: 0, keepUntilPeriod: null }
  const keepUntilPeriod = state.latest + 1 + streak.grace + state.freezes
  return period > keepUntilPeriod
    ? { length: 0, keepUntilPeriod: null }
    : { length: state.length, keepUntilPeriod }
}
