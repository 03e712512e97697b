import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Gateway, MINUTE_MS, same, SECRET, sms, smsText, World } from '../../test/messaging-world.ts'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { newId } from '../platform/index.ts'
import { startMailRelay, startTelegramBotApi } from '../simulator/providers/index.ts'
import { takeAnswers } from './answer-store.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

describe('over HTTP', () => {
  test('a provider’s call reaches its channel as it came, and nobody else’s does', async () => {
    const world = await World.with(stores, [])
    expect(world.gateway.context.callbackUrl).toBe(
      `https://tenure.example/callbacks/${world.tenantId}/sms/${encodeURIComponent(SECRET)}`,
    )
    const path = `/callbacks/${world.tenantId}/sms/${encodeURIComponent(SECRET)}?to=a%40b`
    for (const type of ['message/rfc822', 'text/plain', 'application/xml', 'application/json', undefined]) {
      const headers = type === undefined ? {} : { 'content-type': type }
      const answer = await world.http.inject({ method: 'POST', url: path, headers, payload: '{"a": 1' })
      expect([answer.statusCode, answer.body, answer.headers['content-type']]).toEqual([
        202,
        'kept',
        'text/plain',
      ])
    }
    for (const method of ['GET', 'PUT', 'DELETE'] as const)
      expect((await world.http.inject({ method, url: path })).statusCode).toBe(202)
    expect(world.gateway.calls[0]).toMatchObject({ method: 'POST', query: { to: 'a@b' } })
    expect(world.gateway.calls[0]!.body.toString()).toBe('{"a": 1')
    expect(world.gateway.calls).toHaveLength(8)
    for (const wrong of [`${world.tenantId}/sms/wrong`, `${world.tenantId}/dstk/x`, `other/sms/${SECRET}`]) {
      const answer = await world.http.inject({ method: 'POST', url: `/callbacks/${wrong}`, payload: 'x' })
      expect(answer.statusCode).toBe(404)
    }
    expect(world.gateway.calls).toHaveLength(8)
    await world.stop()
  })

  test('a message is asked for, looked up, explained and part of a history and of a sending', async () => {
    const world = await World.with(stores, [
      smsText('typed', 'Hi {{ name }}', { variables: { name: { type: 'string' } } }),
    ])
    const subscriberId = await world.subscriberId()
    const wanted = { subscriberId, channel: 'sms', template: 'typed', campaignId: 'api' }
    const sent = await world.ask('POST', '/v1/messages', {
      ...wanted,
      idempotencyKey: 'k',
      variables: { name: 'Ann' },
    })
    expect(sent.status).toBe(202)
    await world.drain()
    const { messageId } = sent.body as { messageId: string }
    expect(world.gateway.handed).toMatchObject([{ messageId, text: 'Hi Ann' }])
    expect((await world.ask('GET', `/v1/messages/${messageId}`)).body).toMatchObject({
      state: 'submitted',
      text: 'Hi Ann',
      costMinor: '150',
      content: null,
    })
    expect((await world.ask('GET', `/v1/messages/${messageId}/explain`)).body).toMatchObject({
      run: { campaignId: 'api', state: 'active' },
      steps: [{ channel: 'sms', state: 'submitted', purpose: 'marketing' }],
    })
    expect((await world.ask('GET', `/v1/subscribers/${subscriberId}/messages`)).body).toMatchObject({
      messages: [{ messageId }],
    })
    expect((await world.ask('GET', '/v1/sendings/api')).body).toMatchObject({ active: 1, state: 'running' })
    expect((await world.ask('GET', `/v1/messages/${newId()}`)).status).toBe(404)
    // A variable that is missing sends nothing and ends its own run.
    const holed = await world.ask('POST', '/v1/messages', { ...wanted, idempotencyKey: 'k2' })
    expect(holed.status).toBe(202)
    await world.drain()
    expect(await world.run((holed.body as { runId: string }).runId)).toMatchObject({
      state: 'finished',
      outcome: 'template_failed',
    })
    expect(world.gateway.handed).toHaveLength(1)
    await world.stop()
  })

  test('what is put into the inbox is what the app is shown', async () => {
    const world = await World.with(stores, [
      { kind: 'Channel', id: 'inbox', priceMinor: '0' },
      { kind: 'Template', id: 'card', channel: 'inbox', text: same('5 GB'), subject: same('For you') },
      {
        kind: 'Cascade',
        id: 'card',
        steps: [{ channel: 'inbox', template: 'card', until: 'seen', wait: 'P1D' }],
      },
    ])
    const runId = await world.start('card')
    const path = `/v1/subscribers/${await world.subscriberId()}/inbox`
    const told = world.ask('GET', path)
    expect((await told).body).toMatchObject({ entries: [{ content: { text: '5 GB', subject: 'For you' } }] })
    const [{ messageId }] = (await told).body.entries
    await world.ask('POST', `${path}/reports`, { event: 'seen', messageId })
    await world.drain()
    expect(await world.run(runId)).toMatchObject({ state: 'finished', outcome: 'seen' })
    await world.stop()
  })
})

