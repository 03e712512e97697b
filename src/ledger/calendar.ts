/** How long points live after they were earned: calendar days or months, then up to the end of a day, month or year. */
export type Lifetime = {
  days?: number
  months?: number
  /** Absent: `day`, so that nobody loses points in the middle of a day. */
  endOf?: 'day' | 'month' | 'year'
}

/**
 * The moment at which points earned at `earnedAt` expire, counted by the calendar of the programme's time zone: with
 * 30 days and a purchase on 1 March, the midnight that ends 31 March there, whatever the clocks did in between.
 * A month that is too short ends the count at its last day.
 */
export function expiryAfter(
  earnedAt: Temporal.Instant,
  { days = 0, months = 0, endOf = 'day' }: Lifetime,
  timeZone: string,
): Temporal.Instant {
  const day = earnedAt.toZonedDateTimeISO(timeZone).toPlainDate().add({ months, days })
  return dayAfterEnd(day, endOf).toZonedDateTime(timeZone).toInstant()
}

function dayAfterEnd(day: Temporal.PlainDate, endOf: NonNullable<Lifetime['endOf']>): Temporal.PlainDate {
  if (endOf === 'day') return day.add({ days: 1 })
  if (endOf === 'month') return day.with({ day: 1 }).add({ months: 1 })
  return day.with({ month: 1, day: 1 }).add({ years: 1 })
}
