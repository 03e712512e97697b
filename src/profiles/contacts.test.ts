import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { type Access, createAccess, guard } from '../access/index.ts'
import {
  createHttp,
  Documents,
  type FastifyInstance,
  ManualClock,
  newId,
  type Tx,
} from '../platform/index.ts'
import { attributesKind } from './attributes.ts'
import { contactRoutes } from './contact-http.ts'
import { consentsView, type IdentityKind } from './contract.ts'
import { createProfiles, type Profiles } from './service.ts'

const startMs = Date.UTC(2026, 2, 1, 12)
const clock = new ManualClock(startMs)
let stores: TestDatabase
let access: Access
let profiles: Profiles
let http: FastifyInstance
let tenantId: string
let authorization: string

beforeAll(async () => {
  stores = await testDatabase()
  const { database } = stores
  access = createAccess({ database, clock })
  const documents = new Documents(database, [attributesKind])
  profiles = createProfiles({ database, access, documents, clock })
  http = createHttp((error) => console.error(error))
  guard(http, access)
  contactRoutes(http, profiles, access)
})
afterAll(async () => {
  await http.close()
  await stores.close()
})
beforeEach(async () => {
  tenantId = `t-${newId()}`
  const settings = {
    currency: 'RUB',
    currencyDecimals: 2,
    timeZone: 'Europe/Moscow',
    language: 'ru',
    country: 'RU',
  }
  const made = await access.createTenant({ tenantId, name: 'Test', ...settings } as never)
  authorization = `Bearer ${made.apiKey}`
})

const tx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => stores.database.tx(tenantId, work)
const subscriber = async (row: object = {}): Promise<number> => {
  const external = newId()
  const given = row as { identities?: object }
  const rows = [{ ...row, identities: { external, ...given.identities } }]
  expect(await profiles.upsertSubscribers(tenantId, rows)).toMatchObject({ rejects: [] })
  return (await profiles.resolveIdentities(tenantId, [`external:${external}`]))[0]!
}
const marketingOf = async (id: number) =>
  (await tx((t) => profiles.consentBooksOf(t, [id]))).get(id)?.['marketing']
/** Addresses in use by kind, the newest first. */
const addressesOf = async (id: number, kinds: IdentityKind[]) => {
  const { identities } = await profiles.view(tenantId, id)
  const used = identities.filter(({ kind, goneAt }) => kinds.includes(kind) && goneAt === undefined)
  const byKind = Map.groupBy(used.toReversed(), ({ kind }) => kind)
  return Object.fromEntries([...byKind].map(([kind, all]) => [kind, all.map(({ value }) => value)]))
}
const stopsOf = async (...ids: number[]) => {
  const { stops } = await tx((t) => profiles.recipients(t, ids))
  return stops
}
const history = async (id: number) => (await profiles.consentsView(tenantId, id)).history
const call = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
  http.inject({ method, url, headers: { authorization }, ...(payload ? { payload } : {}) })

