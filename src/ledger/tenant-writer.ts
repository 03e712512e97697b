import type { Clock, Database } from '../platform/index.ts'
import { encodeJournal, hashedPart, storeBatch } from './batch-store.ts'
import { Books } from './booking.ts'
import { chainHash } from './chain.ts'
import type { TransferRequest, TransferResult } from './contract.ts'
import type { Layer } from './layer.ts'
import { accountOfLots, namedAccounts, relatedKey } from './loading.ts'
import { Recent } from './recent.ts'
import { postTransfers } from './service.ts'
import type { AccountState, JournalRow, Standing } from './state.ts'
import {
  accountsByIds,
  accountsByNumbers,
  advanceHead,
  type Head,
  lookUpByIndex,
  openLots,
  readHead,
  standingsOf,
  transfersByIds,
} from './store.ts'
import { transferIdOf } from './transfer.ts'

/** Requests of one transaction, unless a single call brings more. */
const BATCH = 4_000
/** Transactions on their way: while one is written the next is decided and sent behind it. */
const IN_FLIGHT = 2
/** Far more than the accounts and keys of the batches that are on their way, which must not be forgotten. */
const ACCOUNTS = 100_000
const KEYS = 10_000
/** Batches that look their keys up, after one met a key that had been used long before. */
const CAREFUL_BATCHES = 100

type Call = {
  requests: TransferRequest[]
  resolve: (results: TransferResult[]) => void
  reject: (error: unknown) => void
}
type Related = { known: JournalRow[]; standings: Standing[]; accounts?: AccountState[] }

/**
 * Books the requests of callers without a transaction of their own, many callers in one transaction. It decides upon
 * what it remembers and hands the batch over with the number and hash of the batch it must follow; PostgreSQL takes it
 * only behind exactly that one. So nothing remembered can be wrong unnoticed: if anybody else has booked meanwhile,
 * nothing is stored, everything is forgotten, and the calls are booked under the lock instead.
 */
export class TenantWriter {
  readonly #database: Database
  readonly #clock: Clock
  readonly #tenantId: string
  readonly #accounts = new Recent<AccountState>(ACCOUNTS)
  readonly #rows = new Recent<JournalRow>(KEYS)
  #waiting: Call[] = []
  #running = false
  #inFlight: Promise<void>[] = []
  #failed: Call[][] = []
  #head: Head | undefined
  #carefulFor = 0

  constructor(database: Database, clock: Clock, tenantId: string) {
    this.#database = database
    this.#clock = clock
    this.#tenantId = tenantId
  }

