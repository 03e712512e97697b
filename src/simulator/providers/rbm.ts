import { createHmac } from 'node:crypto'
import { GoogleAccount, type ServiceAccountFile } from './google-account.ts'
import {
  callBack,
  type HttpProvider,
  type ProviderAnswer,
  type ProviderOptions,
  type ProviderRequest,
  serveProvider,
} from './http-provider.ts'

/** A message as a phone gets it. */
export type RbmMessage = {
  messageId: string
  phone: string
  ttl?: string
  messageTrafficType?: string
  contentMessage: {
    text?: string
    richCard?: { standaloneCard: { cardContent: Record<string, unknown> } }
    suggestions?: Record<string, { text: string; postbackData: string; openUrlAction?: { url: string } }>[]
  }
}

export type RbmOptions = ProviderOptions & {
  agentId?: string
  clientToken?: string
  tokenLifeS?: number
  features?: string[]
  /** Answers a used message id with 409 instead of silence about it. */
  isStrict?: boolean
  /** Events that follow each message. */
  events?: string[]
  /** What each recipient writes back. */
  answer?: string
}

export type RbmPlatform = {
  url: string
  port: number
  agentId: string
  clientToken: string
  serviceAccount: ServiceAccountFile
  account: GoogleAccount
  /** One a message on a phone. */
  received: RbmMessage[]
  /** Ids of the messages taken back. */
  revoked: string[]
  stats: { requests: number; capabilityChecks: number }
  /** Phones without RCS; status of the next requests about messages by phone. */
  without: Set<string>
  statuses: Map<string, number>
  /** Calls with an event or a user's message: in its envelope and signed. */
  call(event: object): Promise<void>
  close(): Promise<void>
}

const SCOPE = 'https://www.googleapis.com/auth/rcsbusinessmessaging'
const FEATURES = ['RICHCARD_STANDALONE', 'ACTION_OPEN_URL', 'REVOCATION']

const error = (status: number, word: string): ProviderAnswer => ({
  status,
  body: { error: { code: status, status: word } },
})

/**
 * Google's RCS Business Messaging: tokens, capabilities, messages known by the id that the agent chose, revocation, and
 * events in a Pub/Sub envelope.
 */
export async function startRbm(options: RbmOptions = {}): Promise<RbmPlatform> {
  const { agentId = 'agent', clientToken = 'client-token', features = FEATURES, callbackUrl } = options
  const { isStrict = false, events = ['DELIVERED', 'READ'], tokenLifeS = 3_600, answer } = options
  const account = new GoogleAccount({ scope: SCOPE, tokenLifeS })
  const received: RbmMessage[] = []
  const revoked: string[] = []
  const taken = new Set<string>()
  const stats = { requests: 0, capabilityChecks: 0 }
  const [without, statuses] = [new Set<string>(), new Map<string, number>()]
  let eventId = 0
  const call = (event: object): Promise<void> =>
    callSigned(callbackUrl, clientToken, { agentId, eventId: `e${++eventId}`, ...event })

  const send = (phone: string, request: ProviderRequest, provider: HttpProvider) => {
    const messageId = request.query.get('messageId') ?? ''
    const isKnown = taken.has(messageId)
    const happened = (word: string): Promise<void> =>
      call({ ...about(word, phone), eventType: word, messageId })
    const reply = { senderPhoneNumber: phone, messageId: `reply-${messageId}`, text: answer }
    const replies = answer === undefined ? [] : [() => call(reply)]
    const status = statuses.get(phone)
    if (status !== undefined) return error(status, 'SIMULATED')
    return provider.submitted({
      throttled: error(429, 'RESOURCE_EXHAUSTED'),
      failing: error(500, 'INTERNAL'),
      take() {
        if (isKnown && isStrict) return error(409, 'ALREADY_EXISTS')
        const name = `phones/${phone}/agentMessages/${messageId}`
        if (!isKnown) received.push({ ...JSON.parse(request.body.toString()), messageId, phone })
        taken.add(messageId)
        return { status: 200, body: { name, sendTime: '2026-01-05T12:00:00Z' } }
      },
      reports: isKnown ? [] : [...events.map((word) => () => happened(word)), ...replies],
    })
  }

  const server = await serveProvider(options, (request, provider) => {
    stats.requests++
    if (request.path === '/token') return account.exchange(request.body, provider.url)
    if (!account.accepts(request.headers.authorization)) return error(401, 'UNAUTHENTICATED')
    if (request.query.get('agentId') !== agentId) return error(403, 'PERMISSION_DENIED')
    const [, phone = '', what, id] =
      /^\/v1\/phones\/([^/]+)\/(capabilities|agentMessages)(?:\/([^/]+))?$/.exec(request.path) ?? []
    if (what === 'capabilities') stats.capabilityChecks++
    if (without.has(phone)) return error(404, 'NOT_FOUND')
    if (what === 'capabilities' && request.method === 'GET') return { status: 200, body: { features } }
    if (what === 'agentMessages' && request.method === 'POST') return send(phone, request, provider)
    if (what !== 'agentMessages' || request.method !== 'DELETE' || id === undefined)
      return error(404, 'NOT_FOUND')
    revoked.push(id)
    return statuses.has(phone) ? error(statuses.get(phone)!, 'SIMULATED') : { status: 200, body: {} }
  })
  const { url, port } = server
  return {
    url,
    port,
    agentId,
    clientToken,
    serviceAccount: account.file(url),
    account,
    received,
    revoked,
    stats,
    without,
    statuses,
    call,
    close: () => server.close(),
  }
}

/** Calls with an event in a Pub/Sub envelope; the signature is over what is inside. */
async function callSigned(url: string | undefined, clientToken: string, event: object): Promise<void> {
  const data = Buffer.from(JSON.stringify(event))
  const signature = createHmac('sha512', clientToken).update(data).digest('base64')
  const message = { data: data.toString('base64'), messageId: '1', attributes: {} }
  const body = JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' })
  const headers = { 'content-type': 'application/json', 'x-goog-signature': signature }
  await callBack(url, body, headers)
}

/** Events of the server name the phone otherwise than events of the user. */
const about = (word: string, phone: string): object =>
  word.startsWith('TTL_') ? { phoneNumber: phone } : { senderPhoneNumber: phone }