describe('identities', () => {
  const webpush = {
    endpoint: 'https://push.example/x',
    keys: { p256dh: 'A'.repeat(87), auth: 'B'.repeat(22) },
  }

  test('of the new kinds are found in one spelling, device tokens too', async () => {
    const spelled = JSON.stringify({ keys: webpush.keys, expirationTime: null, endpoint: webpush.endpoint })
    const id = await subscriber({
      identities: { email: ' Ann@Почта.РФ ', telegram: '4711', push: ['tok:1', 'tok:2'], webpush: spelled },
    })
    const asked = ['email:ann@почта.рф', 'telegram:4711', 'push:tok:1', `webpush:${spelled}`, 'push:nobody']
    expect(await profiles.resolveIdentities(tenantId, asked)).toEqual([id, id, id, id, undefined])
    expect(await addressesOf(id, ['push', 'email', 'webpush'])).toEqual({
      push: ['tok:2', 'tok:1'],
      email: ['ann@xn--80a1acny.xn--p1ai'],
      webpush: [JSON.stringify(webpush)],
    })
  })

  test('a web push subscription may be 2,048 characters long and not more', async () => {
    const ofLength = (length: number) => {
      const rest = JSON.stringify({ ...webpush, endpoint: 'https://a/' }).length
      return JSON.stringify({ ...webpush, endpoint: `https://a/${'x'.repeat(length - rest)}` })
    }
    const id = await subscriber({ identities: { webpush: ofLength(2_048) } })
    expect(await profiles.resolveIdentities(tenantId, [`webpush:${ofLength(2_048)}`])).toEqual([id])
    const { rejects } = await profiles.upsertSubscribers(tenantId, [
      { identities: { webpush: ofLength(2_049) } },
    ])
    expect(rejects).toMatchObject([{ problem: { code: 'identity_invalid', field: 'identities.webpush' } }])
  })

  test.for([
    ['email', 'a@b'],
    ['email', 'a b@example.com'],
    ['email', `${'x'.repeat(65)}@example.com`],
    ['email', '@example.com'],
    ['telegram', '@ann'],
    ['telegram', '0'],
    ['push', 'two words'],
    ['webpush', '{"endpoint":"ftp://x"}'],
    ['webpush', 'null'],
  ])('%s "%s" is refused', async ([kind, text]) => {
    const { rejects } = await profiles.upsertSubscribers(tenantId, [{ identities: { [kind!]: text } }])
    expect(rejects).toMatchObject([{ problem: { code: 'identity_invalid', field: `identities.${kind}` } }])
  })

  test('one that is gone is not used, and a device that registers again is back', async () => {
    const id = await subscriber({ identities: { push: ['old', 'new'], email: 'gone@example.com' } })
    const gone = ['push:new', 'email:gone@example.com', 'push:unknown'].map((identity) => {
      return { identity, reason: 'unregistered', at: clock.now() }
    })
    expect(await tx((t) => profiles.markIdentitiesGone(t, gone))).toEqual([id, id])
    const addresses = () => addressesOf(id, ['push', 'email'])
    expect(await addresses()).toEqual({ push: ['old'] })
    expect(await tx((t) => profiles.identitiesOf(t, [id], 'push'))).toEqual(new Map([[id, 'old']]))
    expect((await tx((t) => profiles.recipients(t, [id]))).get(id)!.addresses).toMatchObject({ push: 'old' })
    expect((await profiles.view(tenantId, id)).identities).toContainEqual({
      kind: 'push',
      value: 'new',
      goneAt: clock.now().toString(),
      goneReason: 'unregistered',
    })
    // A nightly list repeats a dead mailbox; a device registers only while somebody holds it.
    await profiles.upsertSubscribers(tenantId, [{ identities: { push: 'new', email: 'gone@example.com' } }])
    expect(await addresses()).toEqual({ push: ['new', 'old'] })
    expect(await tx((t) => profiles.markIdentitiesBack(t, ['email:gone@example.com']))).toEqual([id])
    expect(await addresses()).toMatchObject({ email: ['gone@example.com'] })
  })
})

describe('consents', () => {
  test('by channel and purpose, with every word kept as proof', async () => {
    const id = await subscriber({
      consents: {
        sms: true,
        'email/service': true,
        '*/personalisation': { granted: true, shownText: 'I agree' },
      },
    })
    clock.setMs(clock.nowMs() + 1_000)
    const stop = { subscriberId: id, channel: 'sms', purpose: 'marketing', granted: false, source: 'sms' }
    const messageId = newId()
    await profiles.sayConsent(tenantId, { ...stop, shownText: 'STOP', messageId, eventKey: 'k1' })
    await profiles.sayConsent(tenantId, { ...stop, shownText: 'STOP', messageId, eventKey: 'k1' })
    expect((await tx((t) => profiles.consentBooksOf(t, [id]))).get(id)).toEqual({
      marketing: { sms: false },
      service: { email: true },
      personalisation: { '*': true },
    })
    expect((await history(id))[0]).toMatchObject({ granted: false, shownText: 'STOP', messageId })
    expect(
      (await history(id)).map((word) => `${word.channel}/${word.purpose} ${word.shownText}`).toSorted(),
    ).toEqual(['*/personalisation I agree', 'email/service null', 'sms/marketing STOP', 'sms/marketing null'])
  })

  test('a list that repeats itself leaves no trace, and its undated yes never overturns a no', async () => {
    const external = newId()
    const nightly = (sms: boolean | object) =>
      profiles.upsertSubscribers(tenantId, [{ identities: { external }, consents: { sms } }])
    await nightly(true)
    const [id] = await profiles.resolveIdentities(tenantId, [`external:${external}`])
    for (let night = 0; night < 3; night++) {
      clock.setMs(clock.nowMs() + 86_400_000)
      await nightly(true)
    }
    expect(await history(id!)).toHaveLength(1)
    await nightly(false)
    await nightly(true)
    expect(await marketingOf(id!)).toEqual({ sms: false })
    await nightly({ granted: true, at: clock.now().toString(), source: 'web form' })
    expect(await marketingOf(id!)).toEqual({ sms: true })
    expect((await history(id!)).map(({ granted }) => granted)).toEqual([true, false, true])
  })

  test('an older word is kept in the history and changes nothing', async () => {
    const id = await subscriber({ consents: { sms: false } })
    const at = clock.now().subtract({ hours: 1 })
    const word = {
      subscriberId: id,
      channel: 'sms',
      purpose: 'marketing',
      granted: true,
      source: 'paper',
      at,
    }
    await tx((t) => profiles.recordConsents(t, [word]))
    expect(await marketingOf(id)).toEqual({ sms: false })
    expect(await history(id)).toHaveLength(2)
  })

  test('the history cannot be changed', async () => {
    await subscriber({ consents: { sms: true } })
    await expect(tx((t) => t.query('update profiles.consent_event set granted = false'))).rejects.toThrow(
      /permission/,
    )
    await expect(tx((t) => t.query('delete from profiles.consent_event'))).rejects.toThrow(/permission/)
  })

  test('are told and shown over HTTP', async () => {
    const id = await subscriber()
    const path = `/v1/subscribers/${id}/consents`
    const word = { channel: 'email', granted: true, source: 'call centre', shownText: 'May we write to you?' }
    const answer = await call('POST', path, word)
    expect(answer.statusCode).toBe(201)
    const view = consentsView.parse((await call('GET', path)).json())
    expect(view.current).toMatchObject([{ channel: 'email', purpose: 'marketing', granted: true }])
    expect(view.history).toMatchObject([{ shownText: 'May we write to you?', source: 'call centre' }])
    expect((await call('POST', path, { ...word, channel: 'E MAIL' })).statusCode).toBe(422)
    expect((await call('GET', '/v1/subscribers/999999999/consents')).statusCode).toBe(404)
  })
})

