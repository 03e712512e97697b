import { createHmac } from 'node:crypto'

export type SignedMessage = { id: string; timestamp: string; body: string | Buffer }

/** A shared secret as the Standard Webhooks specification writes it: at least 24 bytes in Base64 behind `whsec_`. */
export const webhookSecret = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/

/**
 * One signature of the Standard Webhooks specification 1.0 (symmetric, `v1`): HMAC-SHA256 over `id.timestamp.body`,
 * keyed by what stands behind `whsec_`.
 */
export function webhookSignature(secret: string, { id, timestamp, body }: SignedMessage): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
}

/** The three headers of a signed call; while a secret is being changed it bears a signature by each. */
export function webhookHeaders(secrets: readonly string[], message: SignedMessage): Record<string, string> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': message.timestamp,
    'webhook-signature': secrets.map((secret) => webhookSignature(secret, message)).join(' '),
  }
}