describe('from one channel to the next', () => {
  test('a subscriber who blocked the bot is reached by SMS, and never tried by Telegram again', async () => {
    const bot = await startTelegramBotApi()
    bot.blocked.add('7001')
    const world = await World.with(
      stores,
      [
        {
          kind: 'Channel',
          id: 'telegram',
          priceMinor: '0',
          apiRoot: bot.url,
          token: bot.token,
          chatIntervalMs: 0,
        },
        { kind: 'Template', id: 'chat', channel: 'telegram', text: same('Take {{ what }}') },
        {
          kind: 'Cascade',
          id: 'both',
          steps: [
            { channel: 'telegram', template: 'chat', until: 'answered', wait: 'PT1H' },
            { channel: 'sms', template: 'text', until: 'answered', wait: 'PT1H' },
          ],
        },
      ],
      [{ identities: { telegram: '7001' } }, { identities: { telegram: '7002' } }],
    )
    await world.start('both', 1)
    await world.start('both', 2)
    expect(bot.received.map(({ chat_id }) => String(chat_id))).toEqual(['7002'])
    expect(world.gateway.handed).toMatchObject([{ address: '+79990000001', text: 'Answer OK' }])
    const view = await world.profiles.view(world.tenantId, await world.subscriberId())
    expect(view.identities.find(({ kind }) => kind === 'telegram')).toMatchObject({
      goneReason: 'bot_blocked',
    })
    const { requests } = bot.stats
    await world.start('both', 1)
    expect(bot.stats.requests).toBe(requests)
    expect((await world.messages()).map(({ reason }) => reason)).toContain('no_address')
    await world.stop()
    await bot.close()
  })

  test('a channel that cannot be started holds back no other, and its messages wait', async () => {
    const world = await World.with(stores, [sms('offer')])
    world.gateway.start = () => Promise.reject(new Error('refused'))
    await world.begin()
    expect(world.errors).toMatchObject([{ message: 'refused' }])
    await world.start('offer')
    expect(await world.messages()).toMatchObject([{ state: 'queued' }])
    world.gateway.start = Gateway.prototype.start
    await expect
      .poll(async () => (await world.drain(), world.gateway.handed.length), { timeout: 5_000 })
      .toBe(1)
    await world.stop()
  })
})

