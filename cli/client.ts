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

  async #call<T>(method: string, path: string, body?: Body): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#key}` }
    const init: RequestInit & { duplex?: 'half' } = { method, headers }
    if (body) {
      headers['content-type'] = body.type ?? 'application/json'
      init.body = 'stream' in body ? body.stream : JSON.stringify(body.json)
      if ('stream' in body) init.duplex = 'half'
    }
    let response: Response
    try {
      response = await fetch(this.url + path, init)
    } catch (error) {
      throw new CliError(`cannot reach ${this.url}: ${reasonOf(error)}`)
    }
    const text = await response.text()
    if (!response.ok) throw new CliError(refusal(response.status, text))
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
}

/** The network's own words stand in the cause; fetch itself says only that it failed. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}

function refusal(status: number, text: string): string {
  try {
    const { title, code, field, expected } = JSON.parse(text) as Record<string, unknown>
    const where = field ? `, field ${String(field)}` : ''
    const wanted = expected ? `, expected ${String(expected)}` : ''
    return `the server refused: ${String(title)} (${status} ${String(code)}${where}${wanted})`
  } catch {
    return `the server answered ${status}: ${text.slice(0, 200)}`
  }
}
