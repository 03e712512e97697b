import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess, guard } from '../access/index.ts'
import { createHttp, Documents, type FastifyInstance, ManualClock } from '../platform/index.ts'
import { attributesKind } from '../profiles/index.ts'
import { cascadeRoutes } from './cascade-http.ts'
import { cascadeReport, expectationAnswer } from './contract.ts'
import { messagingDocuments } from './documents.ts'

const nowMs = Date.parse('2026-03-10T12:00:00Z')
const same = (text: string) => ({ en: text, ru: text, uk: text })
const offer = {
  kind: 'Cascade',
  id: 'offer',
  steps: [
    { channel: 'dstk', template: 'pop-up', until: 'seen', wait: 'PT15M' },
    { channel: 'sms', template: 'text', until: 'answered', wait: 'PT2H' },
  ],
}
const documents = [
  { kind: 'Template', id: 'pop-up', channel: 'dstk', text: same('Press OK') },
  // Seventy-one Cyrillic letters with the example's: two parts.
  {
    kind: 'Template',
    id: 'text',
    channel: 'sms',
    text: same(`${'ж'.repeat(64)} {{ code }}`),
    variables: { code: { type: 'string', example: '*111#!' } },
  },
  { kind: 'Channel', id: 'dstk', priceMinor: '3', url: 'http://gateway' },
  {
    kind: 'Channel',
    id: 'sms',
    priceMinor: '150',
    host: 'smsc',
    port: 2775,
    systemId: 's',
    password: 'p',
    sourceAddress: 'T',
  },
  offer,
]

let stores: TestDatabase
let http: FastifyInstance
let key: string
let foreignKey: string
beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  const clock = new ManualClock(nowMs)
  const access = createAccess({ database, clock })
  const known = new Documents(database, [attributesKind, ...messagingDocuments])
  const settings = {
    name: 'x',
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'UTC',
    language: 'en' as const,
  }
  key = (await access.createTenant({ tenantId: 'alpha', ...settings })).apiKey
  foreignKey = (await access.createTenant({ tenantId: 'beta', ...settings })).apiKey
  await known.apply('alpha', documents)
  await known.apply('beta', documents)
  http = createHttp(() => undefined)
  guard(http, access)
  cascadeRoutes(http, { database, documents: known, clock })
})
afterAll(async () => {
  await http.close()
  await stores.close()
})

type Told = { status: number; body: unknown }
async function call(method: 'GET' | 'POST', url: string, payload?: object, as = key): Promise<Told> {
  const headers = { authorization: `Bearer ${as}` }
  const { statusCode, body } = await http.inject({ method, url, headers, ...(payload ? { payload } : {}) })
  return { status: statusCode, body: JSON.parse(body) as unknown }
}

/** A run that began so many minutes before noon, with its messages in order; an answer comes after so many minutes. */
type Story = {
  beganMin: number
  outcome: string | null
  messages: {
    channel: string
    state: string
    sentMin?: number
    cost: number
    parts?: number
    reason?: string
  }[]
  answeredMin?: number
}

async function tell(stories: Story[]): Promise<void> {
  await stores.database.tx('alpha', async (tx) => {
    for (const [n, { beganMin, outcome, messages, answeredMin }] of stories.entries()) {
      const at = (minutes: number | undefined) =>
        minutes === undefined ? null : Temporal.Instant.fromEpochMilliseconds(nowMs - minutes * 60_000)
      const [run] = await tx.query<{ id: string }>(
        `with shape as (
           insert into messaging.shape (tenant_id, shape_id, cascade_id, cascade_version, campaign_id, arm)
           values ('alpha', 1, 'offer', 1, 'camp', 'a') on conflict do nothing)
         insert into messaging.life (tenant_id, run_id, shape_id, subscriber_id, step, reference, variables, state, outcome,
           all_sms_minor, contacted_at, started_at)
         values ('alpha', gen_random_uuid(), 1, $1, 0, 'r', '{}', 'finished', $2, 300, $3, $4)
         returning run_id as id`,
        [n + 1, outcome, at(messages.find(({ sentMin }) => sentMin !== undefined)?.sentMin), at(beganMin)],
      )
      for (const [step, message] of messages.entries())
        await tx.query(
          `insert into messaging.later_message (tenant_id, message_id, run_id, step, channel, template_id, subscriber_id,
             campaign_id, arm, reference, until, wait_s, text, parts, cost_minor, state, reason, queued_at, not_before,
             expires_at, submitted_at)
           values ('alpha', gen_random_uuid(), $1, $2, $3, $4, $5, 'camp', 'a', 1, $6, 60, 't', $7, $8, $9, $10, $11,
             $11, $11, $12)`,
          [
            run!.id,
            step,
            message.channel,
            message.channel === 'sms' ? 'text' : 'pop-up',
            n + 1,
            offer.steps[step]!.until,
            message.parts ?? 1,
            message.cost,
            message.state,
            message.reason ?? null,
            at(beganMin),
            at(message.sentMin),
          ],
        )
      if (answeredMin !== undefined)
        await tx.query(
          `insert into messaging.answer (tenant_id, answer_id, dedupe_key, subscriber_id, channel, text, run_id, at)
           values ('alpha', gen_random_uuid(), gen_random_uuid()::text, $1, 'ussd', '*111#', $2, $3)`,
          [n + 1, run!.id, at(answeredMin)],
        )
    }
  })
}

