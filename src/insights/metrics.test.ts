import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordOf } from '../../test/log-events.ts'
import { testAnalytics } from '../../test/stores.ts'
import type { Analytics, LogEntry, StoredFact } from '../platform/index.ts'
import { allSmsCost, channels } from './metrics/channels.ts'
import { days } from './metrics/days.ts'
import { funnel } from './metrics/funnel.ts'
import { margin } from './metrics/margin.ts'
import { refusals } from './metrics/refusals.ts'
import { points, sales } from './metrics/sales.ts'
import { totals } from './metrics/totals.ts'
import { createTables, insertEvents, insertFacts } from './store.ts'

/*
 * Each metric with an example small enough to be worked out by hand. Every test is a tenant of its own and stores
 * the same facts and events for a neighbour too, which must change nothing.
 */

let analytics: Analytics
beforeAll(async () => {
  analytics = await testAnalytics()
  await createTables(analytics)
})
afterAll(() => analytics.close())

const at = (text: string): Temporal.Instant => Temporal.Instant.from(text)
const enrolledAt = at('2026-03-10T12:00:00Z')
const afterDays = (n: number): Temporal.Instant => enrolledAt.add({ hours: 24 * n })

let seq = 0n
type FactRest = Partial<Omit<StoredFact, 'kind' | 'subscriberId'>>
const fact = (kind: string, subscriberId: number, rest: FactRest = {}): StoredFact => {
  return { kind, subscriberId, at: enrolledAt, campaignId: 'camp', arm: 'a', txid: 1n, seq: ++seq, ...rest }
}
const enrolled = (arm: string, ...ids: number[]): StoredFact[] =>
  ids.map((id) => fact('enrolled', id, { arm }))
const sms = (kind: string, id: number, ref: string, rest: FactRest = {}): StoredFact =>
  fact(kind, id, { channel: 'sms', ref, ...rest })

let offset = 0
const event = (
  type: string,
  subscriberId: number,
  moment: Temporal.Instant,
  data: Record<string, unknown>,
): LogEntry => {
  const atMs = moment.epochMilliseconds
  return { offset: ++offset, record: recordOf({ id: `${offset}`, type, atMs, subscriberId, data }) }
}

async function world(
  name: string,
  facts: StoredFact[],
  events: LogEntry[] = [],
): Promise<{ tenantId: string; campaignId: string }> {
  for (const tenantId of [name, `${name}-neighbour`]) {
    await insertFacts(analytics, tenantId, facts)
    await insertEvents(analytics, tenantId, 0, events)
  }
  return { tenantId: name, campaignId: 'camp' }
}

test('funnel: each enrolled subscriber counts once a step, others not at all', async () => {
  const scope = await world('funnel', [
    ...enrolled('a', 1, 2, 3),
    ...enrolled('control', 4),
    fact('entered', 1),
    fact('entered', 1),
    fact('entered', 2),
    sms('message_submitted', 1, 'm1'),
    sms('message_delivered', 1, 'm1'),
    sms('message_seen', 1, 'm1'),
    sms('message_unknown', 2, 'm2'),
    sms('message_held', 3, 'm3'),
    fact('answered', 1),
    fact('answered', 1),
    fact('activated', 1),
    sms('message_submitted', 99, 'm9'),
    fact('entered', 3, { campaignId: 'another' }),
  ])
  const rows = (await funnel(analytics, scope)).sort((a, b) => (a.arm < b.arm ? -1 : 1))
  expect(rows).toEqual([
    { arm: 'a', enrolled: 3, entered: 2, contacted: 2, delivered: 1, answered: 1, activated: 1 },
    { arm: 'control', enrolled: 1, entered: 0, contacted: 0, delivered: 0, answered: 0, activated: 0 },
  ])
})

