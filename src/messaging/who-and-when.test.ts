import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS, noonMs, same, sms, World } from '../../test/messaging-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { startTelegramBotApi } from '../simulator/providers/index.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

describe('who is written to, and when', () => {
  test('nobody on the stop list, from the moment on, and codes pass a stop of marketing', async () => {
    const world = await World.with(
      stores,
      [sms('offer'), sms('code', {}, { purpose: 'transactional' })],
      [{}, {}],
    )
    const subscriberId = await world.subscriberId()
    await world.start('offer')
    const entry = { subscriberId, scope: 'marketing', reason: 'complaint 17' }
    expect((await world.ask('POST', '/v1/stop-list', [entry] as never)).status).toBe(201)
    await world.start('offer')
    await world.start('offer', 2)
    await world.start('code')
    expect(world.gateway.handed.map(({ address }) => address.slice(-1))).toEqual(['1', '2', '1'])
    const held = (await world.messages()).filter(({ state }) => state === 'held')
    expect(held).toMatchObject([{ reason: 'stopped', saw: { stop: 'marketing', reason: 'complaint 17' } }])
    await world.stop()
  })

  test('a word about all channels holds where there is none about one', async () => {
    const word = (granted: boolean, day: number): object => ({ granted, at: `2026-01-0${day}T00:00:00Z` })
    const rows = [
      { consents: { '*': false } },
      { consents: { '*': word(false, 1), sms: word(true, 2) } },
      { consents: {} },
    ]
    const world = await World.with(stores, [sms('offer')], rows)
    for (const n of [1, 2, 3]) await world.start('offer', n)
    const reasons = (await world.messages()).map(({ reason }) => reason)
    expect(reasons.sort()).toEqual(['no_consent', null, 'opted_out'])
    await world.stop()
  })

  test('at the hour at which the subscriber uses to react, by own history; at once without any', async () => {
    const world = await World.with(
      stores,
      [sms('later', {}, { timing: 'best_hour' }), sms('offer', { until: 'seen' })],
      [{ timeZone: 'Asia/Yekaterinburg' }, {}],
    )
    // Seen at 14:10 UTC, which is 19:10 in Yekaterinburg, day by day.
    for (let day = 0; day < 6; day++) {
      await world.start('offer')
      await world.pass(130 * MINUTE_MS)
      const { messageId } = world.gateway.handed.at(-1)!
      await world.gateway.events.onReceipts([{ messageId, status: 'seen', atMs: world.clock.nowMs() }])
      await world.pass(24 * HOUR_MS - 130 * MINUTE_MS)
    }
    world.gateway.handed.length = 0
    await world.start('later', 2)
    expect(world.gateway.handed).toHaveLength(1)
    await world.start('later', 1)
    expect(world.gateway.handed).toHaveLength(1)
    expect((await world.messages()).find(({ state }) => state === 'queued')).toMatchObject({
      postponed_for: 'best_hour',
      saw: { hour: 19, reactions: 6, timeZone: 'Asia/Yekaterinburg' },
    })
    expect(await world.drain()).toBe(noonMs + (6 * 24 + 2) * HOUR_MS)
    await world.pass(2 * HOUR_MS)
    expect(world.gateway.handed).toHaveLength(2)
    await world.stop()
  })

  test('by the cheapest channel that reaches this subscriber; the order stays, also for the next process', async () => {
    const bot = await startTelegramBotApi()
    const world = await World.with(
      stores,
      [
        {
          kind: 'Channel',
          id: 'telegram',
          priceMinor: '100',
          apiRoot: bot.url,
          token: bot.token,
          chatIntervalMs: 0,
        },
        { kind: 'Template', id: 'chat', channel: 'telegram', text: same('Take {{ what }}') },
        sms('offer', { until: 'delivered' }),
        {
          kind: 'Cascade',
          id: 'cheap',
          order: 'expected_cost',
          steps: [
            { channel: 'sms', template: 'text', until: 'accepted', wait: 'PT1H' },
            { channel: 'telegram', template: 'chat', until: 'answered', wait: 'PT1H' },
          ],
        },
      ],
      [{ identities: { telegram: '7001' } }, {}],
    )
    // SMS reached the first one four times: cheaper by the reached subscriber than Telegram, of which nothing is known.
    for (let i = 0; i < 4; i++) await world.start('offer')
    const first = await world.start('cheap', 1)
    expect(await world.run(first)).toMatchObject({
      outcome: 'submitted',
      step_order: { order: [0, 1], steps: [{ channel: 'sms', tried: 4, reached: 4 }, { priceMinor: '100' }] },
    })
    // Without an address in Telegram there is no other way.
    const second = await world.start('cheap', 2)
    expect(await world.run(second)).toMatchObject({ step_order: { order: [0, 1] } })
    const own = world.gateway.handed.filter(({ address }) => address.endsWith('1'))
    const atMs = world.clock.nowMs()
    await world.gateway.events.onReceipts(own.map(({ messageId }) => ({ messageId, status: 'failed', atMs })))
    await world.pass(2 * HOUR_MS)
    const third = await world.start('cheap', 1)
    const order = (await world.run(third))['step_order'] as { order: number[] }
    expect(order.order).toEqual([1, 0])
    expect(bot.received).toHaveLength(1)
    const handed = world.gateway.handed.length
    await world.messaging.stop()
    await world.begin()
    await world.pass(HOUR_MS)
    expect(world.gateway.handed).toHaveLength(handed + 1)
    expect(await world.run(third)).toMatchObject({ step: 1, outcome: 'submitted', step_order: order })
    const { message_id: messageId } = (await world.messages()).at(-1)!
    expect((await world.ask('GET', `/v1/messages/${messageId as string}/explain`)).body).toMatchObject({
      run: { stepOrder: order },
      steps: [{ channel: 'telegram' }, { channel: 'sms' }],
    })
    await world.stop()
    await bot.close()
  })

  test('through the night in which clocks jump, to the first minute that is not quiet', async () => {
    const world = await World.with(
      stores,
      [
        sms('offer', { validFor: 'P2D' }),
        { kind: 'ContactPolicy', id: 'default', quietHours: { from: '21:00', to: '02:30' } },
      ],
      [{ timeZone: 'Europe/Berlin' }, { timeZone: 'Europe/Moscow' }],
    )
    // 29 March 2026: 02:00 becomes 03:00 in Berlin, at 01:00 UTC; 02:30 never comes there.
    world.clock.setMs(Date.parse('2026-03-28T21:00:00Z'))
    await world.start('offer', 1)
    await world.start('offer', 2)
    expect(world.gateway.handed).toEqual([])
    const due = (await world.messages()).map(({ not_before: at }) => String(at)).sort()
    expect(due).toEqual(['2026-03-28T23:30:00Z', '2026-03-29T01:00:00Z'])
    await world.pass(150 * MINUTE_MS)
    expect(world.gateway.handed.map(({ address }) => address)).toEqual(['+79990000002'])
    await world.pass(89 * MINUTE_MS)
    expect(world.gateway.handed).toHaveLength(1)
    await world.pass(MINUTE_MS)
    expect(world.gateway.handed).toHaveLength(2)
    await world.stop()
  })

  test('at its pace also after a pause, and not all that the pause let pass at once', async () => {
    const world = await World.with(stores, [sms('offer', {}, { perMinute: 1 })], [{}, {}, {}, {}])
    for (const n of [1, 2, 3, 4]) await world.start('offer', n)
    const control = async (state: 'paused' | 'running') => {
      const told = world.messaging.control(world.tenantId, 'camp', state)
      await world.drain()
      await told
    }
    await control('paused')
    await world.pass(HOUR_MS)
    await control('running')
    expect(world.gateway.handed).toHaveLength(2)
    await world.pass(MINUTE_MS)
    expect(world.gateway.handed).toHaveLength(3)
    await world.stop()
  })
})
