import { accessRoutes, guard } from '../src/access/index.ts'
import { documentRoutes } from '../src/api/index.ts'
import { ledgerRoutes } from '../src/ledger/index.ts'
import { loyaltyRoutes } from '../src/loyalty/index.ts'
import { createHttp, type FastifyInstance } from '../src/platform/index.ts'
import { profilesRoutes } from '../src/profiles/index.ts'
import type { Call, Told } from './console.ts'
import { loyaltyPageDocuments } from './loyalty-documents.ts'
import { type LoyaltyWorld, loyaltyWorld } from './loyalty-world.ts'
import { type TestDatabase, testDatabase } from './stores.ts'

const DAY_MS = 86_400_000
const START_MS = Date.parse('2025-07-03T09:20:00Z')
const MONTHS = 9

/** Loyalty on real stores, with nine months of top-ups and packages behind it. */
export class LoyaltyServer {
  /** Asked for what is not there. */
  readonly asked: { method: string; path: string; body: unknown }[] = []
  failing = false
  readonly key: string
  /** A key that may only look. */
  readonly readKey: string
  readonly #stores: TestDatabase
  readonly #world: LoyaltyWorld
  readonly #http: FastifyInstance

  private constructor(
    parts: { stores: TestDatabase; world: LoyaltyWorld; http: FastifyInstance },
    keys: { key: string; readKey: string },
  ) {
    this.#stores = parts.stores
    this.#world = parts.world
    this.#http = parts.http
    this.key = keys.key
    this.readKey = keys.readKey
  }

  static async start(): Promise<LoyaltyServer> {
    const stores = await testDatabase()
    const world = await loyaltyWorld(stores, { startMs: START_MS, timeZone: 'Europe/Moscow' })
    await world.apply(...loyaltyPageDocuments)
    await live(world)
    const { access, documents, profiles, database, tenantId } = world
    const http = createHttp((error) => console.error('http', error))
    guard(http, access)
    accessRoutes(http, access, '0.0.0')
    documentRoutes(http, documents, access)
    profilesRoutes(http, profiles, access)
    ledgerRoutes(http, { database, clock: world.clock })
    loyaltyRoutes(http, world)
    const { apiKey: key } = await access.createKey(tenantId, { name: 'all', role: 'admin' })
    const { apiKey: readKey } = await access.createKey(tenantId, { name: 'look', role: 'read' })
    return new LoyaltyServer({ stores, world, http }, { key, readKey })
  }

  answer = async ({ method, url, headers, body }: Call): Promise<Told> => {
    if (this.failing) return { statusCode: 503, body: '{"title":"away","code":"unavailable"}' }
    if (method !== 'GET')
      this.asked.push({ method, path: url.split('?')[0]!, body: body === '' ? undefined : JSON.parse(body) })
    const { authorization = '', accept = '' } = headers
    const type = headers['content-type']
    return this.#http.inject({
      method: method as 'GET',
      url,
      headers: { authorization, accept, ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === '' ? {} : { payload: body }),
    })
  }

  /** Lets the stages go on with what was done over the pages. */
  run(): Promise<void> {
    return this.#world.run()
  }

  async stop(): Promise<void> {
    await this.#http.close()
    await this.#world.close()
    await this.#stores.close()
  }
}

/** Codes and pieces come, some of them are redeemed, and somebody tops up as nobody does. */
async function redeem(
  { tenantId, clock, loyalty, append, run, subscribers }: LoyaltyWorld,
  by: number[],
): Promise<void> {
  const { rewards } = loyalty
  await rewards.addCodes(tenantId, 'cinema', ['C-1', 'C-2', 'C-3', 'C-4'], null)
  await rewards.addStock(tenantId, 'kettle', 5, 'came')
  for (const [place, rewardId] of ['kettle', 'cinema', 'pharmacy', 'kettle'].entries())
    await rewards.redeem({ tenantId, rewardId, subscriberId: by[place]!, key: `redeemed-${place}` })
  const [greedy = 0] = await subscribers('greedy')
  for (let minute = 0; minute < 10; minute++)
    await append({
      subscriberId: greedy,
      type: 'topup.received',
      data: { amountMinor: 20_000, channel: 'card' },
      atMs: clock.nowMs() - (60 - minute) * 60_000,
    })
  await run()
}

/** Somebody new uses a member's code and tops up. */
async function bringFriend(
  { tenantId, loyalty, append, run, subscribers }: LoyaltyWorld,
  by: number,
): Promise<void> {
  const [friend = 0] = await subscribers('friend')
  await loyalty.members.enrol({ tenantId, programmeId: 'main', subscriberId: friend })
  const { code } = await loyalty.referrals.view(tenantId, 'main', by)
  await loyalty.referrals.useCode(tenantId, { referralId: 'friends', subscriberId: friend, code })
  await append({
    subscriberId: friend,
    type: 'topup.received',
    data: { amountMinor: 50_000, channel: 'card' },
  })
  await run()
}

/** Twelve subscribers; the first is the one whose page is looked at. */
async function live(world: LoyaltyWorld): Promise<void> {
  const { tenantId, profiles, clock, loyalty } = world
  const phones = Array.from({ length: 12 }, (_, i) => `+790000000${10 + i}`)
  await profiles.upsertSubscribers(
    tenantId,
    phones.map((msisdn) => ({ identities: { msisdn } })),
  )
  const found = await profiles.resolveIdentities(
    tenantId,
    phones.map((phone) => `msisdn:${phone}`),
  )
  const ids = found.map((id) => id!)
  for (let month = 0; month < MONTHS; month++) {
    clock.setMs(START_MS + month * 30 * DAY_MS)
    for (const [place, subscriberId] of ids.entries()) {
      // The last ones come one by one, so that months differ.
      if (place > 3 + month) continue
      const amountMinor = (3 + ((place * 7 + month * 5) % 11)) * 10_000
      await world.append(
        { subscriberId, type: 'topup.received', data: { amountMinor, channel: 'sbp' } },
        {
          subscriberId,
          type: 'package.bought',
          id: `bought-${place}-${month}`,
          data: { orderId: `o-${place}-${month}`, amountMinor: 30_000 + place * 5_000, productId: 'p5' },
        },
      )
    }
    await world.run()
    if (month % 3 === 2) for (const id of ids.slice(2, 5)) await world.spend(id, 90n + BigInt(id * 3))
  }
  const [first = 0, second = 0, third = 0] = ids
  await bringFriend(world, second)
  clock.setMs(START_MS + MONTHS * 30 * DAY_MS)
  await loyalty.members.enrol({ tenantId, programmeId: 'cashback', subscriberId: first })
  await world.append(
    { subscriberId: first, type: 'topup.received', data: { amountMinor: 900, channel: 'card' } },
    {
      subscriberId: first,
      type: 'package.returned',
      id: 'returned',
      data: { orderId: `o-0-${MONTHS - 1}`, amountMinor: 15_000 },
    },
  )
  await world.run()
  await loyalty.tiers.override({
    tenantId,
    subscriberId: third,
    ladderId: 'metals',
    tier: 'gold',
    reason: 'moved with a whole family',
    isFloor: true,
    by: 'agent',
  })
  await redeem(world, ids)
}
