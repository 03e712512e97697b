import { createAccess } from '../src/access/index.ts'
import {
  decodeRecord,
  encodeRecord,
  eventTypeKind,
  type LoggedEvent,
  logName,
  partitionOf,
} from '../src/events/index.ts'
import {
  type AccountBalance,
  accountsOfOwner,
  balancesInDetail,
  expireLots,
  openAccounts,
  postTransfers,
  verifyLedger,
} from '../src/ledger/index.ts'
import type { JudgementView } from '../src/loyalty/contract.ts'
import {
  createLoyalty,
  impliedProgramme,
  type Loyalty,
  loyaltyDocuments,
  memberAccount,
  type Programme,
  programmeAccount,
} from '../src/loyalty/index.ts'
import { createOperator, type Operator } from '../src/operator/index.ts'
import {
  type Database,
  type DocumentKind,
  Documents,
  entriesOf,
  LmdbLogStore,
  ManualClock,
  newId,
  RecordBatch,
} from '../src/platform/index.ts'
import { attributesKind, createProfiles } from '../src/profiles/index.ts'
import { type TestDatabase, testFolder } from './stores.ts'

export type LoyaltyWorld = Awaited<ReturnType<typeof loyaltyWorld>>

type Options = {
  startMs?: number
  timeZone?: string
  partitions?: number
  batchEvents?: number
  wakeStages?: (tenantId: string) => void
  /** Kinds of documents beside those of loyalty. */
  kinds?: DocumentKind[]
  /** Instead of one whose systems nobody has named. */
  operator?: Operator
}

/** An event type of a subscriber with fields of JSON Schema types, such as `{ amountMinor: 'integer' }`. */
export const eventType = (id: string, fields: Record<string, string>): object => ({
  kind: 'EventType',
  id,
  subject: 'subscriber',
  schema: {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, type]) => [
        name,
        type === 'date-time' ? { type: 'string', format: 'date-time' } : { type },
      ]),
    ),
  },
})

/** A text in all languages. */
export const same = (text: string): { en: string; ru: string; uk: string } => ({
  en: text,
  ru: text,
  uk: text,
})

/** Orders that are paid, delivered and returned. */
export const orderTypes: object[] = [
  eventType('order.paid', {
    orderId: 'string',
    amountMinor: 'integer',
    amount: 'number',
    productId: 'string',
    partner: 'string',
  }),
  eventType('order.returned', { orderId: 'string', amountMinor: 'integer' }),
  eventType('order.delivered', { orderId: 'string' }),
]

/** A paid order, to be appended. */
export const paid = (subscriberId: number, orderId: string, amountMinor: number, rest: object = {}) => ({
  subscriberId,
  type: 'order.paid',
  id: `paid-${orderId}`,
  data: { orderId, amountMinor, ...rest },
})

/** A programme document. */
export const programme = (rest: { id: string; currency: string } & Record<string, unknown>): object => ({
  kind: 'Programme',
  name: same(rest.id),
  ...rest,
})

type Judged = { rule: string; reason: string; points?: string; saw: Record<string, unknown> }