describe('words and links', () => {
  test('one click of a mail program ends the letters, with proof', async () => {
    const relay = await startMailRelay()
    const world = await World.with(
      stores,
      [
        {
          kind: 'Channel',
          id: 'email',
          priceMinor: '1',
          host: '127.0.0.1',
          port: relay.port,
          tls: 'opportunistic',
          from: 'Operator <news@example.org>',
          bounceDomain: 'mail.example.org',
          signingSecret: 'a secret of sixteen or more',
        },
        {
          kind: 'Template',
          id: 'letter',
          channel: 'email',
          subject: same('For {{ what }}'),
          text: same('Hello. Leave: {{ unsubscribeUrl }}'),
          html: same(
            '<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ what }}</mj-text></mj-column></mj-section></mj-body></mjml>',
          ),
        },
        {
          kind: 'Cascade',
          id: 'letter',
          steps: [{ channel: 'email', template: 'letter', until: 'clicked', wait: 'P1D' }],
        },
      ],
      [{ identities: { email: 'ann@example.net' } }],
    )
    await world.start('letter')
    const raw = relay.received[0]!.raw.toString()
    const [, path] = /^List-Unsubscribe: <https:\/\/tenure\.example(\/u\/[\w-]+)>/im.exec(
      raw.replace(/\r\n\s+/g, ''),
    )!
    expect(raw).toContain('Hi OK')
    expect(await world.messages()).toMatchObject([
      { channel: 'email', content: { subject: 'For OK', unsubscribeUrl: `https://tenure.example${path}` } },
    ])
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const payload = 'List-Unsubscribe=One-Click'
    expect((await world.http.inject({ method: 'POST', url: path!, headers, payload })).statusCode).toBe(200)
    await world.start('letter')
    expect(relay.received).toHaveLength(1)
    expect(await world.messages()).toMatchObject([
      { state: 'submitted' },
      { state: 'held', reason: 'opted_out', saw: { channel: 'email', purpose: 'marketing' } },
    ])
    const { history } = await world.profiles.consentsView(world.tenantId, await world.subscriberId())
    expect(history[0]).toMatchObject({ source: 'one-click unsubscribe', granted: false })
    await world.stop()
    await relay.close()
  })

  test('a link is made short; a machine that follows it is no click, a person ends the step', async () => {
    const world = await World.with(stores, [
      { kind: 'LinkDomain', id: 'default', baseUrl: 'https://go.example', parameters: { c: '{campaign}' } },
      smsText('linked', 'Look: {{ link }}', { link: 'https://shop.example/5gb?for={{ what }}' }),
      sms('linked', { template: 'linked', until: 'clicked', wait: 'P1D' }),
    ])
    const runId = await world.start('linked')
    const [, path] = /^Look: https:\/\/go\.example(\/l\/\w{8})$/.exec(world.gateway.handed[0]!.text)!
    await world.gateway.events.onReceipts([
      { messageId: world.gateway.handed[0]!.messageId, status: 'delivered', atMs: world.clock.nowMs() },
    ])
    await world.pass(10 * MINUTE_MS)
    const tap = (agent: string) =>
      world.http.inject({ url: path!, headers: { 'user-agent': agent, 'accept-language': 'ru' } })
    const bot = await tap('WhatsApp/2.23.20.0')
    expect([bot.statusCode, bot.headers.location]).toEqual([302, 'https://shop.example/5gb?for=OK&c=camp'])
    await world.drain()
    expect(await world.run(runId)).toMatchObject({ state: 'active' })
    await tap('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1')
    await expect.poll(async () => (await world.drain(), (await world.run(runId))['outcome'])).toBe('clicked')
    expect(await world.messages()).toMatchObject([{ state: 'clicked' }])
    await world.stop()
  })

  test('many links of one tick all lead home', async () => {
    const world = await World.with(stores, [
      { kind: 'LinkDomain', id: 'default', baseUrl: 'https://go.example' },
      smsText('linked', 'Look: {{ link }}', { link: 'https://shop.example/{{ what }}' }),
      sms('linked', { template: 'linked' }),
    ])
    const subscriberId = await world.subscriberId()
    const starts = Array.from({ length: 300 }, (_, n) => {
      const about = {
        runId: newId(),
        cascadeId: 'linked',
        subscriberId,
        campaignId: 'c',
        arm: 'a',
        reference: 'r',
      }
      return { ...about, variables: { what: `p${n}` } }
    })
    await stores.database.tx(world.tenantId, (tx) =>
      world.messaging.startCascades(tx, world.tenantId, starts),
    )
    await world.drain()
    const targets = new Set<string>()
    for (const { text } of world.gateway.handed)
      targets.add(
        (await world.http.inject({ url: text.slice('Look: https://go.example'.length) })).headers.location!,
      )
    expect(targets).toEqual(new Set(starts.map(({ variables }) => `https://shop.example/${variables.what}`)))
    await world.stop()
  })

  test('STOP by SMS ends the cascade and the next message, with proof, and is replied to; no campaign hears it', async () => {
    const world = await World.with(stores, [sms('offer'), sms('second')])
    const runId = await world.start('offer')
    const { messageId } = world.gateway.handed[0]!
    await world.answer(' Stop. ', { dedupeKey: 'one', messageId })
    await world.drain()
    expect(await world.run(runId)).toMatchObject({ state: 'finished', outcome: 'opted_out' })
    expect(world.gateway.handed[1]).toMatchObject({ text: expect.stringContaining('reply START') })
    await world.start('second')
    expect(world.gateway.handed).toHaveLength(2)
    expect((await world.messages()).at(-1)).toMatchObject({ state: 'held', reason: 'opted_out' })
    const { history } = await world.profiles.consentsView(world.tenantId, await world.subscriberId())
    expect(history[0]).toMatchObject({
      granted: false,
      shownText: ' Stop. ',
      source: 'word by sms',
      messageId,
    })
    const open = await stores.database.tx(world.tenantId, (tx) => takeAnswers(tx, 10))
    expect(open).toEqual([])
    // The gateway repeats itself, and the subscriber comes back.
    await world.answer(' Stop. ', { dedupeKey: 'one', messageId })
    await world.drain()
    expect(world.gateway.handed).toHaveLength(2)
    await world.answer('start')
    await world.drain()
    await world.start('second')
    expect(world.gateway.handed.at(-1)).toMatchObject({ text: 'Answer OK' })
    await world.stop()
  })
})
