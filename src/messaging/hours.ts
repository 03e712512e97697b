import type { LocalHours } from './contract.ts'

/** When a subscriber may be written to: outside of the quiet hours and, where there is one, inside the window. */
export type OpenHours = { quiet?: LocalHours | undefined; window?: SendWindow | undefined }

/** Local times of day, and days of the week from 1 (Monday) to 7; every day where there are none. */
export type SendWindow = LocalHours & { days?: number[] | undefined }

/** Why it is closed, and when it opens again; -Infinity for never. */
export type Closed = { reason: 'quiet_hours' | 'send_window'; untilMs: number }

const MINUTE_MS = 60_000
/** Longer than any pause between two openings: a week, and a night whose opening the clock jumps over. */
const LOOK_AHEAD_DAYS = 9
const REMEMBERED = 100_000

/**
 * Opening hours are written in minutes, and clocks change on whole minutes, so what is true of one moment of a minute
 * is true of all of it: everybody in a time zone shares the answer.
 */
const known = new WeakMap<OpenHours, Map<string, Closed | null>>()

/**
 * Whether the hours are closed at a moment for somebody in a time zone; undefined when they are open. They open at the
 * first moment at which the subscriber's own clock shows an open time: on a night with a clock change the end of the
 * quiet hours may come twice, or the clock may jump over it; then it is the first that still lies ahead, or the jump
 * itself, or the end of the night after.
 */
export function closedAt(hours: OpenHours, nowMs: number, timeZone: string): Closed | undefined {
  if (hours.quiet === undefined && hours.window === undefined) return undefined
  let answers = known.get(hours)
  if (!answers) known.set(hours, (answers = new Map()))
  const minute = Math.floor(nowMs / MINUTE_MS)
  const key = `${timeZone} ${minute}`
  let answer = answers.get(key)
  if (answer === undefined) {
    answer = closedAtMinute(hours, minute * MINUTE_MS, timeZone) ?? null
    if (answers.size >= REMEMBERED) answers.clear()
    answers.set(key, answer)
  }
  return answer ?? undefined
}

function closedAtMinute(hours: OpenHours, nowMs: number, timeZone: string): Closed | undefined {
  const local = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone)
  const reason = reasonAt(hours, local)
  if (reason === undefined) return undefined
  const opens = edgesAfter(hours, local)
    .filter((moment) => moment.epochMilliseconds > nowMs && reasonAt(hours, moment) === undefined)
    .map((moment) => moment.epochMilliseconds)
  return { reason, untilMs: opens.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...opens) }
}

/** Moments at which closed hours can become open. */
function edgesAfter(hours: OpenHours, local: Temporal.ZonedDateTime): Temporal.ZonedDateTime[] {
  const edges: Temporal.ZonedDateTime[] = []
  const jump = local.getTimeZoneTransition('next')
  if (jump !== null) edges.push(jump)
  const times = [hours.quiet?.to, hours.window?.from, hours.window?.days && '00:00']
  for (const time of times) {
    if (time === undefined) continue
    for (let days = 0; days <= LOOK_AHEAD_DAYS; days++) {
      const edge = local.toPlainDate().add({ days }).toPlainDateTime(Temporal.PlainTime.from(time))
      for (const disambiguation of ['earlier', 'later'] as const)
        edges.push(edge.toZonedDateTime(local.timeZoneId, { disambiguation }))
    }
  }
  return edges
}

function reasonAt({ quiet, window }: OpenHours, local: Temporal.ZonedDateTime): Closed['reason'] | undefined {
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' })
  if (quiet !== undefined && isWithin(quiet, time)) return 'quiet_hours'
  if (window === undefined) return undefined
  const isDay = window.days?.includes(local.dayOfWeek) ?? true
  return isDay && isWithin(window, time) ? undefined : 'send_window'
}

/** Whether a local time `hh:mm` lies in hours that may reach over midnight. */
const isWithin = ({ from, to }: LocalHours, time: string): boolean =>
  from > to ? time >= from || time < to : time >= from && time < to
