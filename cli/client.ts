import { CliError } from './errors.ts'

type Body = { json: unknown; type?: string } | { stream: ReadableStream<Uint8Array>; type: string }

/** The server's HTTP API as seen by one key. */
export class Client {
  readonly url: string
  readonly #key: string

  constructor(url: string, key: string) {
    this.url = url.replace(/\/+$/, '')
    this.#key = key
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path)
  }

  post<T>(path: string, body: Body): Promise<T> {
    return this.#call<T>('POST', path, body)
  }

  put<T>(path: string, json: unknown): Promise<T> {
    return this.#call<T>('PUT', path, { json })
  }

  /**
   * Asks for work that takes a while: `onProgress` hears how far it is, and the result comes at the end. A refusal on
   * the way is thrown like any other one.
   */
  async postWithProgress<P, R>(path: string, json: unknown, onProgress: (progress: P) => void): Promise<R> {
    const headers = {
      authorization: `Bearer ${this.#key}`,
      'content-type': 'application/json',
      accept: 'application/x-ndjson',
    }
    const init = { method: 'POST', headers, body: JSON.stringify(json) }
    const response = await this.#reach(path, init)
    if (!response.ok) throw new CliError(refusal(response.status, await response.text()))
    // A work that was done before anything could be told answers with its result alone.
    if (!response.headers.get('content-type')?.includes('ndjson')) return (await response.json()) as R
    let rest = ''
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        const said = JSON.parse(line) as { progress?: P; result?: R; problem?: object }
        if (said.progress !== undefined) onProgress(said.progress)
        if (said.problem !== undefined) throw new CliError(refusal(200, JSON.stringify(said.problem)))
        if (said.result !== undefined) return said.result
      }
    }
    throw new CliError(`${this.url} stopped before the work was done`)
  }

  async #call<T>(method: string, path: string, body?: Body): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#key}` }
    const init: RequestInit & { duplex?: 'half' } = { method, headers }
    if (body) {
      headers['content-type'] = body.type ?? 'application/json'
      init.body = 'stream' in body ? body.stream : JSON.stringify(body.json)
      if ('stream' in body) init.duplex = 'half'
    }
    const response = await this.#reach(path, init)
    const text = await response.text()
    if (!response.ok) throw new CliError(refusal(response.status, text))
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  async #reach(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.url + path, init)
    } catch (error) {
      throw new CliError(`cannot reach ${this.url}: ${reasonOf(error)}`)
    }
  }
}

/** The network's own words stand in the cause; fetch itself says only that it failed. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}

function refusal(status: number, text: string): string {
  try {
    const { title, message, code, field, expected } = JSON.parse(text) as Record<string, unknown>
    const where = field ? `, field ${String(field)}` : ''
    const wanted = expected ? `, expected ${String(expected)}` : ''
    return `the server refused: ${String(title ?? message)} (${status} ${String(code)}${where}${wanted})`
  } catch {
    return `the server answered ${status}: ${text.slice(0, 200)}`
  }
}