test('channels: each message once, an unknown one that a receipt resolved is submitted and paid for', async () => {
  const scope = await world('channels', [
    sms('message_submitted', 1, 'm1', { costMinor: 150n }),
    sms('message_delivered', 1, 'm1'),
    sms('message_seen', 1, 'm1'),
    // Unknown, resolved later; unknown for good; taken without ever having been unknown, by a fast receipt.
    sms('message_unknown', 2, 'm2'),
    sms('message_submitted', 2, 'm2', { costMinor: 300n, reason: 'resolved_by_receipt' }),
    sms('message_failed', 2, 'm2', { reason: 'absent' }),
    sms('message_unknown', 3, 'm3'),
    sms('message_submitted', 4, 'm4', { costMinor: 150n, reason: 'resolved_by_receipt' }),
    sms('message_failed', 4, 'm4'),
    sms('message_delivered', 4, 'm4'),
    sms('message_refused', 5, 'm5', { reason: 'bad address' }),
    sms('message_held', 6, 'm6', { reason: 'cap_reached' }),
    fact('answered', 1, { channel: 'sms', ref: 'answer-1' }),
    fact('answered', 1, { channel: 'sms', ref: 'answer-2' }),
    fact('answer_chosen', 1, { channel: 'sms', ref: 'answer-1' }),
    fact('answered', 1, { channel: 'ussd', ref: 'answer-3' }),
    fact('contacted', 1, { costMinor: 999n }),
  ])
  const none = { submitted: 0, delivered: 0, failed: 0, unknown: 0, held: 0, costMinor: '0' }
  expect(await channels(analytics, scope)).toEqual([
    {
      arm: 'a',
      channel: 'sms',
      submitted: 3,
      delivered: 2,
      failed: 2,
      unknown: 1,
      held: 1,
      answered: 2,
      costMinor: '600',
    },
    { arm: 'a', channel: 'ussd', ...none, answered: 1 },
  ])
})

test('what the contacts would have cost as SMS: one price a cascade that reached out', async () => {
  const scope = await world('all-sms', [
    fact('contacted', 1, { ref: 'run-1', costMinor: 150n }),
    fact('contacted', 1, { ref: 'run-2', costMinor: 300n }),
    sms('message_submitted', 1, 'm1', { costMinor: 3n }),
    fact('contacted', 2, { arm: 'b', ref: 'run-3', costMinor: 150n }),
  ])
  const rows = (await allSmsCost(analytics, scope)).sort((a, b) => (a.arm < b.arm ? -1 : 1))
  expect(rows).toEqual([
    { arm: 'a', allSmsCostMinor: '450' },
    { arm: 'b', allSmsCostMinor: '150' },
  ])
})

test('sales and points: by activation and award, money beyond 2^53 exact', async () => {
  const sale = (id: number, productId: string, amountMinor: bigint, onCredit: boolean): StoredFact =>
    fact('activated', id, { productId, amountMinor, attributes: { onCredit } })
  const scope = await world('sales', [
    sale(1, 'data-500', 9_007_199_254_740_993n, true),
    sale(1, 'data-500', 2n, false),
    sale(2, 'data-100', 5_000n, false),
    fact('activation_failed', 3, { productId: 'data-100' }),
    fact('awarded', 1, { quantity: 150 }),
    fact('awarded', 2, { quantity: 50 }),
  ])
  expect(await sales(analytics, scope)).toEqual([
    { arm: 'a', productId: 'data-100', activated: 1, onCredit: 0, revenueMinor: '5000' },
    { arm: 'a', productId: 'data-500', activated: 2, onCredit: 1, revenueMinor: '9007199254740995' },
  ])
  expect(await points(analytics, scope)).toEqual([{ arm: 'a', points: '200' }])
})

