import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { Api, GrammyError, HttpError } from 'grammy'
import { z } from 'zod'
import type {
  Callback,
  CallbackReply,
  ChannelContext,
  ChannelEvents,
  Content,
  OutboundMessage,
  SubmitOutcome,
} from '../channel.ts'
import { packChoice, unpackChoice } from './choice-data.ts'
import { callJson, isNotConnected } from './http-request.ts'
import { RequestChannel } from './request-channel.ts'
import { channelKind, settingsOf } from './settings.ts'
import { isSecret } from './signature.ts'

const settings = settingsOf('telegram', {
  token: z.string().min(1),
  apiRoot: z.url().default('https://api.telegram.org'),
  /** Sent by Telegram with every call (`X-Telegram-Bot-Api-Secret-Token`); without it the address's secret is all. */
  webhookSecret: z
    .string()
    .regex(/^[\w-]{1,256}$/)
    .optional(),
  /** Telegram lets a bot send about 30 messages a second, and one a second to a chat. */
  ratePerS: z.number().positive().default(30),
  chatIntervalMs: z.int().nonnegative().default(1_000),
  /** What the button says that leads to the message's link. */
  buttonLabel: z.string().min(1).max(64).default('Open'),
  timeoutMs: z.int().positive().default(10_000),
  concurrency: z.int().positive().default(16),
})

type TelegramSettings = z.infer<typeof settings>

const MAX_TEXT = 4_096
const MAX_CAPTION = 1_024
const MAX_BUTTON_BYTES = 64
/** Longer than this a message does not wait here for its chat, ms. */
const MAX_CHAT_WAIT_MS = 3_000

const chat = z.object({ id: z.number(), type: z.string() })

/** What of an update is read (Bot API, `Update`); everything else is acknowledged and left alone. */
const update = z.object({
  update_id: z.number(),
  message: z.object({ chat, text: z.string().optional() }).optional(),
  callback_query: z
    .object({ id: z.string(), from: z.object({ id: z.number() }), data: z.string().optional() })
    .optional(),
  my_chat_member: z.object({ chat, new_chat_member: z.object({ status: z.string() }) }).optional(),
})

type Update = z.infer<typeof update>

/**
 * A Telegram bot (Bot API) by chat id. A text goes as a message, a picture with a short text as a photo with caption;
 * choices are inline buttons. Telegram says that it took a message, never that it arrived. "Too many requests" says
 * for how long, and so long nothing is sent. A subscriber who blocks the bot is reported as gone at once, by Telegram's
 * own call or by the next message. `/start abc`, which a link `t.me/bot?start=abc` leads to, comes up as the answer
 * `start:abc`; commands without a parameter come up as plain words (`stop`).
 */
class TelegramChannel extends RequestChannel<TelegramSettings> {
  readonly #connections: http.Agent
  readonly #api: Api
  readonly #callbackUrl: string | undefined
  readonly #stopping = new AbortController()
  /** When a chat may get its next message; only chats of the last moments are kept. Real ms. */
  readonly #chats = new Map<string, number>()