test('before there is history it says what it assumes, and what somebody gives counts instead', async () => {
  const { status, body } = await call('POST', '/v1/cascades/expectation', { document: offer })
  expect(status).toBe(200)
  const { steps, allSms, reached } = expectationAnswer.parse(body)
  expect(steps.map(({ reachFrom, units, priceMinor }) => [reachFrom, units, priceMinor])).toEqual([
    ['assumption', 1, '3'],
    ['assumption', 2, '150'],
  ])
  expect(steps[0]!.costMinor).toBe(3_000)
  expect(steps[1]!.entering).toBeCloseTo(1_000 - steps[0]!.reached)
  expect(allSms).toMatchObject({ units: 2, costMinor: 300_000 })
  expect(reached).toBeGreaterThan(steps[0]!.reached)
  const given = await call('POST', '/v1/cascades/expectation', { document: offer, reach: { '0': 0.5 } })
  const answer = expectationAnswer.parse(given.body)
  expect(answer.steps[0]).toMatchObject({ reachFrom: 'given', reach: 0.5, reached: 500 })
  expect(answer.costMinor).toBe(3_000 + 500 * 2 * 150)
})

test('a document that is none is refused with its field', async () => {
  const steps = [{ ...offer.steps[0]!, wait: 'soon' }]
  const { status, body } = await call('POST', '/v1/cascades/expectation', { document: { ...offer, steps } })
  expect(status).toBe(422)
  expect(body).toMatchObject({ field: 'steps.0.wait' })
})

const popUp = (state: string, sentMin?: number) => ({
  channel: 'dstk',
  state,
  cost: 3,
  ...(sentMin === undefined ? {} : { sentMin }),
})
const sms = (state: string, sentMin?: number) => ({
  ...popUp(state, sentMin),
  channel: 'sms',
  cost: 300,
  parts: 2,
})

test('the report counts each step, gives an answer to what was sent last, and says what was saved', async () => {
  await tell([
    { beganMin: 100, outcome: 'seen', messages: [popUp('seen', 99)] },
    {
      beganMin: 100,
      outcome: 'answered',
      messages: [popUp('delivered', 99), sms('delivered', 80)],
      answeredMin: 70,
    },
    // Answered the pop-up before the SMS had gone: the SMS was held.
    { beganMin: 100, outcome: 'answered', messages: [popUp('clicked', 99), sms('held')], answeredMin: 98 },
    { beganMin: 100, outcome: 'no_answer', messages: [popUp('failed'), sms('unknown', 80)] },
    {
      beganMin: 100,
      outcome: 'not_reached',
      messages: [{ ...popUp('held'), reason: 'no_address' }, sms('failed', 80)],
    },
    // Before the time that is asked for.
    { beganMin: 5_000, outcome: 'seen', messages: [popUp('seen', 4_999)] },
  ])
  const url = '/v1/cascades/offer/report?from=2026-03-10T00:00:00Z&to=2026-03-10T12:00:00Z'
  const { status, body } = await call('GET', url)
  expect(status).toBe(200)
  const report = cascadeReport.parse(body)
  expect(report).toMatchObject({ runs: 5, contacted: 5, reached: 3 })
  expect(report.steps).toMatchObject([
    {
      channel: 'dstk',
      entered: 5,
      held: 1,
      sent: 3,
      failed: 1,
      delivered: 3,
      seen: 2,
      reached: 2,
      answered: 1,
      costMinor: '9',
    },
    {
      channel: 'sms',
      entered: 4,
      held: 1,
      sent: 2,
      unknown: 1,
      failed: 1,
      delivered: 1,
      reached: 1,
      answered: 1,
      costMinor: '600',
    },
  ])
  expect(report.channels[1]).toMatchObject({ channel: 'sms', ctr: 0, answerRate: 0.5 })
  expect([report.costMinor, report.allSmsMinor, report.savedMinor]).toEqual(['609', '1500', '891'])
})

test('another tenant sees none of it, and a cascade that is none is said to be none', async () => {
  const { body } = await call('GET', '/v1/cascades/offer/report', undefined, foreignKey)
  expect(body).toMatchObject({ runs: 0, steps: [], allSmsMinor: '0' })
  expect((await call('GET', '/v1/cascades/nothing/report')).status).toBe(404)
})

test('with enough history it counts', async () => {
  await tell(
    Array.from({ length: 200 }, (_, n) => ({
      beganMin: 200,
      outcome: 'seen',
      messages: [n % 4 === 0 ? { ...popUp('held'), reason: 'no_address' } : popUp('seen', 199)],
    })),
  )
  const { body } = await call('POST', '/v1/cascades/expectation', { document: offer })
  const [first, second] = expectationAnswer.parse(body).steps
  // 200 of this test and 6 of the one before, of which one had no address and two were not seen... see the story.
  expect(first).toMatchObject({ reachFrom: 'history', tried: 206, units: 1, unitsFrom: 'history' })
  expect(first!.reach).toBeCloseTo(153 / 206)
  expect(first!.sent).toBeCloseTo((1_000 * 154) / 206)
  expect(second).toMatchObject({ reachFrom: 'assumption', units: 2, unitsFrom: 'history' })
})
