import type { Database } from '../platform/index.ts'
import { identityText, tokenKinds } from './identity.ts'
import { PhoneTable, phoneDigits } from './phone-table.ts'
import { selectIdentitiesSince, selectIdentityPage, selectLowWater } from './store.ts'

const PAGE_ROWS = 100_000

/**
 * All identities of one tenant in memory but device tokens: an event finds its subscriber without asking the database,
 * and whoever asks for a token asks it. What this process imports is added at once; what another one imports is fetched
 * when an unknown identity turns up.
 */
export class IdentityMap {
  readonly #database: Database
  readonly #tenantId: string
  readonly #refreshEveryMs: number
  readonly #phones = new PhoneTable()
  /** Identities that are no phone numbers. */
  readonly #others = new Map<string, number>()
  #lowWater = '0'
  #refreshedAtMs = 0
  #loading: Promise<void> | undefined

  constructor(database: Database, tenantId: string, refreshEveryMs: number) {
    this.#database = database
    this.#tenantId = tenantId
    this.#refreshEveryMs = refreshEveryMs
  }

  /** Resolves when everything stored has been read once. */
  load(): Promise<void> {
    this.#loading ??= this.#readAll().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  get(identity: string): number | undefined {
    const digits = phoneDigits(identity)
    return digits === undefined ? this.#others.get(identity) : this.#phones.get(digits) || undefined
  }

  /** The subscriber of a phone number, its digits read as one whole number; 0 when nobody has it. */
  getPhone(digits: number): number {
    return this.#phones.get(digits)
  }

  set(identity: string, subscriberId: number): void {
    const digits = phoneDigits(identity)
    if (digits === undefined) this.#others.set(identity, subscriberId)
    else this.#phones.set(digits, subscriberId)
  }

  /**
   * Fetches what other processes added since the last look; true when it looked, false when the last look is too
   * recent. Unknown subjects may come by the thousand, so the database is asked at most once in a while.
   */
  async refresh(): Promise<boolean> {
    // The machine's monotonic time: this spares a store and is no business of the simulated clock.
    const nowMs = performance.now()
    if (nowMs - this.#refreshedAtMs < this.#refreshEveryMs) return false
    this.#refreshedAtMs = nowMs
    await this.#database.tx(this.#tenantId, async (tx) => {
      const lowWater = await selectLowWater(tx)
      for (const row of await selectIdentitiesSince(tx, tokenKinds, this.#lowWater)) {
        this.set(identityText(row), row.subscriberId)
      }
      this.#lowWater = lowWater
    })
    return true
  }

  async #readAll(): Promise<void> {
    await this.#database.tx(this.#tenantId, async (tx) => {
      const lowWater = await selectLowWater(tx)
      for (let page = await selectIdentityPage(tx, tokenKinds, null, PAGE_ROWS); page.length > 0;) {
        for (const row of page) this.set(identityText(row), row.subscriberId)
        page =
          page.length < PAGE_ROWS ? [] : await selectIdentityPage(tx, tokenKinds, page.at(-1)!, PAGE_ROWS)
      }
      this.#lowWater = lowWater
    })
    this.#refreshedAtMs = performance.now()
  }
}