  constructor(options: TelegramSettings, context: ChannelContext) {
    super(options, context)
    const { token, apiRoot, timeoutMs, concurrency } = options
    this.#callbackUrl = context.callbackUrl
    const { Agent } = apiRoot.startsWith('https:') ? https : http
    this.#connections = new Agent({ keepAlive: true, maxSockets: concurrency + 1 })
    this.#api = new Api(token, {
      apiRoot: apiRoot.replace(/\/$/, ''),
      timeoutSeconds: timeoutMs / 1_000,
      baseFetchConfig: { agent: this.#connections } as object,
    })
  }

  override async start(events: ChannelEvents): Promise<void> {
    await super.start(events)
    if (this.#callbackUrl !== undefined) void this.#announce(this.#callbackUrl)
  }

  override async stop(): Promise<void> {
    this.#stopping.abort()
    await super.stop()
    this.#connections.destroy()
  }

  async callback(call: Callback): Promise<CallbackReply> {
    const { webhookSecret } = this.settings
    const given = call.headers['x-telegram-bot-api-secret-token']
    if (webhookSecret !== undefined && !isSecret(given, webhookSecret)) return { status: 401 }
    await this.#take(callJson(update, call))
    return { status: 200 }
  }

  protected async send(message: OutboundMessage): Promise<SubmitOutcome> {
    const buttons = keyboardOf(message, this.settings.buttonLabel)
    if (message.text.length > MAX_TEXT) return { outcome: 'refused', reason: 'text_too_long' }
    if (buttons === undefined) return { outcome: 'refused', reason: 'choice_id_too_long' }
    const waitMs = this.#reserve(message.address)
    if (waitMs > MAX_CHAT_WAIT_MS) return { outcome: 'retry', afterMs: waitMs, reason: 'chat_busy' }
    if (!(await this.#waited(waitMs))) return { outcome: 'retry', afterMs: 1_000, reason: 'stopping' }
    if (message.expiresAtMs <= this.clock.nowMs()) return { outcome: 'refused', reason: 'expired' }
    const markup = buttons.length === 0 ? {} : { reply_markup: { inline_keyboard: buttons } }
    try {
      return await this.#bring(message, markup)
    } catch (error) {
      const outcome = outcomeOf(error)
      if (outcome.outcome === 'refused' && isGone.has(outcome.reason)) {
        await this.dropAddress(message.address, outcome.reason)
      }
      return outcome
    }
  }

  async #bring(message: OutboundMessage, markup: object): Promise<SubmitOutcome> {
    const { address, text, media } = message
    if (media?.contentType.startsWith('image/') && text.length <= MAX_CAPTION) {
      try {
        const { message_id: id } = await this.#api.sendPhoto(address, media.url, { caption: text, ...markup })
        return { outcome: 'accepted', providerMessageId: `${address}:${id}` }
      } catch (error) {
        if (!isPictureFault(error)) throw error
      }
    }
    const { message_id: id } = await this.#api.sendMessage(address, text, markup)
    return { outcome: 'accepted', providerMessageId: `${address}:${id}` }
  }

  /** Waits for a chat's turn; false where the channel stops instead. */
  async #waited(waitMs: number): Promise<boolean> {
    if (waitMs <= 0) return true
    return sleep(waitMs, true, { signal: this.#stopping.signal }).catch(() => false)
  }

  /** How long a message to this chat has to wait; its place is kept unless that is too long. Real ms. */
  #reserve(address: string): number {
    const nowMs = performance.now()
    const { chatIntervalMs } = this.settings
    const atMs = Math.max(nowMs, this.#chats.get(address) ?? 0)
    if (atMs - nowMs > MAX_CHAT_WAIT_MS) return atMs - nowMs
    // The map keeps the order of the times, but for chats that wait: those are few.
    this.#chats.delete(address)
    this.#chats.set(address, atMs + chatIntervalMs)
    for (const [other, nextMs] of this.#chats) {
      if (nextMs > nowMs) break
      this.#chats.delete(other)
    }
    return atMs - nowMs
  }

  async #take({
    update_id: id,
    message,
    callback_query: query,
    my_chat_member: member,
  }: Update): Promise<void> {
    const atMs = this.clock.nowMs()
    const dedupeKey = `telegram:${this.settings.token.split(':')[0]}:${id}`
    const status = member?.new_chat_member.status
    if (member?.chat.type === 'private' && (status === 'kicked' || status === 'left')) {
      await this.events.onAddressGone({ address: String(member.chat.id), reason: 'bot_blocked', atMs })
    } else if (query !== undefined) {
      const pressed = query.data === undefined ? undefined : unpackChoice(query.data)
      const address = String(query.from.id)
      const said = pressed === undefined ? { text: query.data ?? '' } : { text: pressed.choice, ...pressed }
      const reply = await this.answered('telegram', { address, ...said, dedupeKey })
      const shown = reply === undefined ? {} : { text: reply.slice(0, 200) }
      this.reply(this.#api.answerCallbackQuery(query.id, shown))
    } else if (message?.chat.type === 'private' && message.text !== undefined) {
      const address = String(message.chat.id)
      const text = wordsOf(message.text)
      const reply = await this.answered('telegram', { address, text, dedupeKey })
      if (reply !== undefined) this.reply(this.#api.sendMessage(address, reply.slice(0, MAX_TEXT)))
    }
  }

  /** Tells Telegram where to call, again and again until it has heard. */
  async #announce(url: string): Promise<void> {
    const { webhookSecret } = this.settings
    const { signal } = this.#stopping
    for (let waitMs = 1_000; !signal.aborted; waitMs = Math.min(60_000, 2 * waitMs)) {
      try {
        await this.#api.setWebhook(url, {
          allowed_updates: ['message', 'callback_query', 'my_chat_member'],
          ...(webhookSecret === undefined ? {} : { secret_token: webhookSecret }),
        })
        return
      } catch {
        await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }
}

/** Whether Telegram could not use the picture: nothing was sent then, and the text can go without it. */
function isPictureFault(error: unknown): boolean {
  if (!(error instanceof GrammyError) || error.error_code !== 400) return false
  return /url|file|image|photo|web page/i.test(error.description)
}

/** Refusals that say that nobody will read this chat any more. */
const isGone = new Set(['bot_blocked', 'user_deactivated', 'chat_not_found'])

/** What a failed call says of its message (Bot API, `ResponseParameters` and the descriptions of errors). */
function outcomeOf(error: unknown): SubmitOutcome {
  if (error instanceof HttpError) {
    const inner = error.error
    const code = inner instanceof Error && 'code' in inner ? String(inner.code) : ''
    return isNotConnected(code)
      ? { outcome: 'retry', afterMs: 1_000, reason: 'not_connected' }
      : { outcome: 'unknown', reason: 'no_answer' }
  }
  if (!(error instanceof GrammyError)) throw error
  const { error_code: code, description, parameters } = error
  if (code === 429) {
    return { outcome: 'retry', afterMs: (parameters.retry_after ?? 1) * 1_000, reason: 'rate_limited' }
  }
  if (code === 401 || code === 404) return { outcome: 'retry', afterMs: 60_000, reason: 'token_refused' }
  if (code >= 500) return { outcome: 'unknown', reason: `telegram_${code}` }
  return { outcome: 'refused', reason: refusalOf(code, description) }
}

function refusalOf(code: number, description: string): string {
  if (/deactivated/i.test(description)) return 'user_deactivated'
  if (code === 403) return 'bot_blocked'
  if (/chat not found|user not found|peer_id_invalid/i.test(description)) return 'chat_not_found'
  return `telegram_${code}`
}

type Button = { text: string } & ({ url: string } | { callback_data: string })

/** One button a row, and the link below them; undefined where a choice's id does not fit into a button. */
function keyboardOf({ messageId, choices = [], link }: Content & { messageId: string }, linkLabel: string) {
  const rows: Button[][] = []
  for (const { id, label } of choices) {
    // A question with fewer options than its template has buttons leaves the last labels empty.
    if (label.trim() === '') continue
    const data = packChoice(messageId, id)
    if (Buffer.byteLength(data) > MAX_BUTTON_BYTES) return undefined
    rows.push([{ text: label, callback_data: data }])
  }
  if (link !== undefined) rows.push([{ text: linkLabel, url: link }])
  return rows
}

/** `/start abc` as `start:abc`, `/stop` as `stop`, any other text as it is. */
function wordsOf(text: string): string {
  const command = /^\/(\w+)(?:@\w+)?(?:\s+(\S+))?\s*$/.exec(text)
  if (command === null) return text
  const [, word = '', parameter] = command
  return parameter === undefined ? word : word === 'start' ? `start:${parameter}` : text
}

/** Messages of a Telegram bot. */
export const telegram = channelKind({
  id: 'telegram',
  settings,
  traits: {
    replies: true,
    addressKind: 'telegram',
    reports: ['answered'],
    maxTextLength: MAX_TEXT,
    shows: ['text', 'choices', 'media', 'link'],
    resubmitSafe: false,
  },
  create: (options, context) => new TelegramChannel(options, context),
})
