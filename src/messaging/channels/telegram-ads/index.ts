import { Agent } from 'undici'
import { z } from 'zod'
import { derivedId } from '../../../platform/index.ts'
import type {
  Channel,
  ChannelContext,
  ChannelEvents,
  DeliveryReceipt,
  Done,
  OutboundMessage,
  SubmitOutcome,
} from '../../channel.ts'
import { channelKind, settingsOf } from '../settings.ts'
import { adFigures, type AdCounts, AdsClient, phoneHash, type Refusal } from './client.ts'

const settings = settingsOf('telegram-ads', {
  /** The reseller's API. */
  url: z.url(),
  token: z.string().min(1),
  /** The register of advertising (ОРД). */
  ordUrl: z.url(),
  ordToken: z.string().min(1),
  /** Whose advertising it is: named in every text, as 38-FZ art. 18.1 asks. */
  advertiser: z.strictObject({ name: z.string().min(1), inn: z.string().regex(/^\d{10}(\d{2})?$/) }),
  /** Messages with one text are gathered so long into one audience, real ms. */
  gatherMs: z.int().min(0).default(2_000),
  audienceSize: z.int().positive().default(10_000),
  /** How often the reseller is asked what was shown, real ms. */
  pollMs: z.int().positive().default(5_000),
  timeoutMs: z.int().positive().default(15_000),
})

type TelegramAdsSettings = z.infer<typeof settings>

type Job = { message: OutboundMessage; settle: (outcome: SubmitOutcome) => void }

/** After a failure of the provider it is left alone for so long where the context says nothing, real ms. */
const DOWN_MS = 5_000

const statuses = { shown: 'delivered', opened: 'seen', clicked: 'clicked', subscribed: 'clicked' } as const

/**
 * Telegram advertising by phone number: messages with one text and link become one audience and one advertisement with
 * its mark. Whoever has no Telegram is refused at once, so that the cascade goes on; the others are reported as shown,
 * opened and clicked. The reseller knows a recipient by our message id, so what is in doubt may be submitted again.
 */
export class TelegramAdsChannel implements Channel {
  readonly #settings: TelegramAdsSettings
  readonly #clock: ChannelContext['clock']
  readonly #agent = new Agent({ connections: 4 })
  readonly #client: AdsClient
  #gathered: Job[] = []
  #work: Promise<void> = Promise.resolve()
  #underWay = 0
  readonly #downMs: number
  #downUntilMs = 0
  #gathering: NodeJS.Timeout | undefined
  #polling: NodeJS.Timeout | undefined
  #poll: Promise<void> = Promise.resolve()
  #cursor = ''
  #events: ChannelEvents | undefined
  #isStopping = false

  constructor(options: TelegramAdsSettings, { clock, breakerMs = DOWN_MS }: ChannelContext) {
    this.#settings = options
    this.#clock = clock
    this.#downMs = breakerMs
    this.#client = new AdsClient(options, this.#agent)
  }

  async start(events: ChannelEvents): Promise<void> {
    this.#events = events
    this.#pollLater()
  }

