import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, loyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { guard } from '../../access/index.ts'
import { createHttp, type FastifyInstance } from '../../platform/index.ts'
import { liabilityView, memberExpiryView } from '../liability/contract.ts'
import { liabilityRoutes } from '../liability/http.ts'
import { memberTiersView, tierCountsView, tierHistoryView } from './contract.ts'
import { tierRoutes } from './http.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let http: FastifyInstance
const keys: Record<string, string> = {}
const bugs: unknown[] = []
beforeAll(async () => {
  stores = await testDatabase()
  world = await loyaltyWorld(stores)
  const { access, loyalty, profiles } = world
  http = createHttp((error) => bugs.push(error))
  guard(http, access)
  tierRoutes(http, { tiers: loyalty.tiers, profiles, access })
  liabilityRoutes(http, { liability: loyalty.liability, profiles })
  for (const role of ['admin', 'read'] as const) {
    keys[role] = (await access.createKey(world.tenantId, { name: role, role })).apiKey
  }
  await world.apply(
    eventType('order.paid', { amountMinor: 'integer' }),
    {
      kind: 'Programme',
      id: 'main',
      name: same('M'),
      currency: 'points',
      enrolment: { on: ['order.paid'] },
      expiry: { after: 'earn', days: 10 },
    },
    { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } },
    { kind: 'PointCost', id: 'main', currency: 'UAH', perPoint: '0.5' },
    {
      kind: 'TierLadder',
      id: 'levels',
      name: same('L'),
      by: { measure: 'spend', adds: [{ on: 'order.paid' }] },
      period: 'calendar_year',
      tiers: [
        { id: 'base', name: same('Base'), at: '0' },
        { id: 'top', name: same('Top'), at: '5000', benefits: [{ id: 'line', name: same('Fast line') }] },
      ],
    },
  )
  await world.subscribers('ann')
  const [ann] = await world.subscribers('ann')
  await world.append({ subscriberId: ann!, type: 'order.paid', data: { amountMinor: 1_000 } })
  await world.run()
})
afterAll(async () => {
  await http.close()
  await world.close()
  await stores.close()
})

const call = async (method: 'GET' | 'POST', url: string, payload?: object, role = 'admin') => {
  const authorization = `Bearer ${keys[role]}`
  const answer = await http.inject({
    method,
    url,
    headers: { authorization },
    ...(payload ? { payload } : {}),
  })
  return { status: answer.statusCode, body: answer.json() as Record<string, unknown> }
}

test('a member sees the ladder and what expires; an agent decides, and it is written down who', async () => {
  const tiers = memberTiersView.parse(
    (await call('GET', '/v1/members/external:ann/tiers', undefined, 'read')).body,
  )
  expect(tiers.ladders[0]).toMatchObject({
    tier: 'base',
    counted: '1000',
    next: { missing: '4000', by: '2026-12-31' },
  })
  expect(tiers.ladders[0]!.next!.text.en).toBe('40 RUB more by 31 Dec 2026 for Top')
  const override = { ladder: 'levels', tier: 'top', reason: 'a complaint', until: '2026-06-01T00:00:00Z' }
  const refused = await call('POST', '/v1/members/external:ann/tier-overrides', override, 'read')
  expect(refused.status).toBe(403)
  const given = await call('POST', '/v1/members/external:ann/tier-overrides', override)
  expect(given).toMatchObject({ status: 200, body: { tier: 'top', keptUntil: '2026-05-31' } })
  const history = tierHistoryView.parse(
    (await call('GET', '/v1/members/external:ann/tiers/levels/history')).body,
  )
  expect(history.changes[0]).toMatchObject({
    reason: 'tier_overridden',
    text: { en: 'We set this tier for you.' },
  })
  const counts = tierCountsView.parse((await call('GET', '/v1/loyalty/ladders/levels/members')).body)
  expect(counts.tiers).toEqual([{ tier: 'top', members: 1 }])
  const [audit] = await world.access.listAudit(world.tenantId, 10)
  expect(audit).toMatchObject({ action: 'tier_overridden', details: { reason: 'a complaint' } })
  const expiry = memberExpiryView.parse((await call('GET', '/v1/members/external:ann/expiry')).body)
  expect(expiry.programmes[0]).toMatchObject({
    availableMinor: '10',
    expires: [{ on: '2026-03-11', amountMinor: '10' }],
  })
  const report = liabilityView.parse((await call('GET', '/v1/loyalty/programmes/main/liability')).body)
  expect(report).toMatchObject({ agrees: true, held: { balanceMinor: '10', costMinor: '500' } })
  expect(bugs).toEqual([])
})

test('what is wrong is said with its code', async () => {
  const path = '/v1/members/external:ann/tier-overrides'
  const body = { ladder: 'levels', tier: 'top', reason: 'x' }
  const codeOf = async (...request: Parameters<typeof call>): Promise<string> => {
    const { status, body: answer } = await call(...request)
    return `${status} ${String(answer['code'])}`
  }
  expect(await codeOf('POST', path, { ...body, tier: 'none' })).toBe('404 tier_not_found')
  expect(await codeOf('POST', path, { ...body, ladder: 'none' })).toBe('404 tier_ladder_not_found')
  expect(await codeOf('POST', path, { ...body, until: '2020-01-01T00:00:00Z' })).toBe(
    '422 tier_override_ended',
  )
  expect(await codeOf('GET', '/v1/members/external:nobody/tiers')).toBe('404 subscriber_not_found')
  expect(await codeOf('GET', '/v1/loyalty/programmes/none/liability')).toBe('404 programme_not_found')
  expect(bugs).toEqual([])
})
