import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { newId, type Tx } from '../platform/index.ts'
import { messageIdOf } from './message-id.ts'
import { type Message, messageStates, type Run } from './message.ts'
import { selectSendings } from './overview-store.ts'
import { project, projectionOf } from './projection-store.ts'
import { loadRuns, matchReceipts } from './store.ts'
import { messageById, messagesOfSubscriber, sendingCounts } from './view-store.ts'

const nowMs = Date.parse('2026-03-10T12:00:00Z')
const tenantId = 'alpha'
let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
beforeEach(() =>
  read(async (tx) => {
    const names = ['life', 'later_message', 'run_count', 'message_count']
    for (const name of names) await tx.query(`delete from messaging.${name}`)
  }),
)
afterAll(() => stores.close())

const read = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => stores.database.tx(tenantId, work)
const write = (runs: Run[], isTold?: (message: Message) => boolean): Promise<void> =>
  read(async (tx) => project(tx, projectionOf(runs, isTold)))

function runOf(more: Partial<Run> = {}): Run {
  return {
    runId: newId(),
    cascadeId: 'offer',
    cascadeVersion: 1,
    subscriberId: 1,
    campaignId: 'spring',
    arm: 'a',
    reference: 'journey',
    variables: { name: 'Ünal', half: '\ud800', zero: '\0' },
    purpose: null,
    step: 0,
    isActive: true,
    outcome: null,
    dueMs: nowMs,
    allSmsMinor: 300n,
    contactedMs: null,
    startedMs: nowMs,
    finishedMs: null,
    messages: [],
    timerAt: -1,
    isChanged: false,
    notes: null,
    tick: 0,
    isQuiet: false,
    next: undefined,
    ...more,
  } as Run
}

function say(run: Run, step: number, more: Partial<Message> = {}): Message {
  const messageId = messageIdOf(run.runId, step)
  const message = {
    run,
    messageId,
    step,
    channel: step === 0 ? 'webhook' : 'sms',
    templateId: 'text',
    reference: Number.parseInt(messageId.slice(-4), 16),
    until: 'delivered',
    waitMs: 60_000,
    purpose: 'marketing',
    priority: 50,
    content: { text: 'Привет, "мир" \\' },
    parts: 2,
    costMinor: 150n,
    state: 'submitted',
    reason: null,
    postponedFor: null,
    saw: null,
    providerIds: 'p1,p2',
    queuedMs: nowMs,
    notBeforeMs: nowMs,
    expiresMs: nowMs + 1,
    submittedMs: nowMs,
    settledMs: null,
    markedMs: nowMs,
    isPaced: false,
    isWaiting: false,
    isInFlight: false,
    isChanged: true,
    isKnown: true,
    ...more,
  } as Message
  run.messages[step] = message
  return message
}

test('a run is read as it was written, with the first message and later ones', async () => {
  const run = runOf({ step: 1, contactedMs: nowMs })
  say(run, 0, { state: 'failed', reason: 'it said "no"', settledMs: nowMs + 3, providerIds: null })
  say(run, 1, { content: { text: 'x', subject: 'y' } as Message['content'] })
  await write([run])
  const [found] = await read((tx) => loadRuns(tx, [run.runId]))
  expect(found!.variables).toEqual({ name: 'Ünal', half: '\ufffd', zero: '\ufffd' })
  expect(found).toMatchObject({
    subscriberId: 1,
    campaignId: 'spring',
    step: 1,
    dueMs: nowMs,
    allSmsMinor: 300n,
  })
  const told = found!.messages.map((m) => [
    m!.messageId,
    m!.channel,
    m!.state,
    m!.reason,
    m!.settledMs,
    m!.content,
  ])
  const words = { text: 'Привет, "мир" \\' }
  expect(told).toEqual([
    [messageIdOf(run.runId, 0), 'webhook', 'failed', 'it said "no"', nowMs + 3, words],
    [messageIdOf(run.runId, 1), 'sms', 'submitted', null, null, { text: 'x', subject: 'y' }],
  ])
  for (const step of [0, 1])
    expect(await read((tx) => messageById(tx, messageIdOf(run.runId, step)))).toMatchObject({
      runId: run.runId,
      parts: 2,
      costMinor: 150n,
    })
})

test('where nothing is told of a message the row keeps what it has', async () => {
  const run = runOf()
  const message = say(run, 0)
  await write([run])
  message.state = 'delivered'
  run.outcome = 'delivered'
  run.isActive = false
  await write([run], () => false)
  const [found] = await read((tx) => loadRuns(tx, [run.runId]))
  expect(found).toMatchObject({
    outcome: 'delivered',
    isActive: false,
    messages: [{ state: 'submitted', channel: 'webhook' }],
  })
})

