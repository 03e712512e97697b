import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { IdentityKind } from './contract.ts'

export type Identity = { kind: IdentityKind; value: string }

type Country = Parameters<typeof parsePhoneNumberFromString>[1]

const MAX_LENGTH = 200

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
  return value === '' || value.length > MAX_LENGTH || hasControlCharacter(value) ? undefined : value
}

/**
 * Reads `msisdn:+7999…`, `account:…`, `external:…`, or a bare `+7999…`, which is a phone number. Undefined when it
 * is none of them.
 */
export function parseIdentity(text: string, country: string | undefined): Identity | undefined {
  if (text.startsWith('+')) return identityOf('msisdn', text, country)
  const colon = text.indexOf(':')
  const kind = text.slice(0, Math.max(colon, 0))
  if (kind !== 'msisdn' && kind !== 'account' && kind !== 'external') return undefined
  return identityOf(kind, text.slice(colon + 1), country)
}

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