  post(requests: TransferRequest[]): Promise<TransferResult[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ requests, resolve, reject })
      if (this.#running) return
      this.#running = true
      // The present turn may bring more: a socket's read often carries several requests.
      setImmediate(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#inFlight.length > 0) {
      if (this.#failed.length > 0) await this.#recover()
      else if (this.#waiting.length === 0) await Promise.race(this.#inFlight)
      else await this.#next(this.#take())
    }
    if (this.#failed.length > 0) await this.#recover()
    if (this.#waiting.length > 0) return this.#run()
    this.#running = false
  }

  #take(): Call[] {
    let size = 0
    const count = this.#waiting.findIndex(({ requests }) => (size += requests.length) > BATCH)
    return this.#waiting.splice(0, count < 0 ? this.#waiting.length : Math.max(count, 1))
  }

  /** Prepares, decides and sends one batch; on any failure its calls go to `#recover`. */
  async #next(calls: Call[]): Promise<void> {
    try {
      const requests = calls.length === 1 ? calls[0]!.requests : calls.flatMap((call) => call.requests)
      const related = await this.#prepare(requests)
      while (this.#inFlight.length >= IN_FLIGHT && this.#failed.length === 0)
        await Promise.race(this.#inFlight)
      if (this.#failed.length > 0 || !related || !this.#head) this.#failed.push(calls)
      else await this.#send(calls, requests, related, this.#head)
    } catch {
      this.#failed.push(calls)
    }
  }

  /** Brings into memory what the batch needs; undefined for a tenant that never booked. */
  async #prepare(requests: TransferRequest[]): Promise<Related | undefined> {
    const relatedKeys = new Set(requests.flatMap((request) => relatedKey(request) ?? []))
    const ids = new Set(requests.flatMap(namedAccounts))
    const lotIds = new Set(requests.flatMap((request) => accountOfLots(request) ?? []))
    const missing = [...ids].filter((id) => !this.#accounts.get(id))
    // Lots of a remembered account, and transfers that are on their way, are in the tables only after those.
    const isBehind = [...lotIds].some((id) => lacksLots(this.#accounts.get(id)))
    if (relatedKeys.size > 0 || isBehind) await this.#settled()
    const isCareful = this.#carefulFor > 0
    if (isCareful) this.#carefulFor--
    const isComplete = missing.length === 0 && !isBehind && relatedKeys.size === 0 && !isCareful
    if (this.#head && isComplete) return this.#remembered(requests)
    const keys = isCareful ? requests.map(({ key }) => key) : []
    return this.#database.tx(this.#tenantId, async (tx) => {
      lookUpByIndex(tx)
      this.#head ??= await readHead(tx)
      if (!this.#head) return undefined
      const [found, rows] = await Promise.all([
        missing.length === 0 ? [] : accountsByIds(tx, missing),
        relatedKeys.size + keys.length === 0
          ? []
          : transfersByIds(
              tx,
              [...relatedKeys.union(new Set(keys))].map((key) => transferIdOf(this.#tenantId, key)),
            ),
      ])
      const related = rows.filter(({ key }) => relatedKeys.has(key))
      const [others, standings] = await Promise.all([
        related.length === 0
          ? []
          : accountsByNumbers(tx, [
              ...new Set(related.flatMap(({ debitNo, creditNo }) => [debitNo, creditNo])),
            ]),
        related.length === 0
          ? []
          : standingsOf(
              tx,
              related.map(({ seq }) => seq),
            ),
      ])
      for (const account of [...found, ...others]) {
        if (!this.#accounts.get(account.accountId)) this.#accounts.set(account.accountId, account)
      }
      // A request that settles another of the same batch may take or restore lots of any account in it.
      const touched =
        relatedKeys.size > 0 ? [...ids, ...others.map(({ accountId }) => accountId)] : [...lotIds]
      const lacking = [...new Set(touched)].flatMap((id) => {
        const account = this.#accounts.get(id)
        return lacksLots(account) ? [account!] : []
      })
      if (lacking.length > 0) {
        const lots = await openLots(
          tx,
          lacking.map(({ accountNo }) => accountNo),
        )
        for (const account of lacking) account.lots = lots.get(account.accountNo)!
      }
      const { known } = this.#remembered(requests)
      const involved = others.flatMap(({ accountId }) => this.#accounts.get(accountId) ?? [])
      return { known: [...known, ...rows], standings, accounts: involved }
    })
  }

  /** Rows of the batch's keys that were booked a moment ago. */
  #remembered(requests: TransferRequest[]): Related {
    const known = requests.flatMap(({ key }) => this.#rows.get(key) ?? [])
    return { known, standings: [] }
  }

  async #send(calls: Call[], requests: TransferRequest[], related: Related, head: Head): Promise<void> {
    const bookedAt = this.#clock.now()
    const bookedMs = bookedAt.epochMilliseconds
    const named = new Set(requests.flatMap(namedAccounts))
    const accounts = [...named].flatMap((id) => this.#accounts.get(id) ?? [])
    const books = new Books({
      tenantId: this.#tenantId,
      lastSeq: head.lastSeq,
      bookedMs,
      accounts: [...new Set([...accounts, ...(related.accounts ?? [])])],
      known: related.known,
      standings: related.standings,
    })
    const results = books.bookAll(requests)
    const { layer } = books
    if (layer.journal.length === 0) {
      await this.#settled()
      if (this.#failed.length > 0) this.#failed.push(calls)
      else answer(calls, await this.#certain(requests, results, layer))
      return
    }
    for (const account of layer.accounts.values()) this.#accounts.set(account.accountId, account)
    for (const row of layer.journal) this.#rows.set(row.key, row)
    const batchNo = head.batchNo + 1
    const journal = encodeJournal(layer.journal, batchNo, head.oids.journal)
    const hash = chainHash(head.hash, batchNo, bookedMs, hashedPart(journal))
    this.#head = { ...head, batchNo, lastSeq: layer.journal.at(-1)!.seq, hash }
    const next = this.#head
    const fenced = Promise.withResolvers<void>()
    const written = this.#database
      .tx(this.#tenantId, async (tx) => {
        lookUpByIndex(tx)
        const moved = advanceHead(tx, head, next)
        fenced.resolve()
        if (!(await moved)) throw new Error('somebody else has booked meanwhile')
        storeBatch(tx, layer, journal, { batchNo, hash, bookedAt, oids: head.oids })
      })
      .then(() => this.#certain(requests, results, layer))
      .then(
        (certain) => answer(calls, certain),
        (error: unknown) => {
          if ((error as { code?: string }).code === UNIQUE_VIOLATION) this.#carefulFor = CAREFUL_BATCHES
          this.#failed.push(calls)
        },
      )
      .finally(() => {
        fenced.resolve()
        this.#inFlight = this.#inFlight.filter((one) => one !== written)
      })
    this.#inFlight.push(written)
    await fenced.promise
  }

  /**
   * A refusal that is not written down was not held against anything when the batch was stored: what is remembered may
   * have been old, and the key may have been used long ago. Such requests are asked again under the lock.
   */
  async #certain(
    requests: TransferRequest[],
    results: TransferResult[],
    layer: Layer,
  ): Promise<TransferResult[]> {
    const isDoubtful = (result: TransferResult): boolean =>
      result.outcome === 'refused' &&
      result.problem.code !== 'ledger_request_invalid' &&
      !layer.byKey(result.key)
    if (!results.some(isDoubtful)) return results
    const groups = new Set(requests.flatMap(({ group }, i) => (isDoubtful(results[i]!) ? (group ?? []) : [])))
    const places = requests.flatMap(({ group }, i) =>
      isDoubtful(results[i]!) || (group !== undefined && groups.has(group)) ? [i] : [],
    )
    const again = places.map((i) => requests[i]!)
    const answers = await this.#database.tx(this.#tenantId, (tx) =>
      postTransfers(tx, again, this.#clock.now()),
    )
    return results.map((result, i) => answers[places.indexOf(i)] ?? result)
  }

  /** Waits for everything that is on its way. */
  async #settled(): Promise<void> {
    while (this.#inFlight.length > 0) await Promise.all(this.#inFlight)
  }

  /** Forgets everything and books the failed calls under the lock, in their order; keys tell what was booked after all. */
  async #recover(): Promise<void> {
    await this.#settled()
    this.#head = undefined
    this.#accounts.clear()
    this.#rows.clear()
    const failed = this.#failed
    this.#failed = []
    for (const calls of failed) {
      const requests = calls.flatMap((call) => call.requests)
      try {
        const results = await this.#database.tx(this.#tenantId, (tx) =>
          postTransfers(tx, requests, this.#clock.now()),
        )
        answer(calls, results)
      } catch (error) {
        for (const call of calls) call.reject(error)
      }
    }
  }
}

const UNIQUE_VIOLATION = '23505'

const lacksLots = (account: AccountState | undefined): boolean =>
  account !== undefined && account.keepsLots && account.lots === undefined

function answer(calls: Call[], results: TransferResult[]): void {
  let from = 0
  for (const { requests, resolve } of calls) {
    resolve(results.slice(from, from + requests.length))
    from += requests.length
  }
}
