import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fetch } from 'undici'
import { Mischief, type Misbehaviour } from './misbehaviour.ts'

/** What every simulated provider is started with. */
export type ProviderOptions = {
  misbehaviour?: Misbehaviour
  /** Where reports go; without it none are sent. */
  callbackUrl?: string
  /** Port to listen at, so that a provider can come back where it was; 0 and undefined for any. */
  port?: number
}

export type ProviderRequest = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
}

/** An answer; `cut` closes the connection instead. */
export type ProviderAnswer = { status: number; headers?: Record<string, string>; body?: unknown } | 'cut'

/** A submission as a provider sees it. Each of `reports` is sent by itself. */
export type Submission = {
  throttled: ProviderAnswer
  failing: ProviderAnswer
  /** Takes the message for good and says what is answered. */
  take(): ProviderAnswer
  reports: (() => Promise<unknown>)[]
}

/** The HTTP side of a simulated provider: a server on 127.0.0.1 and the reports that it sends afterwards. */
export class HttpProvider {
  readonly url: string
  readonly port: number
  readonly #server: ReturnType<typeof createServer>
  readonly #mischief: Mischief
  readonly #reporting = new Set<Promise<void>>()
  #isClosed = false

  constructor(server: ReturnType<typeof createServer>, misbehaviour: Misbehaviour | undefined) {
    this.#server = server
    this.#mischief = new Mischief(misbehaviour)
    this.port = (server.address() as AddressInfo).port
    this.url = `http://127.0.0.1:${this.port}`
  }

  /** Handles a submission with the misbehaviour that this provider was started with. */
  async submitted({ throttled, failing, take, reports }: Submission): Promise<ProviderAnswer> {
    if (this.#mischief.strikes('throttled')) return throttled
    const answer = take()
    if (this.#mischief.isEarly) await this.#report(reports)
    // The answer leaves first: it is written as soon as this returns.
    else setImmediate(() => void this.#report(reports))
    if (this.#mischief.strikes('silent')) return 'cut'
    return this.#mischief.strikes('failing') ? failing : answer
  }

  /** Stops listening, cuts connections and gives up reports under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
    await Promise.allSettled(this.#reporting)
  }

  async #report(reports: Submission['reports']): Promise<void> {
    const all = (async () => {
      for (const report of reports) if (!this.#isClosed) await this.#mischief.report(report)
    })()
    const settled = all.catch(() => undefined)
    this.#reporting.add(settled)
    await settled
    this.#reporting.delete(settled)
  }
}

/** Starts the HTTP side of a provider. `handle` answers each request; what it throws becomes a 500. */
export async function serveProvider(
  { misbehaviour, port = 0 }: ProviderOptions,
  handle: (request: ProviderRequest, provider: HttpProvider) => Promise<ProviderAnswer> | ProviderAnswer,
): Promise<HttpProvider> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const url = new URL(request.url ?? '/', 'http://provider')
      const { method = 'GET', headers } = request
      const body = Buffer.concat(chunks)
      const given = { method, path: url.pathname, query: url.searchParams, headers, body }
      const answer = await Promise.resolve(given)
        .then((call) => handle(call, provider))
        .catch((error: unknown): ProviderAnswer => ({ status: 500, body: { error: String(error) } }))
      if (answer === 'cut') response.destroy()
      else {
        const isText = typeof answer.body === 'string'
        response.writeHead(answer.status, {
          'content-type': isText ? 'text/plain' : 'application/json',
          ...answer.headers,
        })
        response.end(
          isText ? answer.body : answer.body === undefined ? undefined : JSON.stringify(answer.body),
        )
      }
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const provider = new HttpProvider(server, misbehaviour)
  return provider
}

/** How long a report waits that was not taken, real ms; in life it is minutes. */
const RETRY_MS = 10

/**
 * Calls Tenure with a report, three times at most, until it is answered with 2xx; resolves with that answer's text.
 * Without an address nothing is sent.
 */
export async function callBack(
  url: string | undefined,
  body: string | Buffer,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<string | undefined> {
  if (url === undefined) return undefined
  for (let attempt = 0; attempt < 3; attempt++) {
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => undefined)
    const text = await answer?.text()
    if (answer?.ok) return text
    await sleep(RETRY_MS)
  }
  return undefined
}
