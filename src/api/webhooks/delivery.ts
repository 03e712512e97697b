import { type BlockList, isIP } from 'node:net'
import { Agent, request } from 'undici'
import { systemClock, webhookHeaders } from '../../platform/index.ts'
import { guardedLookup, isCallable } from './address.ts'
import type { Target } from './target.ts'

/** What became of one call. */
export type Outcome = { isTaken: true } | { isTaken: false; error: string; retryAfterMs?: number }

/** A receiver's words are of no interest; so much is read so that the connection can be used again. */
const ANSWER_BYTES = 16_384
const LONGEST_WAIT_MS = 3_600_000

/** Posts signed messages to one target over its own connections. */
export class Delivery {
  readonly #target: Target
  readonly #allowed: BlockList
  readonly #agent: Agent

  constructor(target: Target, allowed: BlockList) {
    this.#target = target
    this.#allowed = allowed
    this.#agent = new Agent({
      connections: target.concurrency,
      connect: { lookup: guardedLookup(allowed), timeout: target.timeoutMs },
    })
  }

  /** Never rejects. Only an answer of the 2xx kind within the time counts as taken; redirects are not followed. */
  async post({ id, body, contentType }: { id: string; body: string; contentType: string }): Promise<Outcome> {
    const { url, secrets, timeoutMs } = this.#target
    const { hostname } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !isCallable(host, this.#allowed)) {
      return { isTaken: false, error: 'address_forbidden' }
    }
    // The receiver's clock and ours are both the world's, whatever time the simulation has.
    const timestamp = String(Math.floor(systemClock.nowMs() / 1_000))
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(url, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: { 'content-type': contentType, ...webhookHeaders(secrets, { id, timestamp, body }) },
        body,
        // One limit over all: a receiver that drips its answer takes no longer than one that is silent.
        signal: AbortSignal.timeout(timeoutMs),
      })
      await answer.dump({ limit: ANSWER_BYTES }).catch(() => undefined)
      if (statusCode >= 200 && statusCode < 300) return { isTaken: true }
      const error = `http ${statusCode}`
      const seconds = Number(headers['retry-after'])
      if (!(seconds > 0)) return { isTaken: false, error }
      return { isTaken: false, error, retryAfterMs: Math.min(seconds * 1_000, LONGEST_WAIT_MS) }
    } catch (error) {
      return { isTaken: false, error: codeOf(error) }
    }
  }

  /** Ends calls under way; what they were about is tried again by whoever goes on. */
  close(): Promise<void> {
    return this.#agent.destroy()
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return 'timeout'
  return 'code' in error ? String(error.code) : 'failed'
}
