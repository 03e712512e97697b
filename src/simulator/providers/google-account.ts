import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { jwtVerify } from 'jose'
import type { ProviderAnswer } from './http-provider.ts'

export type GoogleAccountOptions = {
  /** Scope that a token must be asked for. */
  scope: string
  /** How long a token lives, seconds. */
  tokenLifeS?: number
}

/** The keys of a service account's JSON file. */
export type ServiceAccountFile = {
  type: 'service_account'
  client_email: string
  private_key: string
  private_key_id: string
  token_uri: string
}

let keys: { publicKey: KeyObject; privateKey: KeyObject } | undefined

/** One key pair a process: making one takes a tenth of a second. */
const keyPair = (): NonNullable<typeof keys> =>
  (keys ??= generateKeyPairSync('rsa', { modulusLength: 2_048 }))

const EMAIL = 'tenure@simulated.iam.gserviceaccount.com'

/** A service account and the tokens that Google gave it: signed assertions for tokens, at `/token` (RFC 7523). */
export class GoogleAccount {
  readonly stats = { tokens: 0 }
  readonly #options: Required<GoogleAccountOptions>
  readonly #valid = new Set<string>()

  constructor(options: GoogleAccountOptions) {
    this.#options = { tokenLifeS: 3_600, ...options }
  }

  /** The file for an account whose tokens come from the server at this address. */
  file(url: string): ServiceAccountFile {
    const key = keyPair().privateKey.export({ type: 'pkcs8', format: 'pem' })
    return {
      type: 'service_account',
      client_email: EMAIL,
      private_key: String(key),
      private_key_id: 'simulated-1',
      token_uri: `${url}/token`,
    }
  }

  /** Gives a token for a signed assertion; `url` is the server's own address, which the assertion must name. */
  async exchange(body: Buffer, url: string): Promise<ProviderAnswer> {
    const form = new URLSearchParams(body.toString())
    const { scope, tokenLifeS } = this.#options
    const checked = await jwtVerify(form.get('assertion') ?? '', keyPair().publicKey, {
      issuer: EMAIL,
      audience: `${url}/token`,
      requiredClaims: ['iat', 'exp'],
    }).catch(() => undefined)
    const isGrant = form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    if (!isGrant || checked?.payload['scope'] !== scope)
      return { status: 400, body: { error: 'invalid_grant' } }
    const token = `ya29.simulated.${++this.stats.tokens}`
    this.#valid.add(token)
    return { status: 200, body: { access_token: token, expires_in: tokenLifeS, token_type: 'Bearer' } }
  }

  /** Whether a request bears a token that is still good. */
  accepts(authorization: string | undefined): boolean {
    return this.#valid.has(authorization?.replace(/^Bearer /, '') ?? '')
  }

  /** Makes every token void, as when a key is changed. */
  revoke(): void {
    this.#valid.clear()
  }
}
