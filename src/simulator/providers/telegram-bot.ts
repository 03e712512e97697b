import { callBack, type ProviderAnswer, type ProviderOptions, serveProvider } from './http-provider.ts'

/** A message as a chat shows it. */
export type TelegramMessage = {
  method: 'sendMessage' | 'sendPhoto'
  chat_id: string
  text?: string
  photo?: string
  caption?: string
  reply_markup?: { inline_keyboard: { text: string; callback_data?: string; url?: string }[][] }
}

export type TelegramOptions = ProviderOptions & {
  token?: string
  /** What "too many requests" asks for, seconds. */
  retryAfterS?: number
  /** A chat that gets messages faster is "too many requests", real ms. */
  chatIntervalMs?: number
}

export type TelegramBotApi = {
  url: string
  port: number
  token: string
  /** One a message in a chat. */
  received: TelegramMessage[]
  /** Ids of the callback queries that were answered, with the text shown. */
  answered: { id: string; text: string | undefined }[]
  stats: { requests: number; tooFast: number; webhook: string | undefined }
  /** Chats that blocked the bot, chats that do not exist, pictures that cannot be fetched. */
  blocked: Set<string>
  unknown: Set<string>
  unreachablePhotos: Set<string>
  /** A subscriber presses a button, writes, blocks the bot: the update is sent until it is taken. */
  press(chatId: number, data: string): Promise<void>
  say(chatId: number, text: string): Promise<void>
  block(chatId: number): Promise<void>
  close(): Promise<void>
}

const error = (status: number, description: string, more: object = {}): ProviderAnswer => ({
  status,
  body: { ok: false, error_code: status, description, ...more },
})

/**
 * Telegram's side of a bot (Bot API): messages, photos, buttons, and updates by webhook with the secret that
 * `setWebhook` named.
 */
export async function startTelegramBotApi(options: TelegramOptions = {}): Promise<TelegramBotApi> {
  const { token = '42:simulated', retryAfterS = 0, chatIntervalMs } = options
  const received: TelegramMessage[] = []
  const answered: TelegramBotApi['answered'] = []
  const [blocked, unknown, unreachablePhotos] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const stats: TelegramBotApi['stats'] = { requests: 0, tooFast: 0, webhook: options.callbackUrl }
  const sentAtMs = new Map<string, number>()
  const updates = new Updates(stats)
  const throttled = error(429, `Too Many Requests: retry after ${retryAfterS}`, {
    parameters: { retry_after: retryAfterS },
  })

  const server = await serveProvider(options, (request, provider) => {
    stats.requests++
    const [, given, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(decodeURIComponent(request.path)) ?? []
    if (given !== token) return error(401, 'Unauthorized')
    const body = JSON.parse(request.body.toString() || '{}') as Record<string, unknown>
    if (method === 'setWebhook') {
      stats.webhook = String(body['url'])
      updates.secret = body['secret_token'] as string | undefined
      return { status: 200, body: { ok: true, result: true } }
    }
    if (method === 'answerCallbackQuery') {
      answered.push({ id: String(body['callback_query_id']), text: body['text'] as string | undefined })
      return { status: 200, body: { ok: true, result: true } }
    }
    if (method !== 'sendMessage' && method !== 'sendPhoto') return error(404, 'Not Found')
    const message = { ...body, method, chat_id: String(body['chat_id']) } as TelegramMessage
    const refusal = refusalOf(message, { blocked, unknown, unreachablePhotos })
    if (refusal) return refusal
    const nowMs = performance.now()
    const sinceMs = nowMs - (sentAtMs.get(message.chat_id) ?? Number.NEGATIVE_INFINITY)
    if (chatIntervalMs !== undefined && sinceMs < chatIntervalMs) {
      stats.tooFast++
      return throttled
    }
    return provider.submitted({
      throttled,
      failing: error(500, 'Internal Server Error'),
      take() {
        sentAtMs.set(message.chat_id, nowMs)
        const messageId = received.push(message)
        const chat = { id: Number(message.chat_id), type: 'private' }
        return { status: 200, body: { ok: true, result: { message_id: messageId, chat, date: 0 } } }
      },
      reports: [],
    })
  })

  return {
    url: server.url,
    port: server.port,
    token,
    received,
    answered,
    stats,
    blocked,
    unknown,
    unreachablePhotos,
    press: (id, data) => updates.press(id, data),
    say: (id, text) => updates.say(id, text),
    block(id) {
      blocked.add(String(id))
      return updates.block(id)
    },
    close: () => server.close(),
  }
}

/** Why Telegram would not take a message, if it would not. */
function refusalOf(
  message: TelegramMessage,
  { unknown, blocked, unreachablePhotos }: Pick<TelegramBotApi, 'unknown' | 'blocked' | 'unreachablePhotos'>,
): ProviderAnswer | undefined {
  const { chat_id: chatId, text, photo, caption = '' } = message
  if (unknown.has(chatId)) return error(400, 'Bad Request: chat not found')
  if (blocked.has(chatId)) return error(403, 'Forbidden: bot was blocked by the user')
  if (message.method === 'sendMessage' && !text) return error(400, 'Bad Request: message text is empty')
  if ((text ?? '').length > 4_096) return error(400, 'Bad Request: message is too long')
  if (caption.length > 1_024) return error(400, 'Bad Request: message caption is too long')
  if (photo !== undefined && unreachablePhotos.has(photo)) {
    return error(400, 'Bad Request: failed to get HTTP URL content')
  }
  const buttons = message.reply_markup?.inline_keyboard.flat() ?? []
  const isTooLong = buttons.some((button) => Buffer.byteLength(button.callback_data ?? '') > 64)
  return isTooLong ? error(400, 'Bad Request: BUTTON_DATA_INVALID') : undefined
}

/** What subscribers do, sent to the bot's webhook. */
class Updates {
  secret: string | undefined
  readonly #stats: TelegramBotApi['stats']
  #updateId = 1_000

  constructor(stats: TelegramBotApi['stats']) {
    this.#stats = stats
  }

  press(id: number, data: string): Promise<void> {
    const query = { id: `query-${this.#updateId}`, from: personOf(id), chat_instance: '1', data }
    return this.#send({ callback_query: query })
  }

  say(id: number, text: string): Promise<void> {
    const message = { message_id: this.#updateId, date: 0, from: personOf(id), chat: chatOf(id), text }
    return this.#send({ message })
  }

  block(id: number): Promise<void> {
    const [before, after] = [{ status: 'member' }, { status: 'kicked', until_date: 0 }]
    const member = { chat: chatOf(id), from: personOf(id), date: 0 }
    return this.#send({ my_chat_member: { ...member, old_chat_member: before, new_chat_member: after } })
  }

  async #send(update: object): Promise<void> {
    const { webhook } = this.#stats
    const body = JSON.stringify({ update_id: this.#updateId++, ...update })
    const secret = this.secret === undefined ? {} : { 'x-telegram-bot-api-secret-token': this.secret }
    await callBack(webhook, body, { 'content-type': 'application/json', ...secret })
  }
}

const personOf = (id: number): object => ({ id, is_bot: false, first_name: 'Simulated' })
const chatOf = (id: number): object => ({ id, type: 'private', first_name: 'Simulated' })
