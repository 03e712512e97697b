import { isoOf, type Problem } from '../platform/index.ts'
import type { Resolver } from '../profiles/index.ts'
import type { CompiledType } from './compiled-type.ts'
import { isDeeperThan } from './depth.ts'
import { MAX_DEPTH } from './json-bytes.ts'
import { RefusedLine } from './line.ts'
import { encodeRecord } from './record.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { problemOfData } from './schema.ts'

/** What events of a tenant are judged by, at one moment. */
export type Rules = {
  /** Registered event types by name. */
  types: Map<string, CompiledType>
  resolve: Resolver
  /** When the events come in, and the times between which they must say they happened; epoch milliseconds. */
  nowMs: number
  earliestMs: number
  latestMs: number
}

/** An event that may be appended to the log. */
export type Judged = {
  subscriberId: number | null
  atMs: number
  record: Buffer
  /** Counts the events of its type. */
  counter: { events: number }
}

/** A record has two bytes for the length of an id; three bytes a character is the most that UTF-8 takes here. */
export const MAX_ID_LENGTH = 300

/**
 * Decides on one CloudEvent 1.0: its log record, or the first thing that is wrong with it. `isReplayed` marks an event
 * that is let in however late it is.
 */
export function judge(given: unknown, rules: Rules, isReplayed = false): Judged | Problem {
  if (given instanceof RefusedLine) return given.problem
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const message = 'an event is a JSON object'
    return { code: 'event_malformed', message, field: '', found: given, expected: 'object' }
  }
  if (isDeeperThan(given, MAX_DEPTH)) return depthProblem
  const { specversion, id, source, type, time, subject, data } = given as Record<string, unknown>
  if (specversion !== '1.0') {
    const message = 'only CloudEvents 1.0 is understood'
    return problem('event_specversion_unsupported', message, 'specversion', specversion, '1.0')
  }
  if (!isName(id)) return nameProblem('event_id_invalid', 'id', id)
  if (!isName(source)) return nameProblem('event_source_invalid', 'source', source)
  const compiled = typeof type === 'string' ? rules.types.get(type) : undefined
  if (!compiled) {
    const known = [...rules.types.keys()].join(' | ')
    return problem('event_type_unknown', `event type ${show(type)} is not registered`, 'type', type, known)
  }
  const atMs = typeof time === 'string' ? parseRfc3339(time) : undefined
  if (atMs === undefined) {
    const message = 'the event must say when it happened'
    return problem('event_time_invalid', message, 'time', time, 'RFC 3339 such as 2026-03-01T12:00:00Z')
  }
  const outside = timeProblem(atMs, time, rules)
  if (outside) return outside
  const subscriberId = typeof subject === 'string' ? rules.resolve(subject) : undefined
  if (subscriberId === undefined && (compiled.needsSubscriber || subject !== undefined)) {
    return subjectProblem(subject)
  }
  const encoding = dataEncodingProblem(given as Record<string, unknown>)
  if (encoding) return encoding
  const fields = data === undefined ? {} : data
  if (!compiled.validate(fields)) return problemOfData(compiled.validate.errors)
  const record = encodeRecord({
    id,
    source,
    type: type as string,
    atMs,
    receivedMs: rules.nowMs,
    subscriberId: subscriberId ?? null,
    isReplayed,
    data: compiled.project(fields as Record<string, unknown>, rules.resolve),
  })
  return { subscriberId: subscriberId ?? null, atMs, record, counter: compiled.counter }
}

/** True for a problem, false for an event that may be appended. */
export function isRefused(judged: Judged | Problem): judged is Problem {
  return 'code' in judged
}

/** Whether an event was refused because nobody knows its subscriber. */
export function isUnknownSubject(judged: Judged | Problem): boolean {
  return isRefused(judged) && judged.code === 'event_subject_unknown'
}

const depthProblem: Problem = {
  code: 'event_too_deep',
  message: 'the event holds lists or objects too deep inside each other',
  expected: `at most ${MAX_DEPTH} levels`,
}

function problem(code: string, message: string, field: string, found: unknown, expected: string): Problem {
  return found === undefined ? { code, message, field, expected } : { code, message, field, found, expected }
}

function nameProblem(code: string, field: string, found: unknown): Problem {
  const expected = `1 to ${MAX_ID_LENGTH} printable characters`
  return problem(code, `${field} is missing or cannot be used`, field, found, expected)
}

function timeProblem(atMs: number, time: unknown, { earliestMs, latestMs }: Rules): Problem | undefined {
  if (atMs > latestMs) {
    const message = 'the event says it happens later than the clock allows'
    return problem('event_time_future', message, 'time', time, `at or before ${isoOf(latestMs)}`)
  }
  if (atMs >= earliestMs) return undefined
  const message = 'the event says it happened before there was anything to tell of'
  return problem('event_time_past', message, 'time', time, `at or after ${isoOf(earliestMs)}`)
}

function subjectProblem(subject: unknown): Problem {
  const expected = 'msisdn:+7…, account:… or external:… of a known subscriber'
  return subject === undefined || subject === null
    ? problem('event_subject_missing', 'the event must name its subscriber', 'subject', undefined, expected)
    : problem('event_subject_unknown', 'no subscriber has this identity', 'subject', subject, expected)
}

function dataEncodingProblem(event: Record<string, unknown>): Problem | undefined {
  if (event['data_base64'] !== undefined) {
    const message = 'binary data is not understood'
    return problem('event_data_encoding', message, 'data_base64', undefined, 'data as JSON')
  }
  const contentType = event['datacontenttype']
  if (contentType === undefined || contentType === 'application/json') return undefined
  if (typeof contentType === 'string' && /^[\w.+-]+\/([\w.-]+\+)?json\s*(;|$)/.test(contentType)) {
    return undefined
  }
  const message = 'data must be JSON'
  return problem('event_data_encoding', message, 'datacontenttype', contentType, 'application/json')
}

/** A text that can be half of a log key: not empty, not long, no control characters, well-formed. */
function isName(text: unknown): text is string {
  if (typeof text !== 'string' || text.length === 0 || text.length > MAX_ID_LENGTH) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 32) return false
  return text.isWellFormed()
}

const show = (value: unknown): string =>
  typeof value === 'string' ? `"${value.slice(0, 100)}"` : typeof value
