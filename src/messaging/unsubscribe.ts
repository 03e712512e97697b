import { createHmac, timingSafeEqual } from 'node:crypto'

/** Whom an unsubscribe link takes off what, and in which message it stood. */
export type UnsubscribeClaim = {
  tenantId: string
  subscriberId: number
  messageId: string
  channel: string
  purpose: string
}

const MAC_OCTETS = 16
const VERSION = 1

/**
 * The claim as a token that nobody else can make: version, subscriber (4 octets), message (16), tenant, channel and
 * purpose, behind them a HMAC-SHA256 of 16 octets. Nothing has to be stored for it, and it works for ever, because a
 * subscriber may unsubscribe by a letter of last year.
 */
export function signClaim(claim: UnsubscribeClaim, key: Buffer): string {
  const head = Buffer.alloc(5)
  head.writeUInt8(VERSION, 0)
  head.writeUInt32BE(claim.subscriberId, 1)
  const messageId = Buffer.from(claim.messageId.replaceAll('-', ''), 'hex')
  const rest = Buffer.from([claim.tenantId, claim.channel, claim.purpose].join('/'), 'utf8')
  const body = Buffer.concat([head, messageId, rest])
  return Buffer.concat([body, macOf(body, key)]).toString('base64url')
}

/** The claim of a token; undefined when we did not make it. */
export function readClaim(token: string, key: Buffer): UnsubscribeClaim | undefined {
  if (!/^[\w-]{40,400}$/.test(token)) return undefined
  const octets = Buffer.from(token, 'base64url')
  const body = octets.subarray(0, -MAC_OCTETS)
  const mac = octets.subarray(-MAC_OCTETS)
  if (octets.length <= MAC_OCTETS + 21 || !timingSafeEqual(mac, macOf(body, key))) return undefined
  if (body[0] !== VERSION) return undefined
  const [tenantId, channel, purpose] = body.subarray(21).toString('utf8').split('/') as [
    string,
    string,
    string,
  ]
  const hex = body.subarray(5, 21).toString('hex')
  const messageId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return { tenantId, subscriberId: body.readUInt32BE(1), messageId, channel, purpose }
}

function macOf(body: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(body).digest().subarray(0, MAC_OCTETS)
}
