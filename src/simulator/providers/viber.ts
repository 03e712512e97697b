import { createHmac } from 'node:crypto'
import { callBack, type ProviderOptions, serveProvider } from './http-provider.ts'

/** A message as a phone gets it. */
export type ViberMessage = {
  /** The token's digits: more than a double holds. */
  token: string
  service_id: number
  dest: string
  type: number
  label: string
  ttl: number
  tracking_data: string
  message: { '#txt': string; '#img'?: string; '#caption'?: string; '#action'?: string }
}

export type ViberOptions = ProviderOptions & {
  authToken?: string
  serviceId?: number
  /** Status of the answer by recipient. */
  errors?: Map<string, number>
  /** Statuses that follow each message: 0 delivered, 1 seen, 2 expired. */
  statuses?: number[]
  /** What each recipient writes back. */
  answer?: string
}

export type ViberService = {
  url: string
  port: number
  authToken: string
  serviceId: number
  received: ViberMessage[]
  stats: { requests: number }
  /** A subscriber, by number without plus sign, writes. */
  say(from: string, text: string): Promise<void>
  close(): Promise<void>
}

/** The first token; every further one is one more. */
const FIRST_TOKEN = 5_741_311_803_571_721_087n

/** As JSON, the token as a bare number. */
const textOf = (body: object): string =>
  JSON.stringify(body).replace(/"message_token":"(\d+)"/, '"message_token":$1')

/** Viber Business Messages: 200 with a status for everything, signed calls with statuses and answers. */
export async function startViber(options: ViberOptions = {}): Promise<ViberService> {
  const {
    authToken = 'auth-token',
    serviceId = 4_711,
    errors,
    statuses = [0, 1],
    answer,
    callbackUrl,
  } = options
  const received: ViberMessage[] = []
  const stats = { requests: 0 }
  const lastTracking = new Map<string, string>()
  let replies = 0n
  const call = (body: object): Promise<void> => callSigned(callbackUrl, authToken, body)
  const write = (from: string, token: string, text: string): Promise<void> => {
    const message = { text, tracking_data: lastTracking.get(from) ?? '' }
    return call({ message_token: token, phone_number: from, time: 0, service_id: serviceId, message })
  }

  const server = await serveProvider(options, (request, provider) => {
    stats.requests++
    const status = (code: number): { status: number; body: object } => ({
      status: 200,
      body: { status: code },
    })
    if (request.path !== '/send_message' || request.method !== 'POST') return { status: 404 }
    const sent = JSON.parse(request.body.toString()) as Omit<ViberMessage, 'token'>
    if (request.headers['x-viber-auth-token'] !== authToken || sent.service_id !== serviceId) return status(2)
    if (!['promotion', 'transaction', 'session'].includes(sent.label)) return status(18)
    if (!(sent.ttl >= 30 && sent.ttl <= 1_209_600)) return status(20)
    if (sent.label === 'transaction' && sent.type % 100 !== 6) return status(5)
    const error = errors?.get(sent.dest)
    if (error !== undefined) return status(error)
    const token = String(FIRST_TOKEN + BigInt(stats.requests))
    return provider.submitted({
      throttled: status(16),
      failing: { status: 500 },
      take() {
        received.push({ ...sent, token })
        lastTracking.set(sent.dest, sent.tracking_data)
        return { status: 200, body: textOf({ seq: stats.requests, status: 0, message_token: token }) }
      },
      reports: statuses
        .map((word) => () => {
          const given = { phone_number: sent.dest, service_id: serviceId, tracking_data: sent.tracking_data }
          const message = {
            message_token: token,
            message_status: word,
            message_time: 1_767_614_400_000,
          }
          return call({ ...message, ...given })
        })
        .concat(answer === undefined ? [] : [() => write(sent.dest, `1${token.slice(1)}`, answer)]),
    })
  })
  return {
    url: server.url,
    port: server.port,
    authToken,
    serviceId,
    received,
    stats,
    say: (from, text) => write(from, String(FIRST_TOKEN * 2n + ++replies), text),
    close: () => server.close(),
  }
}

/** Calls with the signature of the account's token over every byte. */
async function callSigned(url: string | undefined, authToken: string, body: object): Promise<void> {
  const text = textOf(body)
  const signature = createHmac('sha256', authToken).update(text).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-viber-content-signature': signature }
  await callBack(url, text, headers)
}