describe('the stop list', () => {
  test('stops a subscriber, and whoever gets a listed identity later', async () => {
    const id = await subscriber()
    const from = clock.now().toString()
    const until = clock.now().add({ hours: 24 }).toString()
    const answer = await call('POST', '/v1/stop-list', [
      { subscriberId: id, reason: 'complaint', until },
      { identity: 'msisdn:8 999 765-43-21', scope: 'marketing', reason: 'court order' },
      { identity: 'nonsense', reason: 'x' },
      { subscriberId: id, identity: '+79997654321', reason: 'both' },
    ] as never)
    const { added, rejects } = answer.json<{ added: (string | null)[]; rejects: object[] }>()
    expect(added.map((stopId) => stopId !== null)).toEqual([true, true, false, false])
    expect(rejects).toMatchObject([
      { index: 2, problem: { code: 'identity_invalid', field: 'identity' } },
      { index: 3, problem: { code: 'request_invalid' } },
    ])
    expect((await call('GET', '/v1/stop-list')).json()).toMatchObject({
      stops: [
        { subscriberId: id, identity: null, reason: 'complaint', from, until, scope: 'all' },
        { subscriberId: null, identity: 'msisdn:+79997654321', until: null, scope: 'marketing' },
      ],
      next: null,
    })
    const late = await subscriber({ identities: { msisdn: '+79997654321' } })
    const stops = await stopsOf(id, late)
    expect(stops.get(id)).toMatchObject([{ reason: 'complaint', fromMs: clock.nowMs() }])
    expect(stops.get(late)).toMatchObject([{ reason: 'court order', untilMs: null, scope: 'marketing' }])

    expect((await call('DELETE', `/v1/stop-list/${added[1]}`)).statusCode).toBe(204)
    expect((await call('DELETE', `/v1/stop-list/${added[1]}`)).statusCode).toBe(404)
    expect((await call('DELETE', '/v1/stop-list/1')).statusCode).toBe(404)
    expect(await stopsOf(late)).toEqual(new Map())
  })
})

test('whoever keeps cards hears of every change of consents, identities and stops', async () => {
  const [a, b, c, d] = [
    await subscriber(),
    await subscriber(),
    await subscriber(),
    await subscriber({ identities: { msisdn: '+79990000001' } }),
  ]
  let { lowWater } = await tx((t) => profiles.changedRecipients(t, '18446744073709551615'))
  const changed = async () => {
    const answer = await tx((t) => profiles.changedRecipients(t, lowWater))
    lowWater = answer.lowWater
    return new Set(answer.ids)
  }
  await profiles.sayConsent(tenantId, {
    subscriberId: a!,
    channel: '*',
    purpose: 'marketing',
    granted: false,
    source: 'x',
  })
  await tx((t) =>
    profiles.markIdentitiesGone(t, [{ identity: 'msisdn:+79990000001', reason: 'r', at: clock.now() }]),
  )
  const { added } = await profiles.addStops(tenantId, [{ subscriberId: b, reason: 'x' }], null)
  expect((await changed()).isSupersetOf(new Set([a, b, d]))).toBe(true)
  await profiles.removeStop(tenantId, added[0]!)
  await profiles.addStops(tenantId, [{ identity: '+79990000001', reason: 'x' }], null)
  expect((await changed()).isSupersetOf(new Set([b, d]))).toBe(true)
  // It may be told once more as long as anybody's transaction of that time is open.
  await expect.poll(async () => (await changed()).has(c!)).toBe(false)
})
