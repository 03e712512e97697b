import { isTimeZone } from '../access/index.ts'
import type { CelType } from '../expressions/index.ts'
import { instantOf, type Problem, problemOfIssue } from '../platform/index.ts'
import { checkAttributes } from './attributes.ts'
import type { ConsentWord } from './consent.ts'
import { type IdentityKind, identityKind, type SubscriberRow, subscriberRow } from './contract.ts'
import { type Identity, normalizeValue } from './identity.ts'
import { MalformedLine } from './ndjson.ts'

/** A word on consent as a row brings it: its subscriber is yet to be found. */
export type Consent = Omit<ConsentWord, 'subscriberId'>

/** A row that may be stored, every value in its one spelling. */
export type CheckedRow = {
  index: number
  identities: Identity[]
  attributes: Record<string, unknown>
  timeZone: string | null
  language: string | null
  consents: Consent[]
}

/** What a row is checked against. */
export type RowRules = {
  /** Declared attributes; undefined: anything goes. */
  declared: Record<string, CelType> | undefined
  country: string | undefined
  /** When a consent without a time of its own was given, epoch milliseconds. */
  nowMs: number
}

/** Checks one row of an import; `index` is its place in the request. */
export function checkRow(given: unknown, index: number, rules: RowRules): CheckedRow | Problem {
  if (given instanceof MalformedLine) return given.problem
  const parsed = subscriberRow.safeParse(given)
  if (!parsed.success) return refusedRow(problemOfIssue(parsed.error.issues[0]!, given))
  const row = parsed.data
  const identities = checkIdentities(row, rules.country)
  if ('code' in identities) return identities
  if (row.timeZone !== undefined && !isKnownTimeZone(row.timeZone)) {
    const expected = 'an IANA time zone such as Europe/Kyiv'
    const message = `no time zone "${row.timeZone}"`
    return { code: 'time_zone_unknown', message, field: 'timeZone', found: row.timeZone, expected }
  }
  const attributes = checkAttributes(row.attributes ?? {}, rules.declared)
  if ('problem' in attributes) return attributes.problem
  const broken = unstorableText(attributes.attributes)
  if (broken) return broken
  return {
    index,
    identities,
    attributes: attributes.attributes,
    timeZone: row.timeZone ?? null,
    language: row.language ?? null,
    consents: consentsOf(row, rules.nowMs),
  }
}

/** True for a problem, false for a checked row. */
export function isProblem(checked: CheckedRow | Problem): checked is Problem {
  return 'code' in checked
}

function refusedRow(problem: Problem): Problem {
  const part = (problem.field ?? '').split('.')[0]
  if (part === 'language') return { ...problem, code: 'language_unknown' }
  if (part === 'consents') return { ...problem, code: 'consent_invalid' }
  if (part === 'identities') return { ...problem, code: 'identity_invalid' }
  return { ...problem, code: 'row_invalid' }
}

function checkIdentities(row: SubscriberRow, country: string | undefined): Identity[] | Problem {
  const identities: Identity[] = []
  for (const [kind, given] of Object.entries(row.identities) as [IdentityKind, string | string[]][]) {
    for (const text of Array.isArray(given) ? given : [given]) {
      const value = normalizeValue(kind, text, country)
      if (value === undefined) {
        return {
          code: 'identity_invalid',
          message: `not a usable ${kind}`,
          field: `identities.${kind}`,
          found: text,
          expected: expectationOf(kind, country),
        }
      }
      identities.push({ kind, value })
    }
  }
  if (identities.length > 0) return identities
  const expected = identityKind.options.join(', ')
  const message = 'a subscriber needs at least one identity'
  return { code: 'identity_missing', message, field: 'identities', expected }
}

function expectationOf(kind: IdentityKind, country: string | undefined): string {
  switch (kind) {
    case 'msisdn':
      return country ? `E.164, or a national number of ${country}` : 'E.164: + and 7 to 15 digits'
    case 'email':
      return 'an address such as ann@example.com, at most 254 characters'
    case 'telegram':
      return 'the number of a chat'
    case 'push':
      return 'a device token of at most 2,048 ASCII characters'
    case 'webpush':
      return 'a PushSubscription as JSON: {"endpoint", "keys": {"p256dh", "auth"}}, at most 2,048 characters'
    default:
      return '1 to 200 printable characters'
  }
}

function consentsOf(row: SubscriberRow, nowMs: number): Consent[] {
  return Object.entries(row.consents ?? {}).map(([key, given]) => {
    const [channel, purpose = 'marketing'] = key.split('/') as [string, string?]
    const consent = typeof given === 'boolean' ? { granted: given } : given
    const isDated = consent.at !== undefined
    const at = consent.at === undefined ? instantOf(nowMs) : Temporal.Instant.from(consent.at)
    const source = consent.source ?? 'import'
    return {
      channel,
      purpose,
      granted: consent.granted,
      at,
      source,
      isDated,
      shownText: consent.shownText ?? null,
    }
  })
}

const knownTimeZones = new Map<string, boolean>()

function isKnownTimeZone(name: string): boolean {
  const known = knownTimeZones.get(name)
  if (known !== undefined) return known
  // Names come from outside; the memory of wrong ones must not grow without bound.
  if (knownTimeZones.size > 10_000) knownTimeZones.clear()
  const isZone = isTimeZone(name)
  knownTimeZones.set(name, isZone)
  return isZone
}

/** PostgreSQL's jsonb takes neither U+0000 nor half a surrogate pair; one such row must not spoil its batch. */
function unstorableText(attributes: Record<string, unknown>): Problem | undefined {
  if (!/\\u0000|\\ud[89a-f]/.test(JSON.stringify(attributes))) return undefined
  const message = 'a text holds a character that cannot be stored (U+0000 or half of a surrogate pair)'
  return { code: 'row_invalid', message, field: 'attributes', expected: 'well-formed text' }
}
