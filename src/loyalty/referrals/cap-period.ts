import { instantOf } from '../../platform/index.ts'
type Period = 'day' | 'week' | 'month' | 'year' | 'ever'

/** Begin and end of the period that holds a moment, in a time zone; nulls for `ever`. Weeks begin on Monday. */
export function periodSpan(
  period: Period,
  atMs: number,
  timeZone: string,
): { fromMs: number | null; toMs: number | null } {
  if (period === 'ever') return { fromMs: null, toMs: null }
  const date = instantOf(atMs).toZonedDateTimeISO(timeZone).toPlainDate()
  const [from, to] = spanOf(period, date)
  return { fromMs: startOf(from, timeZone), toMs: startOf(to, timeZone) }
}

function spanOf(
  period: Exclude<Period, 'ever'>,
  date: Temporal.PlainDate,
): [Temporal.PlainDate, Temporal.PlainDate] {
  switch (period) {
    case 'day':
      return [date, date.add({ days: 1 })]
    case 'week': {
      const monday = date.subtract({ days: date.dayOfWeek - 1 })
      return [monday, monday.add({ days: 7 })]
    }
    case 'month':
      return [date.with({ day: 1 }), date.with({ day: 1 }).add({ months: 1 })]
    case 'year':
      return [date.with({ month: 1, day: 1 }), date.with({ month: 1, day: 1 }).add({ years: 1 })]
  }
}

const startOf = (date: Temporal.PlainDate, timeZone: string): number =>
  date.toZonedDateTime(timeZone).epochMilliseconds
