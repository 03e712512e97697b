import { createHash } from 'node:crypto'
import type { Agent } from 'undici'
import { z } from 'zod'
import { ask, bearer, below, jsonOrUndefined, type NoAnswer } from '../http-request.ts'

/*
 * Advertising to one's own customers by phone number is a reseller's product without a public schema; this contract is
 * ours (channels/README.md). Everything before `start` shows nothing to anybody, a call with the same key is the same call,
 * and a recipient id that stands in an advertisement which runs is shown no other.
 */

export type AdsAddress = {
  url: string
  token: string
  ordUrl: string
  ordToken: string
  timeoutMs: number
}

export type Recipient = { recipientId: string; phoneSha256: string }

const audience = z.object({ audienceId: z.string().min(1), matched: z.array(z.string()) })
const created = z.object({ adId: z.string().min(1) })
const creative = z.object({ erid: z.string().min(1) })
const started = z.object({ state: z.enum(['draft', 'running', 'ended']) })
const events = z.object({
  events: z.array(
    z.object({
      recipientId: z.string(),
      adId: z.string(),
      event: z.enum(['shown', 'opened', 'clicked', 'subscribed']),
      at: z.iso.datetime({ offset: true }),
    }),
  ),
  cursor: z.string(),
})
export type AdEvents = z.infer<typeof events>

const statistics = z.object({
  advertisements: z.array(
    z.object({
      adId: z.string(),
      erid: z.string(),
      recipients: z.int(),
      shown: z.int(),
      opened: z.int(),
      clicked: z.int(),
      subscribed: z.int(),
      costMinor: z.string().regex(/^\d+$/),
    }),
  ),
})
export type AdCounts = z.infer<typeof statistics>['advertisements'][number]

/** Why there is no answer: the network's fault, or the provider's word. */
export type Refusal = NoAnswer | { status: number }

/** The reseller's and the register's API. No call rejects. */
export class AdsClient {
  readonly #address: AdsAddress
  readonly #agent: Agent

  constructor(address: AdsAddress, agent: Agent) {
    this.#address = address
    this.#agent = agent
  }

  /** Uploads recipients; says which of them have Telegram. */
  upload(key: string, recipients: Recipient[]): Promise<z.infer<typeof audience> | Refusal> {
    return this.#ads('POST', '/v1/audiences', audience, { recipients }, key)
  }

  /** Registers a creative with the register of advertising (ОРД), which answers with its mark. */
  register(key: string, given: object): Promise<z.infer<typeof creative> | Refusal> {
    const { ordUrl, ordToken } = this.#address
    return this.#ask(ordUrl, ordToken, 'POST', '/v1/creatives', creative, given, key)
  }

  create(key: string, given: object): Promise<z.infer<typeof created> | Refusal> {
    return this.#ads('POST', '/v1/advertisements', created, given, key)
  }

  start(adId: string): Promise<z.infer<typeof started> | Refusal> {
    return this.#ads('POST', `/v1/advertisements/${encodeURIComponent(adId)}/start`, started, {})
  }

  /** What happened behind a cursor, over all advertisements. */
  events(cursor: string): Promise<AdEvents | Refusal> {
    return this.#ads('GET', `/v1/events?after=${encodeURIComponent(cursor)}`, events)
  }

  statistics(): Promise<z.infer<typeof statistics> | Refusal> {
    return this.#ads('GET', '/v1/advertisements', statistics)
  }

  #ads<T>(method: 'GET' | 'POST', path: string, answer: z.ZodType<T>, body?: object, key?: string) {
    const { url, token } = this.#address
    return this.#ask(url, token, method, path, answer, body, key)
  }

  async #ask<T>(
    base: string,
    token: string,
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<T>,
    body?: object,
    key?: string,
  ): Promise<T | Refusal> {
    const answer = await ask(this.#agent, {
      url: below(base, path.slice(1)),
      method,
      timeoutMs: this.#address.timeoutMs,
      headers: {
        ...bearer(token),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if ('failure' in answer) return answer
    const read = schema.safeParse(answer.status < 300 ? jsonOrUndefined(answer.text) : undefined)
    return read.success ? read.data : { status: answer.status < 300 ? 502 : answer.status }
  }
}

/** A phone number as the reseller wants it: SHA-256 of its digits, in hexadecimal. */
export function phoneHash(address: string): string {
  return createHash('sha256').update(address.replace(/\D/g, '')).digest('hex')
}

/**
 * The usual figures of an advertisement: cost per thousand shown and per click in minor units, click-through rate and
 * conversion rate as shares of those shown and of those who clicked; undefined where nothing is to be divided by.
 */
export function adFigures({ shown, clicked, subscribed, costMinor }: AdCounts): {
  cpmMinor: number | undefined
  cpcMinor: number | undefined
  ctr: number | undefined
  cr: number | undefined
} {
  const per = (amount: number, count: number): number | undefined =>
    count === 0 ? undefined : amount / count
  const cost = Number(costMinor)
  return {
    cpmMinor: per(cost * 1_000, shown),
    cpcMinor: per(cost, clicked),
    ctr: per(clicked, shown),
    cr: per(subscribed, clicked),
  }
}