  whenReady(): Promise<void> {
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#gathering)
    clearTimeout(this.#polling)
    for (const { settle } of this.#gathered.splice(0)) settle(retryLater('stopping'))
    await this.#work
    await this.#poll
    this.#events = undefined
    await this.#agent.close()
  }

  room(): number {
    if (this.#isStopping || performance.now() < this.#downUntilMs) return 0
    return Math.max(0, 2 * this.#settings.audienceSize - this.#gathered.length - this.#underWay)
  }

  submit(messages: OutboundMessage[], done: Done): void {
    messages.forEach((message, index) => {
      const settle = (outcome: SubmitOutcome): void => done(index, outcome)
      if (this.#isStopping) settle(retryLater('stopping'))
      else if (message.expiresAtMs <= this.#clock.nowMs()) settle({ outcome: 'refused', reason: 'expired' })
      else this.#gathered.push({ message, settle })
    })
    if (this.#gathered.length >= this.#settings.audienceSize) this.#launch()
    else this.#gathering ??= setTimeout(() => this.#launch(), this.#settings.gatherMs)
  }

  /** Each advertisement's counts and figures, as the reseller has them now. */
  async advertisements(): Promise<(AdCounts & ReturnType<typeof adFigures>)[]> {
    const told = await this.#client.statistics()
    if (!('advertisements' in told)) return []
    return told.advertisements.map((counts) => ({ ...counts, ...adFigures(counts) }))
  }

  #launch(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    const jobs = this.#gathered.splice(0)
    const bySaying = Map.groupBy(jobs, ({ message }) => JSON.stringify([message.text, message.link]))
    for (const same of bySaying.values()) {
      for (let from = 0; from < same.length; from += this.#settings.audienceSize) {
        const group = same.slice(from, from + this.#settings.audienceSize)
        this.#underWay += group.length
        this.#work = this.#advertiseAfter(this.#work, group)
      }
    }
  }

  /** One advertisement after the other, as the reseller likes it. */
  async #advertiseAfter(earlier: Promise<void>, group: Job[]): Promise<void> {
    await earlier
    await this.#advertise(group)
    this.#underWay -= group.length
  }

  async #advertise(group: Job[]): Promise<void> {
    const settleAll = (outcome: SubmitOutcome, jobs = group): void =>
      jobs.forEach(({ settle }) => settle(outcome))
    if (performance.now() < this.#downUntilMs) return settleAll(retryLater('channel_down'))
    const { text, link } = group[0]!.message
    const key = derivedId('audience', ...group.map(({ message }) => message.messageId))
    const recipients = group.map(({ message: { messageId, address } }) => {
      return { recipientId: messageId, phoneSha256: phoneHash(address) }
    })
    const audience = await this.#client.upload(key, recipients)
    if (!('audienceId' in audience)) return settleAll(this.#notYet(audience))
    const matched = new Set(audience.matched)
    const [shown, unknown] = [true, false].map((isMatched) =>
      group.filter(({ message }) => matched.has(message.messageId) === isMatched),
    ) as [Job[], Job[]]
    settleAll({ outcome: 'refused', reason: 'not_matched' }, unknown)
    if (shown.length === 0) return
    const { advertiser } = this.#settings
    const creative = await this.#client.register(derivedId('creative', text, link ?? ''), {
      text,
      link,
      advertiser,
    })
    if (!('erid' in creative)) return settleAll(this.#notYet(creative), shown)
    const { erid } = creative
    const marked = `${text}\n\nРеклама. ${advertiser.name}, ИНН ${advertiser.inn}. erid: ${erid}`
    const { audienceId } = audience
    const advertisement = {
      audienceId,
      text: marked,
      erid,
      ...(link === undefined ? {} : { link: withMark(link, erid) }),
    }
    const ad = await this.#client.create(key, advertisement)
    if (!('adId' in ad)) return settleAll(this.#notYet(ad), shown)
    const begun = await this.#client.start(ad.adId)
    for (const { message, settle } of shown) {
      settle(
        'state' in begun
          ? { outcome: 'accepted', providerMessageId: `${ad.adId}:${message.messageId}` }
          : this.#inDoubt(begun),
      )
    }
  }

  /** Before its start an advertisement shows nothing: whatever failed, nothing was taken. */
  #notYet(refusal: Refusal): SubmitOutcome {
    if ('failure' in refusal || refusal.status >= 500 || refusal.status === 429) {
      this.#downUntilMs = performance.now() + ('failure' in refusal ? this.#downMs : 0)
      return retryLater('failure' in refusal ? refusal.failure.reason : `http ${refusal.status}`)
    }
    return { outcome: 'refused', reason: `http ${refusal.status}` }
  }

  #inDoubt(refusal: Refusal): SubmitOutcome {
    if ('status' in refusal && refusal.status >= 500)
      return { outcome: 'unknown', reason: `http ${refusal.status}` }
    if ('failure' in refusal && refusal.failure.outcome === 'unknown') return refusal.failure
    return this.#notYet(refusal)
  }

  #pollLater(): void {
    if (this.#isStopping) return
    this.#polling = setTimeout(() => {
      this.#poll = this.#ask().finally(() => this.#pollLater())
    }, this.#settings.pollMs)
  }

  /** Hands up what happened since the last time. The cursor moves on only when it is kept. */
  async #ask(): Promise<void> {
    for (;;) {
      const told = await this.#client.events(this.#cursor)
      if (!('events' in told) || told.events.length === 0 || this.#events === undefined) return
      const receipts = told.events.map(({ recipientId, adId, event, at }): DeliveryReceipt => {
        const atMs = Temporal.Instant.from(at).epochMilliseconds
        const reason = event === 'subscribed' ? { reason: 'subscribed' } : {}
        const providerMessageId = `${adId}:${recipientId}`
        return { messageId: recipientId, providerMessageId, status: statuses[event], ...reason, atMs }
      })
      try {
        await this.#events.onReceipts(receipts)
      } catch {
        return
      }
      this.#cursor = told.cursor
    }
  }
}

const retryLater = (reason: string): SubmitOutcome => ({ outcome: 'retry', afterMs: 1_000, reason })

/** The mark stands in the address as well, so that whoever follows it can be traced to its creative. */
function withMark(link: string, erid: string): string {
  const url = new URL(link)
  url.searchParams.set('erid', erid)
  return url.toString()
}

/** Telegram advertising by phone number. */
export const telegramAds = channelKind({
  id: 'telegram-ads',
  settings,
  traits: {
    addressKind: 'msisdn',
    reports: ['delivered', 'seen', 'clicked'],
    maxTextLength: 160,
    shows: ['text', 'link'],
    resubmitSafe: true,
  },
  create: (options, context) => new TelegramAdsChannel(options, context),
})
