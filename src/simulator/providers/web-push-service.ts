import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto'
import { systemClock } from '../../platform/index.ts'
import {
  callBack,
  type ProviderAnswer,
  type ProviderOptions,
  type ProviderRequest,
  serveProvider,
} from './http-provider.ts'

/** A push as the browser decrypted it. */
export type ReceivedPush = {
  browser: number
  ttlS: number
  topic: string | undefined
  urgency: string | undefined
  payload: Record<string, unknown>
}

/** What a page sends to its server when the visitor has agreed. */
export type PushSubscriptionFile = { endpoint: string; keys: { p256dh: string; auth: string } }

export type WebPushService = {
  url: string
  port: number
  received: ReceivedPush[]
  stats: { requests: number; refused: string[] }
  /** The subscription of a browser, by its number. */
  subscriptionOf(browser: number): PushSubscriptionFile
  /** Makes a subscription void; further pushes are answered with this status. */
  drop(browser: number, status: 404 | 410): void
  close(): Promise<void>
}

/** A browser's keys; they outlive the service, as they do in truth. */
type Browser = { keys: ECDH; auth: Buffer }
const browsers = new Map<number, Browser>()

/**
 * A push service (RFC 8030) with the browsers behind it: checks the server's signature (RFC 8292), decrypts (RFC 8291) and
 * lets the service worker report delivered, seen, clicked where there is a link, and the first of its actions.
 */
export async function startWebPushService(options: ProviderOptions = {}): Promise<WebPushService> {
  const received: ReceivedPush[] = []
  const stats = { requests: 0, refused: [] as string[] }
  const dropped = new Map<number, number>()
  const server = await serveProvider(options, (request, provider) => {
    stats.requests++
    const browser = Number(/^\/push\/(\d+)$/.exec(request.path)?.[1] ?? Number.NaN)
    const known = browsers.get(browser)
    if (known === undefined || request.method !== 'POST') return { status: 404 }
    const status = dropped.get(browser)
    if (status !== undefined) return { status }
    const refuse = (code: number, reason: string): ProviderAnswer => {
      stats.refused.push(reason)
      return { status: code, body: { reason } }
    }
    if (!isSigned(String(request.headers.authorization), provider.url)) return refuse(403, 'vapid')
    if (!/^\d+$/.test(String(request.headers['ttl']))) return refuse(400, 'ttl')
    if (request.body.length > 4_096) return refuse(413, 'too long')
    const push = decrypted(browser, known, request)
    if (push === undefined) return refuse(400, 'not decryptable')
    return provider.submitted({
      throttled: { status: 429, headers: { 'retry-after': '0' } },
      failing: { status: 500 },
      take: () => {
        received.push(push)
        return { status: 201, headers: { location: `${provider.url}/message/${received.length}` } }
      },
      reports: options.callbackUrl === undefined ? [] : workerReports(push.payload),
    })
  })
  const { url, port } = server
  const drop = (browser: number, status: 404 | 410): void => void dropped.set(browser, status)
  const subscriptionOf = (browser: number): PushSubscriptionFile => subscribed(browser, url)
  return { url, port, received, stats, subscriptionOf, drop, close: () => server.close() }
}

function subscribed(browser: number, url: string): PushSubscriptionFile {
  let known = browsers.get(browser)
  if (known === undefined) {
    known = { keys: createECDH('prime256v1'), auth: randomBytes(16) }
    known.keys.generateKeys()
    browsers.set(browser, known)
  }
  const p256dh = known.keys.getPublicKey().toString('base64url')
  return { endpoint: `${url}/push/${browser}`, keys: { p256dh, auth: known.auth.toString('base64url') } }
}

/** What a service worker tells; see messaging/channels/README.md for the contract. */
function workerReports(payload: Record<string, unknown>): (() => Promise<unknown>)[] {
  const { messageId, proof, reportUrl, link, actions } = payload
  if (typeof reportUrl !== 'string') return []
  const [action] = (actions ?? []) as { action: string }[]
  const events = [
    { event: 'delivered' },
    { event: 'seen' },
    ...(link === undefined ? [] : [{ event: 'clicked' }]),
    ...(action === undefined ? [] : [{ event: 'answered', choice: action.action }]),
  ]
  const headers = { 'content-type': 'text/plain' }
  return events.map(
    (event) => () => callBack(reportUrl, JSON.stringify({ messageId, proof, ...event }), headers),
  )
}

/** `vapid t=JWT, k=key`: signed with the key, for this service, not yet over (RFC 8292 §2 and §3). */
function isSigned(authorization: string, origin: string): boolean {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? []
  const [head = '', claims = '', signature = ''] = token.split('.')
  if (key === '' || signature === '') return false
  const point = Buffer.from(key, 'base64url')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const signed = Buffer.from(`${head}.${claims}`)
  const given = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha256', signed, given, Buffer.from(signature, 'base64url'))) return false
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
  return aud === origin && Number(exp) > systemClock.nowMs() / 1_000 && typeof sub === 'string'
}

/** One record of `aes128gcm` (RFC 8188 §2, keys of RFC 8291 §3.4). */
function decrypted(
  browser: number,
  { keys, auth }: Browser,
  { body, headers }: ProviderRequest,
): ReceivedPush | undefined {
  if (headers['content-encoding'] !== 'aes128gcm') return undefined
  const salt = body.subarray(0, 16)
  const keyLength = body[20]!
  const sender = body.subarray(21, 21 + keyLength)
  const record = body.subarray(21 + keyLength)
  try {
    const secret = keys.computeSecret(sender)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), sender])
    const material = Buffer.from(hkdfSync('sha256', secret, auth, info, 32))
    const key = Buffer.from(hkdfSync('sha256', material, salt, 'Content-Encoding: aes128gcm\0', 16))
    const nonce = Buffer.from(hkdfSync('sha256', material, salt, 'Content-Encoding: nonce\0', 12))
    const decipher = createDecipheriv('aes-128-gcm', key, nonce)
    decipher.setAuthTag(record.subarray(-16))
    const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
    // A last record ends with 2 and then zeros.
    const text = padded.subarray(0, padded.lastIndexOf(2)).toString()
    return {
      browser,
      ttlS: Number(headers['ttl']),
      topic: headers['topic'] as string | undefined,
      urgency: headers['urgency'] as string | undefined,
      payload: JSON.parse(text) as Record<string, unknown>,
    }
  } catch {
    return undefined
  }
}
