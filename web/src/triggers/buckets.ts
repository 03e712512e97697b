import type { FiringsOverTime } from '../../../src/triggers/contract.ts'

export type Unit = 'hour' | 'day'
/** A bucket of the picture: its beginning, and how many firings fell into it. */
export type Bucket = { at: string; firings: number }

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How far back each unit looks. */
const BACK_MS: Record<Unit, number> = { hour: 48 * HOUR_MS, day: 30 * DAY_MS }

/** The hours or days to ask for, up to the end of the hour of `now`: the same question for an hour. */
export function span(now: string, unit: Unit): { from: string; to: string } {
  const toMs = (Math.floor(Date.parse(now) / HOUR_MS) + 1) * HOUR_MS
  return { from: new Date(toMs - BACK_MS[unit]).toISOString(), to: new Date(toMs).toISOString() }
}

/** The day of a moment in a time zone, as `2026-03-01`. */
export const dayIn = (timeZone: string, atMs: number): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    atMs,
  )

/** Every hour or day between two moments, those without firings too. Days are the time zone's. */
export function filled(
  found: FiringsOverTime,
  { from, to }: { from: string; to: string },
  unit: Unit,
  timeZone: string,
): Bucket[] {
  const name = (atMs: number): string =>
    unit === 'day' ? dayIn(timeZone, atMs) : new Date(Math.floor(atMs / HOUR_MS) * HOUR_MS).toISOString()
  const buckets = new Map<string, number>()
  // Half a step, so that a day of 23 hours is not stepped over.
  for (let atMs = Date.parse(from); atMs < Date.parse(to); atMs += (unit === 'day' ? DAY_MS : HOUR_MS) / 2) {
    buckets.set(name(atMs), 0)
  }
  for (const { at, firings } of found) {
    const bucket = name(Date.parse(at))
    const before = buckets.get(bucket)
    if (before !== undefined) buckets.set(bucket, before + firings)
  }
  return [...buckets].map(([at, firings]) => ({ at, firings }))
}

/**
 * The moment that a clock on the wall of a time zone shows as `2026-03-01T10:00`. A time that a change of the clock
 * skips is read as if the clock had not been changed yet.
 */
export function momentIn(timeZone: string, wallTime: string): string {
  const asUtcMs = Date.parse(`${wallTime.slice(0, 16)}:00Z`)
  const guessMs = asUtcMs - offsetMs(timeZone, asUtcMs)
  const settledMs = asUtcMs - offsetMs(timeZone, guessMs)
  return new Date(settledMs).toISOString()
}

/** What a clock on the wall shows at a moment, as an input for day and time wants it. */
export const wallTimeIn = (timeZone: string, moment: string): string => {
  const atMs = Math.floor(Date.parse(moment) / 60_000) * 60_000
  return new Date(atMs + offsetMs(timeZone, atMs)).toISOString().slice(0, 16)
}

/** How far a zone's wall clock is ahead of UTC at a moment. */
function offsetMs(timeZone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs)
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0)
  const wallMs = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return wallMs - Math.floor(atMs / 1_000) * 1_000
}
