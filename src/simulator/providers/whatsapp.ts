import { createHmac } from 'node:crypto'
import { callBack, type ProviderAnswer, type ProviderOptions, serveProvider } from './http-provider.ts'

/** A message as a phone gets it. */
export type WhatsappMessage = {
  id: string
  to: string
  type: string
  biz_opaque_callback_data?: string
  text?: { body: string }
  image?: { link: string; caption?: string }
  template?: { name: string; language: { code: string }; components: Record<string, unknown>[] }
  interactive?: Record<string, unknown>
}

export type WhatsappOptions = ProviderOptions & {
  appSecret?: string
  accessToken?: string
  phoneNumberId?: string
  /** Statuses that follow each message. */
  statuses?: string[]
  /** Error code of an answer, or of the status `failed`, by recipient. */
  errors?: Map<string, number>
  failures?: Map<string, number>
  /** What each recipient sends back. */
  answer?: object
}

export type WhatsappCloudApi = {
  url: string
  port: number
  appSecret: string
  accessToken: string
  phoneNumberId: string
  received: WhatsappMessage[]
  stats: { requests: number }
  /** Numbers that wrote within the last day, as WhatsApp sees it. */
  conversations: Set<string>
  /** A subscriber, by number without plus sign, writes or presses; resolves when the call was taken or given up. */
  say(from: string, content: object): Promise<void>
  /** Calls with this body and its signature. */
  call(body: object): Promise<void>
  close(): Promise<void>
}

/** Meta's documented statuses of the errors that tests provoke; every other is 400. */
const httpStatus = new Map([
  [190, 401],
  [80_007, 429],
  [130_429, 429],
  [131_000, 500],
  [131_016, 503],
])

const errorAnswer = (code: number): ProviderAnswer => ({
  status: httpStatus.get(code) ?? 400,
  body: { error: { message: `(#${code})`, type: 'OAuthException', code, fbtrace_id: 'simulated' } },
})

/**
 * WhatsApp's Cloud API: messages to `/{version}/{phone-number-id}/messages`; signed calls with statuses and with what
 * subscribers say. A free text is refused unless its recipient wrote before.
 */
export async function startWhatsapp(options: WhatsappOptions = {}): Promise<WhatsappCloudApi> {
  const { appSecret = 'app-secret', accessToken = 'access-token', phoneNumberId = '1234567' } = options
  const { statuses = ['sent', 'delivered', 'read'], errors, failures, answer, callbackUrl } = options
  const received: WhatsappMessage[] = []
  const stats = { requests: 0 }
  const conversations = new Set<string>()
  let inboundId = 0
  const call = (body: object): Promise<void> => callSigned(callbackUrl, appSecret, body)
  const change = (value: object): Promise<void> => call(changeOf(phoneNumberId, value))
  const write = (from: string, id: string, content: object): Promise<void> => {
    conversations.add(from)
    const message = { from, id, timestamp: '1767614400', ...content }
    return change({ contacts: [{ wa_id: from, profile: { name: 'Simulated' } }], messages: [message] })
  }

  const server = await serveProvider(options, (request, provider) => {
    stats.requests++
    const isMessage = new RegExp(String.raw`^/v\d+\.\d+/${phoneNumberId}/messages$`).test(request.path)
    if (request.method !== 'POST' || !isMessage) return errorAnswer(100)
    if (request.headers.authorization !== `Bearer ${accessToken}`) return errorAnswer(190)
    const message = JSON.parse(request.body.toString()) as WhatsappMessage
    const error = errors?.get(message.to)
    if (error !== undefined) return errorAnswer(error)
    if (message.type !== 'template' && !conversations.has(message.to)) return errorAnswer(131_047)
    const id = `wamid.${stats.requests}`
    const failure = failures?.get(message.to)
    const reported = failure === undefined ? statuses : ['failed']
    const replies = answer === undefined ? [] : [() => write(message.to, `${id}.reply`, answer)]
    return provider.submitted({
      throttled: errorAnswer(130_429),
      failing: errorAnswer(131_000),
      take() {
        received.push({ ...message, id })
        const contacts = [{ input: message.to, wa_id: message.to }]
        return { status: 200, body: { messaging_product: 'whatsapp', contacts, messages: [{ id }] } }
      },
      reports: reported
        .map((status) => () => {
          const why =
            status === 'failed' && failure !== undefined ? { errors: [{ code: failure, title: '' }] } : {}
          const { to, biz_opaque_callback_data: ours } = message
          const given = { id, status, timestamp: '1767614400', recipient_id: to, ...why }
          return change({
            statuses: [ours === undefined ? given : { ...given, biz_opaque_callback_data: ours }],
          })
        })
        .concat(replies),
    })
  })
  return {
    url: server.url,
    port: server.port,
    appSecret,
    accessToken,
    phoneNumberId,
    received,
    stats,
    conversations,
    call,
    say: (from, content) => write(from, `wamid.in.${++inboundId}`, content),
    close: () => server.close(),
  }
}

/** Calls with the signature of the app's secret over every byte. */
async function callSigned(url: string | undefined, secret: string, body: object): Promise<void> {
  const text = JSON.stringify(body)
  const signature = createHmac('sha256', secret).update(text).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
  await callBack(url, text, headers)
}

/** The envelope of one change. */
function changeOf(phoneNumberId: string, change: object): object {
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: phoneNumberId }, ...change }
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: '1', changes: [{ field: 'messages', value }] }],
  }
}
