import type { Access } from '../access/index.ts'
import type { Database } from '../platform/index.ts'
import { identityText, parseIdentity, tokenKinds } from './identity.ts'
import { IdentityMap } from './identity-map.ts'
import { selectOwners } from './store.ts'

/** Finds the subscriber of an identity in memory; undefined when nobody has it. */
export type Resolver = (identity: string) => number | undefined

/** Two ways to find a subscriber without waiting; both know what was loaded up to now. */
export type Lookup = {
  resolve: Resolver
  /** By phone number, the digits behind the plus sign read as one whole number; 0 when nobody has it. */
  phone(digits: number): number
}

/** Told which identities were added by this process, once they are stored. */
export type IdentityListener = (tenantId: string, identities: string[]) => void | Promise<void>

type Dependencies = { database: Database; access: Access; refreshEveryMs?: number }

/** Identity maps of the tenants that this process works for. */
export class Identities {
  readonly #dependencies: Dependencies
  readonly #maps = new Map<string, IdentityMap>()
  readonly #listeners: IdentityListener[] = []

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

  /** Calls `listener` after each import that added identities. */
  onAdded(listener: IdentityListener): void {
    this.#listeners.push(listener)
  }

  /** Remembers identities that were stored just now, and tells those who wait for them. */
  async add(tenantId: string, added: { identity: string; subscriberId: number }[]): Promise<void> {
    if (added.length === 0) return
    const map = await this.mapOf(tenantId)
    for (const { identity, subscriberId } of added) if (!isToken(identity)) map.set(identity, subscriberId)
    const identities = added.map(({ identity }) => identity)
    for (const listener of this.#listeners) await listener(tenantId, identities)
  }

  async lookup(tenantId: string): Promise<Lookup> {
    const map = await this.mapOf(tenantId)
    return { resolve: await this.resolver(tenantId), phone: (digits) => map.getPhone(digits) }
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

  async reader(tenantId: string): Promise<(text: string) => string | undefined> {
    const { country } = await this.#dependencies.access.tenant(tenantId)
    return (text) => {
      const identity = parseIdentity(text, country)
      return identity && identityText(identity)
    }
  }

  async resolve(tenantId: string, texts: string[]): Promise<(number | undefined)[]> {
    if (texts.some(isToken)) return this.#resolveTokens(tenantId, texts)
    const resolve = await this.resolver(tenantId)
    const found = texts.map(resolve)
    if (!found.includes(undefined)) return found
    return (await (await this.mapOf(tenantId)).refresh()) ? texts.map(resolve) : found
  }

  async #resolveTokens(tenantId: string, texts: string[]): Promise<(number | undefined)[]> {
    const others = await this.resolve(
      tenantId,
      texts.filter((text) => !isToken(text)),
    )
    const tokens = texts.map((text) => (isToken(text) ? parseIdentity(text, undefined) : undefined))
    const asked = tokens.filter((token) => token !== undefined)
    const owners = await this.#dependencies.database.read(tenantId, (tx) => selectOwners(tx, asked))
    return texts.map((text, i) =>
      isToken(text) ? owners.get(tokens[i] ? identityText(tokens[i]) : '') : others.shift(),
    )
  }
}

const tokenPrefixes = tokenKinds.map((kind) => `${kind}:`)
const isToken = (text: string): boolean => tokenPrefixes.some((prefix) => text.startsWith(prefix))

const PLUS = 43
