import type { Clock, Database, Tx } from '../platform/index.ts'
import { encodeJournal, hashedPart, storeBatch } from './batch-store.ts'
import { Books } from './booking.ts'
import { chainHash } from './chain.ts'
import type { TransferRequest, TransferResult } from './contract.ts'
import type { Layer } from './layer.ts'
import { accountOfLots, namedAccounts, relatedKey } from './loading.ts'
import { insertInOrder } from './lots.ts'
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
/** A transaction costs as much as some fifty transfers: fewer than these wait for the one before and go together. */
const WORTH_ANOTHER = 500
/** Far more than the accounts of the batches that are on their way, which must not be forgotten. */
const ACCOUNTS = 150_000
const KEYS = 10_000
/** Batches that look their keys up, after one met a key that had been used long before. */
const CAREFUL_BATCHES = 100

type Call = {
  requests: TransferRequest[]
  resolve: (results: TransferResult[]) => void
  reject: (error: unknown) => void
}
/** A batch on its way, and what it does to lots that the tables may not show yet. */
type Sent = { written: Promise<void>; layer: Layer }
type Related = { known: JournalRow[]; standings: Standing[]; accounts: AccountState[] }
/** What a batch names: accounts, those out of which lots may be taken, and earlier transfers. */
type Wanted = { ids: Set<string>; lotIds: Set<string>; relatedKeys: Set<string> }

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
  /** Keys used a moment ago: asked for again, they are looked up instead of failing the batch. */
  readonly #keys = new Recent<true>(KEYS)
  #waiting: Call[] = []
  #running = false
  #inFlight: Sent[] = []
  #failed: Call[][] = []
  /** Until the batch that was sent last has its place behind the head. */
  #fence: Promise<void> = Promise.resolve()
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
      else if (this.#waiting.length === 0 || (this.#inFlight.length > 0 && this.#isFew()))
        await this.#oneWritten()
      else await this.#next(this.#take())
    }
    if (this.#failed.length > 0) await this.#recover()
    if (this.#waiting.length > 0) return this.#run()
    this.#running = false
  }

  #isFew(): boolean {
    let count = 0
    for (const { requests } of this.#waiting) count += requests.length
    return count < WORTH_ANOTHER
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
      while (this.#inFlight.length >= IN_FLIGHT && this.#failed.length === 0) await this.#oneWritten()
      if (this.#failed.length > 0 || !related || !this.#head) this.#failed.push(calls)
      else await this.#send(calls, requests, related, this.#head)
    } catch {
      this.#failed.push(calls)
    }
  }

  /** Brings into memory what the batch needs; undefined for a tenant that never booked. */
  async #prepare(requests: TransferRequest[]): Promise<Related | undefined> {
    const wanted = wantedBy(requests)
    // Transfers that are on their way are in the tables only after those.
    if (wanted.relatedKeys.size > 0) await this.#settled()
    const isCareful = this.#carefulFor > 0
    if (isCareful) this.#carefulFor--
    const known: JournalRow[] = []
    const keys: string[] = []
    for (const { key } of requests) {
      const row = this.#rowOnItsWay(key)
      if (row) known.push(row)
      else if (isCareful || this.#keys.get(key)) keys.push(key)
    }
    const accounts: AccountState[] = []
    let isComplete = this.#head !== undefined && wanted.relatedKeys.size === 0 && keys.length === 0
    for (const id of wanted.ids) {
      const account = this.#accounts.get(id)
      if (!account || (lacksLots(account) && wanted.lotIds.has(id))) isComplete = false
      else accounts.push(account)
    }
    if (isComplete) return { known, standings: [], accounts }
    return this.#database.tx(this.#tenantId, (tx) => this.#fetch(tx, wanted, keys, known))
  }

  #rowOnItsWay(key: string): JournalRow | undefined {
    for (const { layer } of this.#inFlight) {
      const row = layer.byKey(key)
      if (row) return row
    }
    return undefined
  }

  async #fetch(
    tx: Tx,
    { ids, lotIds, relatedKeys }: Wanted,
    keys: string[],
    known: JournalRow[],
  ): Promise<Related | undefined> {
    lookUpByIndex(tx)
    this.#head ??= await readHead(tx)
    if (!this.#head) return undefined
    const missing = [...ids].filter((id) => !this.#accounts.get(id))
    const transferIds = [...relatedKeys.union(new Set(keys))].map((key) => transferIdOf(this.#tenantId, key))
    const [found, rows] = await Promise.all([
      missing.length === 0 ? [] : accountsByIds(tx, missing),
      transferIds.length === 0 ? [] : transfersByIds(tx, transferIds),
    ])
    const related = rows.filter(({ key }) => relatedKeys.has(key))
    const [others, standings] =
      related.length === 0
        ? [[], []]
        : await Promise.all([
            accountsByNumbers(tx, [
              ...new Set(related.flatMap(({ debitNo, creditNo }) => [debitNo, creditNo])),
            ]),
            standingsOf(
              tx,
              related.map(({ seq }) => seq),
            ),
          ])
    for (const account of [...found, ...others]) {
      if (!this.#accounts.get(account.accountId)) this.#accounts.set(account.accountId, account)
    }
    const all = new Set([...ids, ...others.map(({ accountId }) => accountId)])
    const accounts = [...all].flatMap((id) => this.#accounts.get(id) ?? [])
    // A request that settles another of the same batch may take or restore lots of any account in it.
    const lacking = accounts.filter(
      (account) => lacksLots(account) && (relatedKeys.size > 0 || lotIds.has(account.accountId)),
    )
    if (lacking.length > 0) await this.#fetchLots(tx, lacking)
    return { known: [...known, ...rows], standings, accounts }
  }

  /**
   * Open lots of accounts that did without so far: those of the tables, and those that batches on their way make. Nothing
   * has been taken from any of them since, for that needs all lots of the account.
   */
  async #fetchLots(tx: Tx, accounts: AccountState[]): Promise<void> {
    const layers = this.#inFlight.map(({ layer }) => layer)
    const stored = await openLots(
      tx,
      accounts.map(({ accountNo }) => accountNo),
    )
    for (const { changedLots } of layers) {
      for (const { accountNo, lot } of changedLots.values()) {
        const lots = stored.get(accountNo)
        if (lots && !lots.some(({ lotNo }) => lotNo === lot.lotNo)) insertInOrder(lots, lot)
      }
    }
    for (const account of accounts) account.lots = stored.get(account.accountNo)!
  }

  async #send(calls: Call[], requests: TransferRequest[], related: Related, head: Head): Promise<void> {
    const bookedAt = this.#clock.now()
    const bookedMs = bookedAt.epochMilliseconds
    const books = new Books({
      tenantId: this.#tenantId,
      lastSeq: head.lastSeq,
      bookedMs,
      accounts: related.accounts,
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
    for (const { key } of layer.journal) this.#keys.set(key, true)
    const batchNo = head.batchNo + 1
    const journal = encodeJournal(layer.journal, batchNo, head.oids.journal)
    const hash = chainHash(head.hash, batchNo, bookedMs, hashedPart(journal))
    this.#head = { ...head, batchNo, lastSeq: layer.journal.at(-1)!.seq, hash }
    const next = this.#head
    // Were this one to reach the head before the batch that it follows, it would be turned away.
    await this.#fence
    const fenced = Promise.withResolvers<void>()
    this.#fence = fenced.promise
    const written = this.#database
      .tx(this.#tenantId, async (tx) => {
        lookUpByIndex(tx)
        const moved = advanceHead(tx, head, next)
        storeBatch(tx, layer, journal, { batchNo, hash, bookedAt, oids: head.oids })
        await moved
        fenced.resolve()
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
        this.#inFlight = this.#inFlight.filter((one) => one.written !== written)
      })
    this.#inFlight.push({ written, layer })
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
    while (this.#inFlight.length > 0) await Promise.all(this.#inFlight.map(({ written }) => written))
  }

  #oneWritten(): Promise<void> {
    return Promise.race(this.#inFlight.map(({ written }) => written))
  }

  /** Forgets everything and books the failed calls under the lock, in their order; keys tell what was booked after all. */
  async #recover(): Promise<void> {
    await this.#settled()
    this.#head = undefined
    this.#accounts.clear()
    this.#keys.clear()
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

const lacksLots = ({ keepsLots, lots }: AccountState): boolean => keepsLots && lots === undefined

function wantedBy(requests: TransferRequest[]): Wanted {
  const wanted: Wanted = { ids: new Set(), lotIds: new Set(), relatedKeys: new Set() }
  for (const request of requests) {
    for (const id of namedAccounts(request)) wanted.ids.add(id)
    const lotId = accountOfLots(request)
    if (lotId !== undefined) wanted.lotIds.add(lotId)
    const key = relatedKey(request)
    if (key !== undefined) wanted.relatedKeys.add(key)
  }
  return wanted
}

function answer(calls: Call[], results: TransferResult[]): void {
  let from = 0
  for (const { requests, resolve } of calls) {
    resolve(results.slice(from, from + requests.length))
    from += requests.length
  }
}
