import { createHash } from 'node:crypto'
import { Mischief } from './misbehaviour.ts'
import { type ProviderAnswer, type ProviderOptions, serveProvider } from './http-provider.ts'

type Recipient = { recipientId: string; phoneSha256: string }
type Event = 'shown' | 'opened' | 'clicked' | 'subscribed'

/** An advertisement as the reseller holds it. */
export type Advertisement = {
  adId: string
  erid: string
  text: string
  link?: string
  recipients: string[]
  state: 'draft' | 'running'
}

export type TelegramAdsReseller = {
  url: string
  port: number
  advertisements: Advertisement[]
  /** Recipients who were shown an advertisement, once a showing. */
  shown: string[]
  /** What the register was told, by mark. */
  creatives: Map<string, { text: string; advertiser: { name: string; inn: string } }>
  stats: { requests: number }
  close(): Promise<void>
}

export type ResellerOptions = ProviderOptions & {
  /** Numbers (digits alone) without Telegram. */
  unmatched?: string[]
  /** What each recipient does. */
  events?: Event[]
  costPerShownMinor?: number
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What the reseller and the register beside it know, and what each call makes of it. */
class Reseller {
  readonly advertisements: Advertisement[] = []
  readonly shown: string[] = []
  readonly creatives: TelegramAdsReseller['creatives'] = new Map()
  readonly #options: ResellerOptions
  readonly #without: Set<string>
  readonly #audiences = new Map<string, { audienceId: string; matched: string[] }>()
  readonly #byKey = new Map<string, Advertisement>()
  readonly #log: { recipientId: string; adId: string; event: Event; at: string }[] = []
  // Reports are asked for and not sent: what is lost or doubled is so in the list.
  readonly #mischief: Mischief

  constructor(options: ResellerOptions) {
    this.#options = options
    this.#without = new Set((options.unmatched ?? []).map(hash))
    this.#mischief = new Mischief(options.misbehaviour)
  }

  upload(key: string, { recipients }: { recipients: Recipient[] }): ProviderAnswer {
    const matched = recipients
      .filter((each) => !this.#without.has(each.phoneSha256))
      .map((each) => each.recipientId)
    const audience = this.#audiences.get(key) ?? { audienceId: `aud-${this.#audiences.size + 1}`, matched }
    this.#audiences.set(key, audience)
    return { status: 201, body: audience }
  }

  register(key: string, given: { text: string; advertiser: { name: string; inn: string } }): ProviderAnswer {
    const erid = `2Vtzq${hash(key).slice(0, 8)}`
    this.creatives.set(erid, given)
    return { status: 201, body: { erid } }
  }

  create(
    key: string,
    { audienceId, ...rest }: { audienceId: string; text: string; erid: string; link?: string },
  ): ProviderAnswer {
    const known = this.#byKey.get(key)
    if (known) return { status: 200, body: { adId: known.adId } }
    const audience = [...this.#audiences.values()].find((each) => each.audienceId === audienceId)!
    const adId = `ad-${this.advertisements.length + 1}`
    const ad: Advertisement = { adId, recipients: audience.matched, state: 'draft', ...rest }
    this.advertisements.push(ad)
    this.#byKey.set(key, ad)
    return { status: 201, body: { adId } }
  }

  run(ad: Advertisement): ProviderAnswer {
    const { events = ['shown', 'opened', 'clicked'], misbehaviour } = this.#options
    const isNew = ad.state !== 'running'
    ad.state = 'running'
    for (const recipientId of isNew ? ad.recipients : []) {
      // Whoever is in one that runs is shown no other for the same message.
      if (this.shown.includes(recipientId)) continue
      this.shown.push(recipientId)
      for (const event of events) {
        const entry = { recipientId, adId: ad.adId, event, at: '2026-01-05T12:00:00Z' }
        const doubled = this.#mischief.strikes('reportsDoubled') ? 2 : 1
        const times = this.#mischief.strikes('reportsLost') ? 0 : doubled
        setTimeout(() => {
          for (let i = 0; i < times; i++) this.#log.push(entry)
        }, misbehaviour?.reportsAfterMs ?? 0)
      }
    }
    return { status: 200, body: { state: 'running' } }
  }

  eventsAfter(from: number): ProviderAnswer {
    const events = this.#log.slice(from, from + 500)
    return { status: 200, body: { events, cursor: String(from + events.length) } }
  }

  statistics(): ProviderAnswer {
    const { costPerShownMinor = 12 } = this.#options
    const advertisements = this.advertisements.map((ad) => countsOf(ad, this.#log, costPerShownMinor))
    return { status: 200, body: { advertisements } }
  }
}

/** A reseller of Telegram advertising and the register of advertising beside it, by the contract of channels/README.md. */
export async function startTelegramAds(options: ResellerOptions = {}): Promise<TelegramAdsReseller> {
  const reseller = new Reseller(options)
  const { advertisements, shown, creatives } = reseller
  const stats = { requests: 0 }
  const server = await serveProvider(options, ({ method, path, query, headers, body }, provider) => {
    stats.requests++
    const key = String(headers['idempotency-key'] ?? '')
    const given = body.length === 0 ? {} : (JSON.parse(body.toString()) as never)
    if (path === '/v1/audiences') return reseller.upload(key, given as never)
    if (path === '/v1/creatives') return reseller.register(key, given as never)
    if (path === '/v1/events') return reseller.eventsAfter(Number(query.get('after') || 0))
    if (path === '/v1/advertisements')
      return method === 'GET' ? reseller.statistics() : reseller.create(key, given as never)
    const ad = advertisements.find((each) => path === `/v1/advertisements/${each.adId}/start`)
    if (ad === undefined) return { status: 404 }
    return provider.submitted({
      throttled: { status: 429 },
      failing: { status: 500 },
      take: () => reseller.run(ad),
      reports: [],
    })
  })
  const { url, port } = server
  return { url, port, advertisements, shown, creatives, stats, close: () => server.close() }
}

function countsOf(
  ad: Advertisement,
  log: { adId: string; recipientId: string; event: Event }[],
  costPerShownMinor: number,
): object {
  const count = (event: Event): number =>
    new Set(
      log.filter((each) => each.adId === ad.adId && each.event === event).map((each) => each.recipientId),
    ).size
  const { adId, erid, recipients } = ad
  const counts = {
    shown: count('shown'),
    opened: count('opened'),
    clicked: count('clicked'),
    subscribed: count('subscribed'),
  }
  return {
    adId,
    erid,
    recipients: recipients.length,
    ...counts,
    costMinor: String(counts.shown * costPerShownMinor),
  }
}
