import { domainToASCII } from 'node:url'
import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { type IdentityKind, identityKind } from './contract.ts'

export type Identity = { kind: IdentityKind; value: string }

type Country = Parameters<typeof parsePhoneNumberFromString>[1]

const MAX_LENGTH = 200
const MAX_EMAIL_LENGTH = 254
/** Every value is a key of an index, whose entries PostgreSQL limits to 2,704 bytes. */
const MAX_TOKEN_LENGTH = 2_048

/**
 * A value in the one spelling under which it is stored, or undefined when it cannot be one. Phone numbers become
 * E.164; national ones are read in `country` (ISO 3166 alpha-2). A number needs only a possible length: number
 * ranges open faster than any table of them is renewed.
 */
export function normalizeValue(
  kind: IdentityKind,
  text: string,
  country: string | undefined,
): string | undefined {
  if (kind === 'msisdn') {
    const number = parsePhoneNumberFromString(text, country as Country)
    return number?.isPossible() ? number.number : undefined
  }
  const value = text.trim()
  if (kind === 'email') return normalizeEmail(value)
  if (kind === 'telegram') return /^-?[1-9]\d{0,18}$/.test(value) ? value : undefined
  if (kind === 'webpush') return normalizeSubscription(value)
  if (kind === 'push') return /^[\x21-\x7e]{1,2048}$/.test(value) ? value : undefined
  return value === '' || value.length > MAX_LENGTH || hasControlCharacter(value) ? undefined : value
}

/**
 * Lower case, because no mailbox in use tells `Ann@` from `ann@`; the domain in its ASCII form (RFC 5891), so that two
 * spellings of one domain are one. Undefined without one `@` and a domain of two labels (RFC 5321 §4.5.3.1).
 */
function normalizeEmail(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at).toLowerCase()
  const domain = domainToASCII(text.slice(at + 1).replace(/\.$/, ''))
  const isLocal =
    at > 0 && local.length <= 64 && /^[^\s@"(),:;<>[\\\]\p{Cc}]+$/u.test(local) && local.isWellFormed()
  if (!isLocal || !/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+$/.test(domain))
    return undefined
  const email = `${local}@${domain}`
  return email.length <= MAX_EMAIL_LENGTH ? email : undefined
}

/** A browser's `PushSubscription` as JSON (W3C Push API §8), with only what a sender needs, always in one order. */
function normalizeSubscription(text: string): string | undefined {
  let given: { endpoint?: unknown; keys?: { p256dh?: unknown; auth?: unknown } } | null
  try {
    given = JSON.parse(text) as typeof given
  } catch {
    return undefined
  }
  const [endpoint, p256dh, auth] = [given?.endpoint, given?.keys?.p256dh, given?.keys?.auth]
  if (typeof endpoint !== 'string' || !/^https?:\/\/[\x21-\x7e]+$/.test(endpoint)) return undefined
  if (!isBase64Url(p256dh) || !isBase64Url(auth)) return undefined
  const value = JSON.stringify({ endpoint, keys: { p256dh, auth } })
  return value.length <= MAX_TOKEN_LENGTH ? value : undefined
}

const isBase64Url = (text: unknown): boolean =>
  typeof text === 'string' && /^[\w+/-]{8,200}={0,2}$/.test(text)

const kinds: ReadonlySet<string> = new Set<IdentityKind>(identityKind.options)

/**
 * Reads `msisdn:+7999…`, `account:…`, `email:…` and the other kinds, or a bare `+7999…`, which is a phone number.
 * Undefined when it is none of them.
 */
export function parseIdentity(text: string, country: string | undefined): Identity | undefined {
  if (text.startsWith('+')) return identityOf('msisdn', text, country)
  const colon = text.indexOf(':')
  const kind = text.slice(0, Math.max(colon, 0))
  if (!kinds.has(kind)) return undefined
  return identityOf(kind as IdentityKind, text.slice(colon + 1), country)
}

/** Device tokens are long and name no sender of events, and a device registers one only while somebody is behind it. */
export const tokenKinds: readonly IdentityKind[] = ['push', 'webpush']

/** The text form: `account:4711`. */
export function identityText({ kind, value }: Identity): string {
  return `${kind}:${value}`
}

function identityOf(kind: IdentityKind, text: string, country: string | undefined): Identity | undefined {
  const value = normalizeValue(kind, text, country)
  return value === undefined ? undefined : { kind, value }
}

/** Control characters and halves of surrogate pairs: a database text cannot hold all of them. */
function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 32) return true
  return !text.isWellFormed()
}
