/** Reactions (seen, clicked, answered) by local hour of the day: 24 counts. */
export type HourCounts = readonly number[]

/** With fewer reactions of one's own than this, nobody's habit is known. */
const ENOUGH = 5
/** As many reactions of everybody's habit are mixed into one's own. */
const PRIOR_REACTIONS = 6
/** People react around an hour, not in it: neighbours count for half. */
const NEIGHBOUR = 0.5

/**
 * The local hour at which a subscriber uses to react; undefined without enough history. Counts are smoothed over
 * neighbouring hours and drawn to everybody's habit (Dirichlet prior), so that three clicks at night do not make an owl.
 */
export function bestHour(own: HourCounts, everybody: HourCounts): number | undefined {
  const total = own.reduce((sum, count) => sum + count, 0)
  if (total < ENOUGH) return undefined
  const all = Math.max(
    1,
    everybody.reduce((sum, count) => sum + count, 0),
  )
  const score = own.map((count, hour) => count + (PRIOR_REACTIONS * (everybody[hour] ?? 0)) / all)
  const smooth = score.map(
    (value, hour) => value + NEIGHBOUR * (score[(hour + 23) % 24]! + score[(hour + 1) % 24]!),
  )
  return smooth.indexOf(Math.max(...smooth))
}

/** The next moment at which a local hour begins or is, in a time zone; `nowMs` itself within that hour. */
export function nextHourMs(hour: number, nowMs: number, timeZone: string): number {
  const local = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone)
  if (local.hour === hour) return nowMs
  for (const days of [0, 1, 2]) {
    const day = local.toPlainDate().add({ days })
    const begins = day.toZonedDateTime({ timeZone, plainTime: new Temporal.PlainTime(hour) })
    if (begins.epochMilliseconds > nowMs) return begins.epochMilliseconds
  }
  return nowMs
}
