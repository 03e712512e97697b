import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { newId } from '../platform/index.ts'
import { messageIdOf } from './message-id.ts'
import type { Desk } from './desk.ts'
import { takeUp } from './recovery.ts'
import type { Message, MessageState, Run } from './message.ts'
import { insertStarts, selectStarts } from './start-store.ts'
import { setLastTick } from './store.ts'
import { Tables } from './tables.ts'
import { WorkingSet } from './working-set.ts'
import { WriteBehind } from './write-behind.ts'

let stores: TestDatabase
let tables: Tables
beforeAll(async () => {
  stores = await testDatabase()
  tables = new Tables(stores.database.url)
})
afterAll(async () => {
  await tables.stop()
  await stores.close()
})

const atMs = Date.parse('2026-03-10T12:00:00Z')

/** A message as composed, on its way since. */
function messageOf(run: Run, step: number, state: MessageState): Message {
  return {
    run,
    messageId: messageIdOf(run.runId, step),
    step,
    channel: 'sms',
    templateId: 'text',
    reference: 1,
    until: 'delivered',
    waitMs: 60_000,
    purpose: 'marketing',
    priority: 50,
    content: { text: 'Answer' },
    parts: 1,
    costMinor: 150n,
    state,
    reason: null,
    postponedFor: null,
    saw: null,
    providerIds: null,
    queuedMs: atMs,
    notBeforeMs: atMs,
    expiresMs: atMs + 60_000,
    submittedMs: atMs,
    settledMs: null,
    markedMs: atMs,
    isPaced: false,
    isWaiting: false,
    isInFlight: false,
    isChanged: false,
    isKnown: false,
  }
}

/** One process that sends for a tenant, always by the journal. */
class Process {
  readonly set = new WorkingSet()
  readonly #behind: WriteBehind
  readonly #tenantId: string

  constructor(tenantId: string) {
    this.#tenantId = tenantId
    this.#behind = new WriteBehind(tables, tenantId, { set: this.set } as Desk, -1)
  }

  /** Takes the tenant's one start. */
  async start(): Promise<{ run: Run; seq: bigint }> {
    const [row] = await stores.database.tx(this.#tenantId, (tx) => selectStarts(tx, [], [], 1))
    const run = row!.runs[0]!
    this.set.add(run)
    this.set.changed(run)
    return { run, seq: row!.seq }
  }

  /** A message of a step has come to a state. */
  tell(run: Run, step: number, state: MessageState): void {
    const message = run.messages[step] ?? messageOf(run, step, state)
    this.set.addMessage(message)
    message.state = state
    run.step = Math.max(run.step, step)
    this.set.changedMessage(message)
  }

  async commit(tick: number, taken: bigint[] = []): Promise<void> {
    const { write } = this.#behind.statements(tick, taken, false)!
    await stores.database.tx(this.#tenantId, async (tx) => {
      await write(tx)
      setLastTick(tx, tick)
    })
  }

  async advance(tick: number): Promise<void> {
    this.#behind.advance(tick)
    await this.#behind.settled()
  }
}

async function tenantWithStart(): Promise<string> {
  const tenantId = `t-${newId()}`
  const start = { runId: newId(), cascadeId: 'offer', subscriberId: 1, campaignId: 'camp', arm: 'a' }
  await stores.database.tx(tenantId, async (tx) =>
    insertStarts(tx, [{ ...start, reference: 'r', variables: {} }], () => 1, atMs),
  )
  return tenantId
}

const states = (tenantId: string): Promise<{ step: number; state: string }[]> =>
  stores.database.tx(tenantId, (tx) => tx.query('select step, state from messaging.message order by step'))
const journal = (tenantId: string): Promise<{ seq: bigint }[]> =>
  stores.database.tx(tenantId, (tx) => tx.query('select seq from messaging.journal order by seq'))
const takeOver = (tenantId: string): Promise<unknown> =>
  takeUp(stores.database, tenantId, { set: new WorkingSet(), stopped: new Map() } as unknown as Desk, atMs)

test('a process that was replaced leaves the rows of its successor alone', async () => {
  const tenantId = await tenantWithStart()
  await takeOver(tenantId)
  const [old, successor] = [new Process(tenantId), new Process(tenantId)]
  const { run, seq } = await old.start()
  old.tell(run, 0, 'submitted')
  await old.commit(1, [seq])
  const { run: same } = await successor.start()
  successor.tell(same, 0, 'delivered')
  await successor.commit(2, [seq])

  await old.advance(1)
  await old.advance(1)
  expect(await states(tenantId)).toEqual([{ step: 0, state: 'submitted' }])
  expect(await journal(tenantId)).toEqual([{ seq: 2n }])
  await takeOver(tenantId)
  expect(await states(tenantId)).toEqual([{ step: 0, state: 'delivered' }])
  expect(await journal(tenantId)).toEqual([])
})

test('what memory knows and no tick has committed yet is not in the tables', async () => {
  const tenantId = await tenantWithStart()
  await takeOver(tenantId)
  const process = new Process(tenantId)
  const { run, seq } = await process.start()
  process.tell(run, 0, 'submitted')
  await process.commit(1, [seq])
  await process.advance(1)
  process.tell(run, 1, 'submitted')
  await process.commit(2)
  process.tell(run, 0, 'delivered')
  process.tell(run, 2, 'submitting')

  await process.advance(2)
  const told = [0, 1].map((step) => ({ step, state: 'submitted' }))
  expect(await states(tenantId)).toEqual(told)
})
