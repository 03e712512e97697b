import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { DomainError, json } from '../platform/index.ts'

/** An answer that decides: anything but "not now". Numbers in the body are left as the text on the wire. */
export type Answer = { status: number; body: unknown }

export type Call = {
  method: 'GET' | 'POST'
  url: string
  body?: object
  /** Asked before each repeated try whether the one before had its effect; an answer ends the call. */
  alreadyDone?: () => Promise<Answer | undefined>
}

/** Pauses between tries. The first is short: most lost calls are a connection that was closed while idle. */
const retryDelaysMs = [10, 100, 500]

const notNow = new Set([401, 403, 408, 425, 429, 500, 502, 503, 504])

/**
 * JSON over kept-alive connections. Each call is tried up to four times, which is safe only because every call
 * that changes something carries an external id that stays the same over its tries.
 */
export class HttpCaller {
  readonly #agent: Agent
  readonly #timeoutMs: number

  constructor(options: { connections: number; timeoutMs: number }) {
    this.#agent = new Agent({ connections: options.connections, keepAliveTimeout: 30_000 })
    this.#timeoutMs = options.timeoutMs
  }

  /** The system's answer; throws `operator_unavailable` when no try brought one that decides. */
  async call(call: Call): Promise<Answer> {
    let last = await this.#attempt(call)
    for (const delayMs of retryDelaysMs) {
      if (typeof last !== 'string') return last
      await sleep(delayMs)
      const found = await call.alreadyDone?.()
      if (found) return found
      last = await this.#attempt(call)
    }
    if (typeof last !== 'string') return last
    throw new DomainError('operator_unavailable', `the operator's system does not answer: ${last}`, {
      field: new URL(call.url).origin,
      found: last,
    })
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  /** One try: the answer, or in words why there is none. */
  async #attempt(call: Call): Promise<Answer | string> {
    try {
      const response = await request(call.url, {
        dispatcher: this.#agent,
        method: call.method,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(call.body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json' }, body: json(call.body) }),
      })
      const text = await response.body.text()
      if (notNow.has(response.statusCode)) return `status ${response.statusCode}`
      return { status: response.statusCode, body: text === '' ? undefined : parseKeepingDigits(text) }
    } catch (error) {
      return error instanceof Error
        ? `${error.name} ${(error as { code?: string }).code ?? ''}`.trim()
        : 'lost'
    }
  }
}

/** Amounts must not pass through a float, so every number stays the text that stood on the wire. */
function parseKeepingDigits(text: string): unknown {
  return JSON.parse(text, function keepDigits(_key, value: unknown, context?: { source?: string }) {
    return typeof value === 'number' ? context!.source : value
  } as (key: string, value: unknown) => unknown)
}
