import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyHttp, loyaltyHttp } from '../../../test/loyalty-http.ts'
import { eventType, type LoyaltyWorld, loyaltyWorld, programme } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { abuseCaseView, abuseEvidenceView, abuseQueueView } from './contract.ts'

const cases = '/v1/loyalty/abuse/cases'
let stores: TestDatabase
let world: LoyaltyWorld
let http: LoyaltyHttp
let ids: number[] = []
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  const welcome = { welcome: { points: '50' } }
  await world.apply(
    eventType('visit', { deviceId: 'string' }),
    programme({ id: 'club', currency: 'stars', enrolment: { on: 'any' }, ...welcome }),
    {
      kind: 'AbusePolicy',
      id: 'club',
      programme: 'club',
      hold: 50,
      signals: {
        shared: [{ kind: 'device', on: ['visit'], field: 'deviceId', members: 3, withinDays: 30, score: 60 }],
      },
    },
  )
  http = await loyaltyHttp(world)
  ids = await world.subscribers('ann', 'bob', 'cid', 'dan', 'eve')
  for (const subscriberId of ids) {
    await world.append({ subscriberId, type: 'visit', data: { deviceId: 'phone-1' } })
    await world.run()
    world.clock.setMs(world.clock.nowMs() + 60_000)
  }
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

const ask: LoyaltyHttp['ask'] = (...asked) => http.ask(...asked)

test('the queue comes page by page, the oldest case first, with reasons in all languages', async () => {
  const first = abuseQueueView.parse((await ask('GET', `${cases}?limit=2`, undefined, 'read')).body)
  const second = abuseQueueView.parse(
    (await ask('GET', `${cases}?limit=2&after=${encodeURIComponent(first.next!)}`)).body,
  )
  expect([...first.cases, ...second.cases].map(({ subscriberId }) => subscriberId)).toEqual(ids.slice(2))
  expect(second.next).toBeNull()
  expect(first.cases[0]!.findings[0]!.text).toEqual({
    en: 'The device was used by 3 members within 30 days.',
    ru: 'Участников с этим устройством за 30 дн.: 3.',
    uk: 'Учасників із цим пристроєм за 30 дн.: 3.',
  })
  expect((await ask('GET', `${cases}?state=released`)).body).toEqual({ cases: [], next: null })
  expect(await ask('GET', `${cases}?after=nowhere`)).toMatchObject({ status: 422 })
})

test('an agent sees the evidence and releases a false alarm at once; who did it stands in the audit log', async () => {
  const queue = abuseQueueView.parse((await ask('GET', cases)).body)
  const { caseId, subscriberId } = queue.cases[0]!
  const evidence = abuseEvidenceView.parse((await ask('GET', `${cases}/${caseId}`)).body)
  expect(evidence).toMatchObject({
    heldPoints: '50',
    deeds: [{ kind: 'earned', points: '50', isHeld: true }],
  })
  const url = `${cases}/${caseId}/decision`
  const body = { decision: 'release', note: 'a family tablet' }
  expect(await ask('POST', url, body, 'read')).toMatchObject({ status: 403 })
  const released = abuseCaseView.parse((await ask('POST', url, body)).body)
  expect(released).toMatchObject({ state: 'released', note: 'a family tablet' })
  expect((await world.account(`member:club:${subscriberId}:stars`))?.availableMinor).toBe(50n)
  const [entry] = await world.access.listAudit(world.tenantId, 1)
  expect(entry).toMatchObject({
    action: 'abuse_case_decided',
    target: caseId,
    keyId: released.decidedBy,
    details: { decision: 'release', subscriberId, note: 'a family tablet' },
  })
  expect(await ask('POST', url, { decision: 'confirm' })).toMatchObject({
    status: 409,
    body: { code: 'abuse_case_conflict' },
  })
  expect(await ask('GET', `/v1/members/${subscriberId}/abuse`)).toMatchObject({
    body: { cases: [{ caseId }] },
  })
  expect(await ask('GET', `${cases}/nobody`)).toMatchObject({ status: 404 })
  expect(await ask('POST', url, { decision: 'forget' })).toMatchObject({ status: 422 })
})