test('a receipt finds its message by the provider’s id, by ours, and by reference and subscriber', async () => {
  const [run, other] = [runOf({ step: 1 }), runOf({ subscriberId: 2 })]
  const first = say(run, 0, { providerIds: 'w1,w2' })
  const second = say(run, 1, { providerIds: 's1' })
  say(other, 0, { providerIds: 's1' })
  await write([run, other])
  const at = { status: 'delivered', atMs: nowMs, address: '', subscriberId: undefined } as const
  const ask = (channel: string, receipts: object[]) =>
    read((tx) => matchReceipts(tx, channel, receipts.map((one) => ({ ...at, ...one })) as never))
  const hit = (position: number, { messageId }: Message) => ({ position, messageId, runId: run.runId })
  expect(
    await ask('sms', [
      { providerMessageId: 's1' },
      { messageId: second.messageId },
      { messageId: first.messageId },
    ]),
  ).toEqual([hit(0, second), hit(1, second)])
  expect(
    await ask('webhook', [
      { providerMessageId: 'w1,w2' },
      { messageId: first.messageId },
      { reference: first.reference, subscriberId: 1 },
    ]),
  ).toEqual([hit(0, first), hit(1, first), hit(2, first)])
})

test('a subscriber’s history has a next page', async () => {
  const runs = Array.from({ length: 5 }, (_, n) => runOf({ startedMs: nowMs + (n % 2) }))
  for (const run of runs) say(run, 0, { queuedMs: run.startedMs })
  await write(runs)
  const seen: string[] = []
  for (let after: string | undefined; ;) {
    const page = await read((tx) => messagesOfSubscriber(tx, 1, 2, after))
    seen.push(...page.map(({ messageId }) => messageId))
    if (page.length < 2) break
    after = page.at(-1)!.messageId
  }
  expect(seen.toSorted()).toEqual(runs.map(({ runId }) => messageIdOf(runId, 0)).toSorted())
})

test('counts are those of the rows, whatever is written in whichever order', async () => {
  const change = fc.record({
    which: fc.nat(5),
    step: fc.nat(1),
    state: fc.constantFrom(...messageStates),
    reason: fc.constantFrom(null, 'a', 'b'),
    isSent: fc.boolean(),
    outcome: fc.constantFrom(null, 'delivered', 'no_answer'),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { maxLength: 6 }),
      async (ticks) => {
        const runs = Array.from({ length: 6 }, (_, n) =>
          runOf({ campaignId: n < 3 ? 'spring' : 'autumn', subscriberId: n + 1 }),
        )
        await read((tx) =>
          tx
            .query('delete from messaging.run_count')
            .then(() => tx.query('delete from messaging.message_count')),
        )
        await read((tx) =>
          tx.query('delete from messaging.life').then(() => tx.query('delete from messaging.later_message')),
        )
        for (const tick of ticks) {
          for (const { which, step, state, reason, isSent, outcome } of tick) {
            const run = runs[which]!
            const message = run.messages[step] ?? say(run, step)
            Object.assign(message, {
              state,
              reason,
              postponedFor: reason,
              submittedMs: isSent ? nowMs : null,
            })
            Object.assign(run, { outcome, isActive: outcome === null })
          }
          await write([...new Set(tick.map(({ which }) => runs[which]!))])
        }
        expect(await read((tx) => sendingCounts(tx))).toMatchObject(await read(countedByHand))
        const sent = await read((tx) => tx.query(SENT))
        const told = await read((tx) => selectSendings(tx, 10))
        expect(
          told
            .map(({ campaignId, sent: n, costMinor }) => ({ campaignId, sent: n, cost: costMinor }))
            .toSorted(byName),
        ).toEqual(sent)
      },
    ),
    { numRuns: 30 },
  )
}, 60_000)

const byName = (a: { campaignId: string }, b: { campaignId: string }): number =>
  a.campaignId < b.campaignId ? -1 : 1

const SENT = `select r.campaign_id as "campaignId",
    count(m.run_id) filter (where m.submitted_at is not null and m.state <> 'unknown')::int as sent,
    coalesce(sum(m.cost_minor) filter (where m.submitted_at is not null and m.state <> 'unknown'), 0)::bigint as cost
  from messaging.cascade_run r left join messaging.message m using (run_id) group by 1 order by 1`

async function countedByHand(tx: Tx): Promise<object> {
  return {
    outcomes: await tx.query(
      `select outcome, count(*)::int as count from messaging.cascade_run where outcome is not null group by 1 order by 1`,
    ),
    messages: await tx.query(
      `select channel, state, count(*)::int as count from messaging.message group by 1, 2 order by 1, 2`,
    ),
  }
}