test('margin: everybody enrolled, from enrolment on, whoever sold it', async () => {
  const scope = await world(
    'margin',
    [
      ...enrolled('a', 1, 2),
      ...enrolled('control', 3, 4),
      sms('message_submitted', 1, 'm1', { costMinor: 150n }),
      sms('message_submitted', 2, 'm2', { costMinor: 3n }),
      fact('contacted', 1, { costMinor: 999n }),
    ],
    [
      event('package.purchased', 1, afterDays(-1), { priceMinor: 99_999, onCredit: true }),
      event('package.purchased', 1, enrolledAt, { priceMinor: 15_000, onCredit: true }),
      event('usage.recorded', 1, afterDays(1), { chargeMinor: 200, volumeMb: 10 }),
      event('trust-payment.repaid', 1, afterDays(2), { feeMinor: 1_500, principalMinor: 15_000 }),
      event('package.purchased', 3, afterDays(1), {
        priceMinor: 5_000,
        onCredit: false,
        channel: 'self-service',
      }),
      event('trust-payment.overdue', 3, afterDays(9), { principalMinor: 10_000, feeMinor: 700 }),
      event('topup.recorded', 4, afterDays(1), { amountMinor: 50_000 }),
      event('package.purchased', 9, afterDays(1), { priceMinor: 77_777 }),
    ],
  )
  const rows = (await margin(analytics, scope)).sort((a, b) => (a.arm < b.arm ? -1 : 1))
  expect(rows).toEqual([
    {
      arm: 'a',
      salesTotal: 1,
      salesOnCredit: 1,
      packageRevenueMinor: '15000',
      payAsYouGoRevenueMinor: '200',
      trustPaymentFeesMinor: '1500',
      overduePrincipalMinor: '0',
      messageCostMinor: '153',
      // 15,000 + 200 + 1,500 − 150 = 16,550 and −3: sum 16,547, mean 8,273.5, variance 2 · 8,276.5².
      marginMinor: '16547',
      marginMean: 8_273.5,
      marginVariance: 137_000_904.5,
      revenueMean: 7_500,
      revenueVariance: 112_500_000,
      n: 2,
    },
    {
      arm: 'control',
      salesTotal: 1,
      salesOnCredit: 0,
      packageRevenueMinor: '5000',
      payAsYouGoRevenueMinor: '0',
      trustPaymentFeesMinor: '0',
      overduePrincipalMinor: '10000',
      messageCostMinor: '0',
      // 5,000 − 10,000 = −5,000 and 0.
      marginMinor: '-5000',
      marginMean: -2_500,
      marginVariance: 12_500_000,
      revenueMean: 2_500,
      revenueVariance: 12_500_000,
      n: 2,
    },
  ])
})

test('refusals: one reason each, the first that holds in the stated order', async () => {
  const used = (id: number, day: number, volumeMb: number) =>
    event('usage.recorded', id, afterDays(day), { volumeMb })
  const delivered = (id: number): StoredFact[] => [
    sms('message_submitted', id, `m${id}`),
    sms('message_delivered', id, `m${id}`),
  ]
  const nothing = { reason: 'beyond_balance_and_credit' }
  const facts = [
    ...enrolled('a', ...Array.from({ length: 14 }, (_, i) => i + 1)),
    fact('activated', 1),
    fact('no_offer', 2, nothing),
    fact('activation_failed', 2),
    fact('no_offer', 3, nothing),
    fact('activation_failed', 3),
    fact('activation_failed', 4),
    fact('answer_too_late', 4),
    ...delivered(5),
    fact('answer_too_late', 5),
    sms('message_seen', 5, 'm5', { reason: 'refused' }),
    ...delivered(6),
    sms('message_seen', 6, 'm6', { reason: 'refused' }),
    sms('message_held', 7, 'm7', { reason: 'cap_reached' }),
    // An operator that does not know the account is no question of money; an exit's own word is no refusal.
    fact('no_offer', 8, { reason: 'operator_account_not_found' }),
    sms('message_submitted', 9, 'm9'),
    ...delivered(10),
    ...delivered(11),
    ...delivered(12),
    fact('exited', 12, { reason: 'refused' }),
    sms('message_held', 12, 'm12b'),
    ...delivered(13),
    ...delivered(14),
  ]
  const events = [
    event('package.purchased', 2, afterDays(1), { priceMinor: 1, channel: 'self-service' }),
    event('package.purchased', 3, afterDays(-1), { priceMinor: 1, channel: 'self-service' }),
    event('package.purchased', 4, afterDays(1), { priceMinor: 1, channel: 'product-order' }),
    event('package.renewed', 10, afterDays(2), {}),
    event('package.renewed', 11, afterDays(2).add({ milliseconds: 1 }), {}),
    // 70 MB in seven days are 10 a day; less than 15 in three days are under half of that.
    used(11, -7, 35),
    used(11, -1, 35),
    used(11, 1, 14.9),
    used(12, -1, 70),
    used(12, 2, 15),
    used(13, -8, 700),
    used(13, 1, 1),
    used(14, -1, 70),
    used(14, 3, 700),
  ]
  const scope = await world('refusals', facts, events)
  const rows = await refusals(analytics, scope)
  expect(Object.fromEntries(rows.map(({ reason, subscribers }) => [reason, subscribers]))).toEqual({
    bought_by_self_service: 1, // 2
    nothing_affordable: 1, // 3
    activation_failed: 1, // 4
    answer_too_late: 1, // 5
    refused: 1, // 6
    held_by_policy: 1, // 7
    not_contacted: 1, // 8
    not_reached: 1, // 9
    renewal_near: 1, // 10
    saving_traffic: 2, // 11, 14: what is used after three days says nothing about saving
    no_answer: 2, // 12, 13: what was used more than a week before is no habit
  })
  expect(rows.reduce((sum, row) => sum + row.subscribers, 0)).toBe(13)
})

