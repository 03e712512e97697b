import type { Access } from '../access/index.ts'
import type { Database } from '../platform/index.ts'
import { identityText, parseIdentity } from './identity.ts'
import { IdentityMap } from './identity-map.ts'

/** Finds the subscriber of an identity in memory; undefined when nobody has it. */
export type Resolver = (identity: string) => number | undefined

type Dependencies = { database: Database; access: Access; refreshEveryMs?: number }

/** Identity maps of the tenants that this process works for. */
export class Identities {
  readonly #dependencies: Dependencies
  readonly #maps = new Map<string, IdentityMap>()

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies
  }

  async mapOf(tenantId: string): Promise<IdentityMap> {
    let map = this.#maps.get(tenantId)
    if (!map) {
      const { database, refreshEveryMs = 1_000 } = this.#dependencies
      map = new IdentityMap(database, tenantId, refreshEveryMs)
      this.#maps.set(tenantId, map)
    }
    await map.load()
    return map
  }

  async resolver(tenantId: string): Promise<Resolver> {
    const map = await this.mapOf(tenantId)
    const { country } = await this.#dependencies.access.tenant(tenantId)
    return (text) => {
      // Almost every identity comes in the spelling that is stored; only the others are worth parsing.
      const direct = map.get(text.charCodeAt(0) === PLUS ? `msisdn:${text}` : text)
      if (direct !== undefined) return direct
      const identity = parseIdentity(text, country)
      return identity && map.get(identityText(identity))
    }
  }

  async resolve(tenantId: string, texts: string[]): Promise<(number | undefined)[]> {
    const resolve = await this.resolver(tenantId)
    const found = texts.map(resolve)
    if (!found.includes(undefined)) return found
    return (await (await this.mapOf(tenantId)).refresh()) ? texts.map(resolve) : found
  }
}

const PLUS = 43
