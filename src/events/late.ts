import { derivedId, instantOf, type Problem, type Tx } from '../platform/index.ts'
import { type Judged, judge, type Rules } from './judge.ts'
import { decodeRecord, encodeRecord, eventKey, type LoggedEvent } from './record.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { eventTextOf, insertMissingLetters, type NewDeadLetter } from './store.ts'

/** A record that came too late: when the newest event before it happened, and how far behind that it might be. */
export type LateEvent = { record: Buffer; newestMs: number; boundMs: number }

/** A dead letter, with the event that stands for it now where a person mended it. */
export type LateLetter = { event: unknown; problem: Problem; mended?: unknown }

/**
 * Keeps events of the log that came too late for the triggers as dead letters. The letter's event is the record's: data
 * as the log has them, and `subscriber:ID` for the subject. Its id follows from source and id of the event, so reading
 * the log again makes no second letter and opens none that was settled.
 */
export async function insertLateLetters(tx: Tx, late: LateEvent[], at: Temporal.Instant): Promise<void> {
  await insertMissingLetters(tx, late.map(letterOf), at)
}

function letterOf({ record, newestMs, boundMs }: LateEvent): NewDeadLetter {
  const event = decodeRecord(record)
  const { id, source, type, atMs, subscriberId, data } = event
  const time = instantOf(atMs).toString()
  const subject = subscriberId === null ? {} : { subject: subjectOf(subscriberId) }
  const key = eventKey(source, id)
  return {
    deadLetterId: derivedId('late-event', key.lo, key.hi),
    eventText: eventTextOf({ specversion: '1.0', id, source, type, time, ...subject, data }),
    problem: {
      code: 'event_too_late',
      message: 'the event came later than the triggers wait for one',
      field: 'time',
      found: time,
      expected: `at or after ${instantOf(newestMs - boundMs).toString()}`,
    },
  }
}

/** Whether a letter holds an event of the log that came too late. */
export function isLate({ problem }: { problem: Problem }): boolean {
  return problem.code === 'event_too_late'
}

/**
 * Judges a letter of an event that came too late. As it was kept, it has been judged already; a mended one is judged
 * as any other. Either way it counts in its place, however late it is.
 */
export function judgeLate(given: unknown, rules: Rules): Judged | Problem {
  const letter = given as LateLetter
  const { id, source, type, time, subject, data } = letter.event as Record<string, string> & { data: object }
  const subscriberId = subject === undefined ? null : Number(subject.slice(subjectOf('').length))
  if (letter.mended !== undefined) {
    // Only the letter's own subject may be named by its number: no source may name subscribers so.
    const resolve = (text: string): number | undefined =>
      text === subject ? (subscriberId ?? undefined) : rules.resolve(text)
    return judge(letter.mended, { ...rules, resolve }, true)
  }
  const atMs = parseRfc3339(time!)!
  const event: LoggedEvent = {
    id: id!,
    source: source!,
    type: type!,
    atMs,
    receivedMs: rules.nowMs,
    subscriberId,
    isReplayed: true,
    data: data as Record<string, unknown>,
  }
  const counter = rules.types.get(type!)?.counter ?? { events: 0 }
  return { subscriberId, atMs, record: encodeRecord(event), counter }
}

const subjectOf = (subscriberId: number | string): string => `subscriber:${subscriberId}`
