import { importPKCS8, SignJWT } from 'jose'
import type { Agent } from 'undici'
import { z } from 'zod'
import { ask, jsonOrUndefined, type NoAnswer } from './http-request.ts'

/** A service account's key as Google's console hands it out; what is not needed of it is left out. */
export const serviceAccount = z.object({
  client_email: z.string().min(1),
  /** PKCS #8 in PEM. */
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.url().default('https://oauth2.googleapis.com/token'),
})

export type ServiceAccount = z.infer<typeof serviceAccount>

export type GoogleTokenOptions = {
  account: ServiceAccount
  /** What the token is to allow, such as `https://www.googleapis.com/auth/rcsbusinessmessaging`. */
  scope: string
  agent: Agent
  timeoutMs: number
}

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

/** A token is renewed so long before its end, so that none ends on its way, real ms. */
const MARGIN_MS = 60_000

/**
 * The access token of a service account, asked for once and kept until shortly before it ends, however many requests
 * wait for it (RFC 7523 §2.1: a signed assertion is exchanged for a token). Time here is the network's.
 */
export class GoogleToken {
  readonly #options: GoogleTokenOptions
  #token: { bearer: string; untilMs: number } | undefined
  #asking: Promise<string | NoAnswer> | undefined

  constructor(options: GoogleTokenOptions) {
    this.#options = options
  }

  /** The token, or why there is none: nothing was sent to anybody then, so always `retry`. Never rejects. */
  bearer(): Promise<string | NoAnswer> {
    if (this.#token && performance.now() < this.#token.untilMs) return Promise.resolve(this.#token.bearer)
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  /** Forgets a token that a service would not take (HTTP 401); a newer one stays. */
  forget(bearer: string): void {
    if (this.#token?.bearer === bearer) this.#token = undefined
  }

  async #ask(): Promise<string | NoAnswer> {
    const { account, agent, timeoutMs } = this.#options
    const assertion = await this.#assertion().catch(() => undefined)
    if (assertion === undefined) return noToken('key_unreadable')
    const answer = await ask(agent, {
      url: account.token_uri,
      timeoutMs,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion,
      }).toString(),
    })
    if ('failure' in answer) return noToken('token_unreachable')
    const taken = tokenAnswer.safeParse(answer.status === 200 ? jsonOrUndefined(answer.text) : undefined)
    if (!taken.success) return noToken('token_refused')
    const { access_token: bearer, expires_in: lifeS } = taken.data
    this.#token = { bearer, untilMs: performance.now() + Math.max(0, lifeS * 1_000 - MARGIN_MS) }
    return bearer
  }

  async #assertion(): Promise<string> {
    const { account, scope } = this.#options
    const key = await importPKCS8(account.private_key, 'RS256')
    return new SignJWT({ scope })
      .setProtectedHeader({
        alg: 'RS256',
        typ: 'JWT',
        ...(account.private_key_id === undefined ? {} : { kid: account.private_key_id }),
      })
      .setIssuer(account.client_email)
      .setAudience(account.token_uri)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key)
  }
}

const noToken = (reason: string): NoAnswer => ({ failure: { outcome: 'retry', afterMs: 5_000, reason } })
