/**
 * Milliseconds of an ISO 8601 duration of fixed length: weeks, days (of 24 hours), hours, minutes, seconds.
 * Months and years have no fixed length and days are not calendar days here, so that a window means the same for
 * every subscriber. Returns undefined when the text is not such a duration or not longer than zero.
 */
export function durationMs(text: string): number | undefined {
  let duration: Temporal.Duration
  try {
    duration = Temporal.Duration.from(text)
  } catch {
    return undefined
  }
  if (duration.years !== 0 || duration.months !== 0) return undefined
  const days = duration.days + duration.weeks * 7
  const ms = duration.with({ weeks: 0, days }).total('milliseconds')
  return ms >= 1 && Number.isSafeInteger(ms) ? ms : undefined
}