test('days are those of the tenant’s time zone', async () => {
  const scope = await world(
    'days',
    [
      fact('enrolled', 1, { at: at('2026-03-10T20:59:59Z') }),
      fact('enrolled', 2, { at: at('2026-03-10T21:00:00Z'), arm: 'control' }),
      sms('message_submitted', 1, 'm1', { at: at('2026-03-10T21:00:00Z') }),
      fact('activated', 1, { at: at('2026-03-10T22:00:00Z') }),
    ],
    [
      event('package.purchased', 1, at('2026-03-10T21:30:00Z'), { priceMinor: 15_000 }),
      event('package.purchased', 1, at('2026-03-01T00:00:00Z'), { priceMinor: 99_999 }),
    ],
  )
  const none = { enrolled: 0, messages: 0, activated: 0, packageRevenueMinor: '0' }
  expect(await days(analytics, { ...scope, timeZone: 'Europe/Moscow' })).toEqual([
    { day: '2026-03-10', arm: 'a', ...none, enrolled: 1 },
    { day: '2026-03-11', arm: 'a', enrolled: 0, messages: 1, activated: 1, packageRevenueMinor: '15000' },
    { day: '2026-03-11', arm: 'control', ...none, enrolled: 1 },
  ])
  expect(await days(analytics, { ...scope, timeZone: 'UTC' })).toMatchObject([
    { day: '2026-03-10', arm: 'a', enrolled: 1, messages: 1, activated: 1 },
    { day: '2026-03-10', arm: 'control', enrolled: 1 },
  ])
})

test('totals: everything of the tenant, of every campaign and of none', async () => {
  const { tenantId } = await world('totals', [
    sms('message_submitted', 1, 'm1', { at: afterDays(1) }),
    sms('message_delivered', 1, 'm1', { at: afterDays(2) }),
    sms('message_failed', 2, 'm2', { campaignId: 'another' }),
    sms('message_refused', 3, 'm3'),
    fact('answered', 1, { at: afterDays(-1) }),
    { kind: 'activated', subscriberId: 5, at: afterDays(3), txid: 1n, seq: 9_999n },
  ])
  expect(await totals(analytics, tenantId)).toEqual({
    messages: 1,
    receipts: 2,
    answers: 1,
    activations: 1,
    from: '2026-03-09T12:00:00Z',
  })
  expect(await totals(analytics, 'nobody')).toEqual({
    messages: 0,
    receipts: 0,
    answers: 0,
    activations: 0,
    from: null,
  })
})