/** A tenant of its own on real stores with everything that loyalty needs, and an event log that tests append to. */
export async function loyaltyWorld(stores: TestDatabase, options: Options = {}) {
  const tenantId = `t-${newId()}`
  const clock = new ManualClock(options.startMs ?? Date.parse('2026-03-01T12:00:00Z'))
  const logFolder = testFolder()
  const logs = new LmdbLogStore(logFolder, { mapBytes: 2 ** 32, partitions: options.partitions ?? 2 })
  const log = logs.log(logName(tenantId))
  const access = createAccess({ database: stores.database, clock })
  const tenant = { name: 'T', currency: 'RUB', currencyDecimals: 2, language: 'en' as const, country: 'RU' }
  await access.createTenant({ tenantId, ...tenant, timeZone: options.timeZone ?? 'UTC' })
  /** Fails the next transactions, the last one first: before anything, or after it was committed. */
  const faults: ('none' | 'before' | 'after')[] = []
  const database: Database = {
    ...stores.database,
    async tx(tenantId, work) {
      const fault = faults.pop() ?? 'none'
      if (fault === 'before') throw new Error('fault')
      const result = await stores.database.tx(tenantId, work)
      if (fault === 'after') throw new Error('fault')
      return result
    },
  }
  const parts = () => {
    const documents = new Documents(stores.database, [
      eventTypeKind,
      attributesKind,
      ...loyaltyDocuments,
      ...(options.kinds ?? []),
    ])
    const profiles = createProfiles({ database: stores.database, access, documents, clock })
    const operator =
      options.operator ??
      createOperator({
        database,
        clock,
        documents,
        accountsOf: async () => new Map(),
        onFinished: () => undefined,
      })
    const loyalty = createLoyalty({
      operator,
      database,
      clock,
      documents,
      profiles,
      logOf: () => log,
      timeZoneOf: async (id, tx) => (await access.tenant(id, tx)).timeZone,
      currencyOf: async (id, tx) => (await access.tenant(id, tx)).currency,
      wakeStages: options.wakeStages ?? (() => undefined),
      wakeReaders: () => undefined,
      ...(options.batchEvents === undefined ? {} : { batchEvents: options.batchEvents }),
    })
    return { documents, profiles, loyalty }
  }
  let { documents, profiles, loyalty } = parts()
  const places = new Map<string, number>()

  return {
    tenantId,
    clock,
    log,
    /** For another process. */
    logFolder,
    faults,
    access,
    database: stores.database,
    get loyalty(): Loyalty {
      return loyalty
    },
    get profiles() {
      return profiles
    },
    get documents() {
      return documents
    },
    /** The process dies: what was in memory is gone. */
    kill(): void {
      ;({ documents, profiles, loyalty } = parts())
    },
    tx: <T>(work: Parameters<Database['tx']>[1]) => stores.database.tx(tenantId, work) as Promise<T>,
    /** Saves documents; throws what is wrong with them. */
    async apply(...given: object[]): Promise<void> {
      const results = await documents.apply(tenantId, given)
      const problems = results.flatMap((result) => result.problems ?? [])
      if (problems.length > 0) throw new Error(JSON.stringify(problems, null, 1))
    },
    /** Makes subscribers, known outside by these names; returns their numbers. */
    async subscribers(...names: string[]): Promise<number[]> {
      const rows = names.map((name) => ({ identities: { external: name } }))
      await profiles.upsertSubscribers(tenantId, rows)
      const ids = await profiles.resolveIdentities(
        tenantId,
        names.map((name) => `external:${name}`),
      )
      return ids.map((id) => id!)
    },
    /** Appends events of subscribers: type, fields, and what else differs from "now, another one". */
    async append(
      ...events: {
        subscriberId: number
        type: string
        data?: Record<string, unknown>
        id?: string
        atMs?: number
      }[]
    ): Promise<void> {
      const batches = Array.from({ length: log.partitions }, () => new RecordBatch(1024))
      for (const { subscriberId, type, data = {}, id, atMs = clock.nowMs() } of events) {
        const count = (places.get(type) ?? 0) + 1
        places.set(type, count)
        const event: LoggedEvent = {
          id: id ?? `${type}-${count}`,
          source: '/test',
          type,
          atMs,
          receivedMs: atMs,
          subscriberId,
          isReplayed: false,
          data,
        }
        batches[partitionOf(subscriberId, log.partitions)]!.add(encodeRecord(event))
      }
      await log.append(batches)
    },
    /** Runs the stages until none has anything to do; a fault is followed by another try. */
    async run(): Promise<void> {
      for (let turns = 0; turns < 1_000; turns++) {
        let isBusy = false
        for (const stage of loyalty.stages) {
          try {
            const { more, nextDueMs } = await stage.run(tenantId)
            if (more || (nextDueMs !== null && nextDueMs <= clock.nowMs())) isBusy = true
          } catch (error) {
            if ((error as Error).message !== 'fault') throw error
            isBusy = true
          }
        }
        if (!isBusy) return
      }
      throw new Error('there is always more to do')
    },
    /** Fields of the announcements of a type that the log holds. */
    async logged(type: string): Promise<Record<string, unknown>[]> {
      const found: Record<string, unknown>[] = []
      for (let partition = 0; partition < log.partitions; partition++) {
        const end = await log.endOffset(partition)
        if (end === 0) continue
        for (const { record } of entriesOf(await log.read(partition, 0, end))) {
          const event = decodeRecord(record)
          if (event.type === type && event.source === '/loyalty') found.push(event.data)
        }
      }
      return found
    },
    /** Balances of a member in a programme by currency. */
    async balances(subscriberId: number, programmeId = 'main'): Promise<Record<string, bigint>> {
      const accounts = await stores.database.tx<AccountBalance[]>(tenantId, (tx) =>
        accountsOfOwner(tx, `member:${programmeId}:${subscriberId}`),
      )
      return Object.fromEntries(accounts.map(({ currency, balanceMinor }) => [currency, balanceMinor]))
    },
    /** One account in detail at the clock's moment; undefined when there is none. */
    async account(accountId: string) {
      const found = await stores.database.tx(tenantId, (tx) => balancesInDetail(tx, [accountId], clock.now()))
      return found.get(accountId)
    },
    /** All judgements, in order of the time of their events. */
    async judgements(): Promise<Judged[]> {
      const rows = await stores.database.tx(tenantId, (tx) =>
        tx.query<{ judgements: Judged[] }>('select judgements from loyalty.judged_event order by at, name'),
      )
      return rows.flatMap((row) => row.judgements)
    },
    /** All lines of a member's history, as the member reads them, the latest first. */
    async history(subscriberId: number, programmeId?: string): Promise<JudgementView[]> {
      const lines: JudgementView[] = []
      for (let before: string | undefined, more = true; more;) {
        const asked = { tenantId, subscriberId, programmeId, language: 'en' as const, limit: 7, before }
        const { events, next } = await loyalty.pointsHistory(asked)
        lines.push(...events.flatMap(({ judgements }) => judgements))
        more = next !== null
        before = next ?? undefined
      }
      return lines
    },
    /**
     * What the member's history says of an account, and what the ledger does: the two must be the same, with a line for
     * whatever happened to the balance.
     */
    async toldAndHeld(subscriberId: number, ...accounts: string[]): Promise<{ told: bigint; held: bigint }> {
      const lines = await this.history(subscriberId)
      const told = lines.filter(({ account }) => account !== null && accounts.includes(account))
      const held = await Promise.all(accounts.map((account) => this.account(account)))
      return {
        told: told.reduce((sum, { points }) => sum + BigInt(points), 0n),
        held: held.reduce((sum, one) => sum + (one?.balanceMinor ?? 0n), 0n),
      }
    },
    /** Lets the log be read from its beginning once more. */
    rewind: () =>
      stores.database.tx(tenantId, (tx) => tx.query('update loyalty.read_position set next_offset = 0')),
    /** Spends points of a member, who must have them. */
    async spend(subscriberId: number, amountMinor: bigint, programmeId = 'main'): Promise<void> {
      const programme =
        (await documents.get<Programme>(tenantId, 'Programme', programmeId)) ?? impliedProgramme
      const { currency } = programme
      const creditAccount = programmeAccount(programme, 'redeemed')
      await stores.database.tx(tenantId, async (tx) => {
        await openAccounts(tx, [
          {
            accountId: creditAccount,
            owner: `programme:${programmeId}`,
            purpose: 'expense',
            currency,
            mayGoNegative: false,
          },
        ])
        const debitAccount = memberAccount(programmeId, subscriberId, currency)
        const transfer = {
          key: newId(),
          kind: 'post' as const,
          debitAccount,
          creditAccount,
          amountMinor,
          currency,
        }
        const [result] = await postTransfers(tx, [{ ...transfer, at: clock.now() }], clock.now())
        if (result?.outcome !== 'booked') throw new Error(JSON.stringify(result))
      })
    },
    /** Takes what has expired of a currency. */
    async expire(currency: string, programmeId: string): Promise<void> {
      const breakageAccount = programmeAccount({ id: programmeId, currency }, 'breakage')
      await stores.database.tx(tenantId, async (tx) => {
        await openAccounts(tx, [
          {
            accountId: breakageAccount,
            owner: `programme:${programmeId}`,
            purpose: 'breakage',
            currency,
            mayGoNegative: false,
          },
        ])
        const now = clock.now()
        const run = { currency, breakageAccount, asOf: now, bookedAt: now, timeZone: 'UTC' }
        while ((await expireLots(tx, run)).more);
      })
    },
    /** Data of the announcements of a type that wait for their place on the log. */
    async waiting<T>(type: string): Promise<T[]> {
      const rows = await stores.database.tx(tenantId, (tx) =>
        tx.query<{ announcements: string }>('select announcements from loyalty.announcement order by seq'),
      )
      const all = rows.flatMap((row) => JSON.parse(row.announcements) as [string, string, number, T][])
      return all.filter(([of]) => of === type).map(([, , , data]) => data)
    },
    /** Recomputes the whole ledger. */
    verify: () => stores.database.tx(tenantId, verifyLedger),
    async close(): Promise<void> {
      await logs.close()
    },
  }
}
