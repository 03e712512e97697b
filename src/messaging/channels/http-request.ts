import { type Agent, request } from 'undici'
import type { z } from 'zod'
import { parseInput } from '../../platform/index.ts'
import type { Callback, SubmitOutcome } from '../channel.ts'

export type HttpRequest = {
  url: string
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  headers?: Record<string, string>
  body?: string | Buffer
  /** How long the provider may take to answer, real ms. */
  timeoutMs: number
}

export type HttpAnswer = {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** No answer: what that says of a message that was in the request. */
export type NoAnswer = { failure: Extract<SubmitOutcome, { outcome: 'retry' | 'unknown' }> }

/** Faults of a network that show that nothing reached the provider. */
const notConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

/** Whether a fault of this code shows that nothing reached the provider. */
export const isNotConnected = (code: string): boolean => notConnected.has(code)

/** Asks a provider and never rejects: without a connection nothing was taken, after that nobody knows. */
export async function ask(
  agent: Agent,
  { url, method = 'POST', timeoutMs, headers = {}, body }: HttpRequest,
): Promise<HttpAnswer | NoAnswer> {
  try {
    const response = await request(url, {
      method,
      dispatcher: agent,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed'
    const failure: NoAnswer['failure'] = isNotConnected(code)
      ? { outcome: 'retry', afterMs: 1_000, reason: code }
      : { outcome: 'unknown', reason: code }
    return { failure }
  }
}

/**
 * What an answer that took nothing says by its HTTP status alone (RFC 9110 §15): 429 and 503 ask to come again, 408 and
 * other faults of the server leave open whether the message was taken, the rest refuses it for good.
 */
export function outcomeOfStatus({ status, headers }: HttpAnswer): SubmitOutcome {
  const reason = `http ${status}`
  if (status === 429 || status === 503) {
    const seconds = Number(headers['retry-after'])
    const afterMs = Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : 1_000
    return { outcome: 'retry', afterMs, reason: 'rate_limited' }
  }
  if (status >= 500 || status === 408) return { outcome: 'unknown', reason }
  return { outcome: 'refused', reason }
}

/** The address of something below a base address, whether or not that ends with a slash. */
export const below = (base: string, path: string): string => `${base.replace(/\/$/, '')}/${path}`

/** A header that says who asks, where the provider wants to know. */
export const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

/** What a provider's call says as JSON; throws DomainError('invalid_input') where that is not what `schema` wants. */
export const callJson = <T>(schema: z.ZodType<T>, { body }: Pick<Callback, 'body'>): T =>
  parseInput(schema, jsonOrUndefined(body.toString()))

/** The JSON of a text; undefined when it is none. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
