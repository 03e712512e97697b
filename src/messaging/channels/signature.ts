import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export type Hmac = {
  algorithm: 'sha256' | 'sha512'
  secret: string
  /** What was signed, byte for byte. */
  body: Buffer
  encoding: 'hex' | 'base64'
}

/** Whether a header holds this secret; the time that takes tells nothing of where they differ. */
export function isSecret(given: string | string[] | undefined, secret: string): boolean {
  if (typeof given !== 'string') return false
  return timingSafeEqual(digestOf(given), digestOf(secret))
}

/** Whether a header holds the HMAC of what was sent (RFC 2104). */
export function isSignature(
  given: string | string[] | undefined,
  { algorithm, secret, body, encoding }: Hmac,
): boolean {
  return isSecret(given, createHmac(algorithm, secret).update(body).digest(encoding))
}

/** Of one length whatever the text's, as the comparison wants it. */
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
