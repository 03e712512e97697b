import { setTimeout as sleep } from 'node:timers/promises'

import { Pool } from 'undici'

import { DomainError, systemClock } from '../platform/index.ts'
import type { SmscPort } from './smsc-port.ts'
import type { DstkCallback, Receipt, TenurePort } from './tenure-port.ts'
import { dialForm, shownBy } from './ussd-gateway.ts'

export type TenureClientOptions = {
  serverUrl: string
  /** API key. */
  key: string
  smsc: SmscPort
  networkCode: string
  /** Path under which Tenure hears of pop-ups; it ends with the channel's secret. */
  dstkCallbackPath: string
  /** Wall-clock milliseconds after which an absent server is given up. */
  giveUpMs?: number
  /** Told once of each kind of trouble. */
  onNote?: (note: string) => void
}

type Asked = { path: string; contentType: string; body: string }

/** How long the server may work at one question, milliseconds. Moving the clock empties all of its queues. */
const answerTimeoutMs = 600_000
/** How long a phone waits for a USSD reply over SMPP before it shows an error of its own, milliseconds. */
const ussdTimeoutMs = 15_000

/**
 * Tenure over HTTP and SMPP. A question is asked again while the server is away or answers 5xx: events keep their
 * ids, callbacks their tokens, USSD sessions their numbers, so asking again is harmless.
 */
export class TenureClient implements TenurePort {
  readonly counts = { refusedCalls: 0, repeatedCalls: 0, ussdWithoutReply: 0 }
  readonly #pool: Pool
  readonly #options: TenureClientOptions
  readonly #noted = new Set<string>()

  constructor(options: TenureClientOptions) {
    this.#options = options
    this.#pool = new Pool(new URL(options.serverUrl).origin, {
      connections: 16,
      headersTimeout: answerTimeoutMs,
      bodyTimeout: answerTimeoutMs,
      keepAliveTimeout: 4_000,
    })
  }

  async postEvents(body: string): Promise<{ accepted: number; duplicates: number; rejected: number }> {
    const answer = await this.#ask({
      path: '/v1/events',
      contentType: 'application/cloudevents-batch+json',
      body,
    })
    this.#demand(answer, '/v1/events')
    const {
      accepted = 0,
      duplicates = 0,
      rejected = [],
    } = JSON.parse(answer.text) as {
      accepted?: number
      duplicates?: number
      rejected?: { problem?: { code?: string; message?: string; field?: string } }[]
    }
    for (const { problem } of rejected) {
      this.#note(`event rejected: ${problem?.code} ${problem?.field ?? ''} ${problem?.message ?? ''}`)
    }
    return { accepted, duplicates, rejected: rejected.length }
  }

  async moveClock(nowMs: number): Promise<number | null> {
    const now = new Date(nowMs).toISOString()
    const answer = await this.#ask({
      path: '/v1/clock',
      contentType: 'application/json',
      body: JSON.stringify({ now }),
    })
    this.#demand(answer, '/v1/clock')
    const { nextDueAt } = JSON.parse(answer.text) as { nextDueAt: string | null }
    return nextDueAt === null ? null : Temporal.Instant.from(nextDueAt).epochMilliseconds
  }

  async dstkCallback(callback: DstkCallback): Promise<void> {
    const body = JSON.stringify(callback)
    const path = this.#options.dstkCallbackPath
    this.#accept(await this.#ask({ path, contentType: 'application/json', body }))
  }

  async dialHttp(dial: { session: string; address: string; code: string }): Promise<string> {
    const answer = await this.#ask({
      path: '/v1/channels/ussd',
      contentType: 'application/x-www-form-urlencoded',
      body: dialForm(dial, this.#options.networkCode),
    })
    this.#accept(answer)
    return shownBy(answer.text)
  }

  async dialSmpp(dial: { session: string; address: string; code: string }): Promise<string> {
    const request = { address: dial.address, text: dial.code, session: dial.session }
    const timer = new AbortController()
    const none = sleep(ussdTimeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)
    const reply = await Promise.race([this.#options.smsc.sendUssd(request), none])
    timer.abort()
    if (reply === undefined) this.counts.ussdWithoutReply++
    return reply ?? ''
  }

  async sendKeyword(message: { address: string; text: string }): Promise<void> {
    await this.#options.smsc.sendMobileOriginated(message)
  }

  async sendReceipt({ reference, ...receipt }: Receipt): Promise<void> {
    await this.#options.smsc.sendReceipt({ ...receipt, ...(reference === undefined ? {} : { reference }) })
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  async #ask(asked: Asked): Promise<{ status: number; text: string }> {
    const sinceMs = systemClock.nowMs()
    for (let attempt = 0; ; attempt++) {
      const problem = await this.#once(asked)
      if (typeof problem !== 'string') return problem
      this.counts.repeatedCalls++
      if (systemClock.nowMs() - sinceMs > (this.#options.giveUpMs ?? answerTimeoutMs)) {
        throw new DomainError('tenure_away', `No answer to ${asked.path}: ${problem}`, { field: asked.path })
      }
      await sleep(Math.min(500, 20 * 2 ** Math.min(attempt, 5)))
    }
  }

  /** One attempt: the answer, or in words why it must be asked again. */
  async #once({ path, contentType, body }: Asked): Promise<{ status: number; text: string } | string> {
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': contentType, authorization: `Bearer ${this.#options.key}` },
        body,
      })
      const text = await response.body.text()
      if (response.statusCode < 500 && response.statusCode !== 429)
        return { status: response.statusCode, text }
      this.#note(`${path} answered ${response.statusCode}: ${text.slice(0, 300)}`)
      return `status ${response.statusCode}`
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    }
  }

  #demand(answer: { status: number; text: string }, path: string): void {
    if (answer.status < 300) return
    throw new DomainError(
      'tenure_refused',
      `${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`,
      {
        field: path,
        found: answer.status,
        expected: '2xx',
      },
    )
  }

  #accept(answer: { status: number; text: string }): void {
    if (answer.status < 300) return
    this.counts.refusedCalls++
    this.#note(`a callback was refused with ${answer.status}: ${answer.text.slice(0, 200)}`)
  }

  #note(note: string): void {
    if (this.#noted.has(note) || this.#noted.size > 50) return
    this.#noted.add(note)
    this.#options.onNote?.(note)
  }
}
