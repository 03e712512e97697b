import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOUR_MS, sms, World } from '../../test/messaging-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { newId } from '../platform/index.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

test('a sending is paused, resumed and cancelled, and the counts of all say so', async () => {
  const world = await World.with(stores, [sms('offer')], [{}, {}, {}])
  const control = async (word: string) => {
    const answer = await world.ask('POST', `/v1/sendings/camp/${word}`)
    await world.drain()
    return answer
  }
  const sending = async () => (await world.ask('GET', '/v1/sendings/camp')).body
  await world.start('offer', 1)
  expect(await control('pause')).toEqual({ status: 200, body: { campaignId: 'camp', state: 'paused' } })
  await world.start('offer', 2)
  expect(world.gateway.handed).toHaveLength(1)
  const paused = await sending()
  expect(paused).toMatchObject({ state: 'paused', isFinished: false })
  expect(paused.waiting + paused.active).toBe(2)
  expect((await control('resume')).body).toEqual({ campaignId: 'camp', state: 'running' })
  expect(world.gateway.handed).toHaveLength(2)
  await control('pause')
  await world.start('offer', 3)
  expect((await control('cancel')).body).toEqual({ campaignId: 'camp', state: 'cancelled' })
  await world.pass(24 * HOUR_MS)
  expect(world.gateway.handed).toHaveLength(2)
  expect(await sending()).toMatchObject({ state: 'cancelled', isFinished: true, active: 0, finished: 3 })
  const { body } = await world.ask('GET', '/v1/delivery')
  expect(body).toMatchObject({
    waiting: 0,
    active: 0,
    finished: 3,
    // Whoever had not been written to yet has no message that could be held.
    messages: [{ channel: 'sms', state: 'submitted', count: 2 }],
    stops: [],
  })
  expect(body.outcomes).toContainEqual({ outcome: 'cancelled', count: 3 })
  const headers = { authorization: `Bearer ${world.key}` }
  const unknown = await world.http.inject({ method: 'POST', url: '/v1/sendings/camp/forget', headers })
  expect(unknown.statusCode).toBe(404)
  await world.stop()
})

test('messages are listed by state, so that what is unknown is found', async () => {
  const world = await World.with(stores, [sms('offer')], [{}, {}])
  world.gateway.submit = (messages, done) =>
    messages.forEach(({ messageId, address }, i) =>
      done(
        i,
        address.endsWith('1')
          ? { outcome: 'unknown', reason: 'no_answer' }
          : { outcome: 'accepted', providerMessageId: messageId },
      ),
    )
  await world.start('offer', 1)
  await world.start('offer', 2)
  const inState = async (state: string) =>
    (await world.ask('GET', `/v1/messages?state=${state}`)).body.messages as Record<string, unknown>[]
  const unknown = await inState('unknown')
  expect(unknown).toMatchObject([{ subscriberId: await world.subscriberId(1), reason: 'no_answer' }])
  expect(JSON.stringify(unknown)).not.toContain('+7999')
  expect(await inState('submitted')).toHaveLength(1)
  const refused = await world.ask('GET', '/v1/messages?state=lost')
  expect([refused.status, refused.body.field]).toEqual([422, 'state'])
  expect((await world.ask('GET', '/v1/messages?state=unknown&limit=0')).status).toBe(422)
  // A late receipt resolves it, and the list is empty.
  const messageId = unknown[0]!['messageId'] as string
  const receipt = { messageId, status: 'delivered' as const, atMs: world.clock.nowMs() }
  const told = world.gateway.events.onReceipts([receipt])
  await world.drain()
  await told
  expect(await inState('unknown')).toEqual([])
  await world.stop()
})

test('a USSD gateway hands in what was dialled as a form, and is replied to in plain words', async () => {
  const world = await World.with(stores, [sms('offer')])
  const runId = await world.start('offer')
  const dial = (form: Record<string, string>, authorization = `Bearer ${world.key}`) =>
    world.http.inject({
      method: 'POST',
      url: '/v1/channels/ussd',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(form).toString(),
    })
  const form = { sessionId: newId(), phoneNumber: '79990000001', serviceCode: '*111*500#', text: '' }
  const asked = dial(form)
  await expect.poll(async () => (await world.drain(), (await world.run(runId))['outcome'])).toBe('answered')
  const answer = await asked
  expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
    200,
    'text/plain; charset=utf-8',
    'END OK',
  ])
  expect(await world.query('select channel, text from messaging.answer')).toEqual([
    { channel: 'ussd', text: '*111*500#' },
  ])
  expect((await dial({ ...form, phoneNumber: 'Tenure' })).statusCode).toBe(422)
  expect((await dial(form, 'Bearer wrong')).statusCode).toBe(401)
  await world.stop()
})
