import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoyaltyWorld, loyaltyWorld, programme, same } from '../../../test/loyalty-world.ts'
import { RewardOperator } from '../../../test/reward-operator.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { type Operator, OperatorClient } from '../../operator/index.ts'
import { migrate } from '../../platform/index.ts'
import type { Redemption } from './redemption.ts'

const KILLS = 4
const REWARDS = ['voucher', 'goods', 'money', 'product', 'discount']

let stores: TestDatabase
let world: LoyaltyWorld
const operator = new RewardOperator()
let operatorUrl: string
let client: OperatorClient
beforeAll(async () => {
  stores = await testDatabase()
  operatorUrl = await operator.listen()
  client = new OperatorClient({
    kind: 'OperatorSystems',
    id: 'default',
    balanceUrl: operatorUrl,
    productOrderUrl: operatorUrl,
    trustPaymentUrl: operatorUrl,
    creditScoringUrl: operatorUrl,
  })
  world = await loyaltyWorld(stores, {
    startMs: Date.now(),
    operator: { client: async () => client } as unknown as Operator,
  })
})
afterAll(async () => {
  operator.close()
  await client.close()
  await world.close()
  await stores.close()
})

test('killed again and again: nothing is lost or doubled, at the ledger, on the shelf or at the operator', async () => {
  const { tenantId } = world
  const offer = (id: string, gives: object): object => ({
    kind: 'Reward',
    id,
    name: same(id),
    price: { points: '3' },
    gives,
  })
  await world.apply(
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand', welcome: { points: '100000' } }),
    offer('voucher', { voucher: { pool: 'cinema' } }),
    offer('goods', { goods: {} }),
    offer('money', { credit: { amountMinor: '100', currency: 'RUB' } }),
    offer('product', { product: { id: 'p1' } }),
    offer('discount', { discount: { partner: 'taxi', off: { percent: 10 } } }),
  )
  const names = ['ann', 'bob', 'cat', 'dan']
  await world.profiles.upsertSubscribers(
    tenantId,
    names.map((name) => ({ identities: { external: name, account: `acc-${name}` } })),
  )
  const members = await world.subscribers(...names)
  for (const subscriberId of members)
    await world.loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId })
  const { rewards } = world.loyalty
  const codes = Array.from({ length: 5_000 }, (_, i) => `CODE-${i}`)
  await rewards.addCodes(tenantId, 'voucher', codes, null)
  await rewards.addStock(tenantId, 'goods', 5_000, 's')
  // Every other order is still being worked on when it is answered, so that kills fall between as well.
  operator.isSlow = (account) => account === 'acc-bob' || account === 'acc-dan'

  const url = await migrate(stores.ownerUrl)
  const told = new Map<string, string>()
  for (let kill = 0; kill < KILLS; kill++) {
    const args = [url, tenantId, operatorUrl, String(kill * 100_000), members.join(), REWARDS.join()]
    const file = join(import.meta.dirname, '../../../test/redeeming-process.ts')
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    const wanted = told.size + 60 + 17 * kill
    await new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [key, redemptionId, state] = line.split(' ')
        expect(state).toMatch(/^(reserved|done)$/)
        told.set(key!, redemptionId!)
        if (told.size >= wanted) child.kill('SIGKILL')
      })
      child.once('close', () => resolve())
    })
  }
  // What the operator took last it still works on; it is asked again later.
  for (let hours = 1; hours <= 3; hours++) {
    world.clock.setMs(Date.now() + hours * 3_600_000)
    await world.run()
  }

  const everything = { subscriberId: null, rewardId: null, state: null, before: null, limit: 10_000 }
  const all = await rewards.redemptions(tenantId, everything)
  const byId = new Map(all.map((one) => [one.redemptionId, one]))
  const of = (rewardId: string): Redemption[] => all.filter((one) => one.rewardId === rewardId)
  expect([...told.values()].filter((id) => !byId.has(id))).toEqual([])
  expect(told.size).toBeGreaterThan(250)
  expect(of('money').length).toBeGreaterThan(20)
  expect(all.filter(({ state }) => state !== 'done').every(({ rewardId }) => rewardId === 'goods')).toBe(true)
  // The same keys again answer with what there is.
  for (const [key, redemptionId] of [...told].slice(-20)) {
    const n = Number(key.slice(1))
    const asked = { subscriberId: members[n % 4]!, rewardId: REWARDS[n % 5]! }
    expect((await rewards.redeem({ ...asked, tenantId, key })).redemptionId).toBe(redemptionId)
  }

  const idsOf = (rewardId: string): string[] =>
    of(rewardId)
      .map(({ redemptionId }) => `reward-${redemptionId}`)
      .toSorted()
  expect([...operator.topups.keys()].toSorted()).toEqual(idsOf('money'))
  expect(operator.orders.map(({ externalId }) => externalId).toSorted()).toEqual(idsOf('product'))
  const given = of('voucher').map(({ code }) => code)
  expect(new Set(given).size).toBe(given.length)
  const lines = new Map((await rewards.list(tenantId)).map((line) => [line.reward.document.id, line]))
  expect(lines.get('voucher')!.codes).toEqual({ free: 5_000 - given.length, given: given.length })
  expect(lines.get('goods')!.left).toBe(5_000 - of('goods').length)
  for (const [id, { open, done }] of lines) {
    const kept = Map.groupBy(of(id), ({ state }) => state)
    expect([open, done]).toEqual([kept.get('reserved')?.length ?? 0, kept.get('done')?.length ?? 0])
  }

  for (const one of of('goods')) await rewards.handOut(tenantId, one.redemptionId)
  for (const subscriberId of members) {
    const own = all.filter((one) => one.subscriberId === subscriberId)
    expect(await world.account(`member:main:${subscriberId}:points`)).toMatchObject({
      balanceMinor: 100_000n - 3n * BigInt(own.length),
      pendingDebitsMinor: 0n,
    })
  }
  expect((await world.account('programme:main:redeemed:points'))!.balanceMinor).toBe(3n * BigInt(all.length))
  expect(await world.verify()).toMatchObject({ ok: true })
}, 120_000)
