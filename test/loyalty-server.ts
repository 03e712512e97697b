import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { accessRoutes, guard } from '../src/access/index.ts'
import {
  createWebhooks,
  documentRoutes,
  webhookKind,
  webhookRoutes,
  type Webhooks,
} from '../src/api/index.ts'
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
  /** How many rows a page of a list has; undefined: as many as are asked for. */
  rowsOfPage: number | undefined
  readonly key: string
  /** A key that may only look. */
  readonly readKey: string
  /** A round of the wheel that was played. */
  readonly finishedRoundId: string
  readonly #stores: TestDatabase
  readonly #world: LoyaltyWorld
  readonly #http: FastifyInstance
  readonly #webhooks: Webhooks
  readonly #receiver: Receiver

  private constructor(
    parts: {
      stores: TestDatabase
      world: LoyaltyWorld
      http: FastifyInstance
      webhooks: Webhooks
      receiver: Receiver
      finishedRoundId: string
    },
    keys: { key: string; readKey: string },
  ) {
    this.#stores = parts.stores
    this.#world = parts.world
    this.#http = parts.http
    this.#webhooks = parts.webhooks
    this.#receiver = parts.receiver
    this.finishedRoundId = parts.finishedRoundId
    this.key = keys.key
    this.readKey = keys.readKey
  }

  static async start(): Promise<LoyaltyServer> {
    const stores = await testDatabase()
    const world = await loyaltyWorld(stores, {
      startMs: START_MS,
      timeZone: 'Europe/Moscow',
      kinds: [webhookKind],
    })
    await world.apply(...loyaltyPageDocuments)
    const ids = await live(world)
    const receiver = await startReceiver()
    const webhooks = await tellOthers(world, receiver.url, ids.slice(5))
    const { access, documents, profiles, database, tenantId } = world
    const rounds = await world.loyalty.play.rounds(tenantId, ids[0]!)
    const http = createHttp((error) => console.error('http', error))
    guard(http, access)
    accessRoutes(http, access, '0.0.0')
    documentRoutes(http, documents, access)
    profilesRoutes(http, profiles, access)
    ledgerRoutes(http, { database, clock: world.clock })
    loyaltyRoutes(http, world)
    webhookRoutes(http, { webhooks, access })
    const { apiKey: key } = await access.createKey(tenantId, { name: 'all', role: 'admin' })
    const { apiKey: readKey } = await access.createKey(tenantId, { name: 'look', role: 'read' })
    return new LoyaltyServer(
      { stores, world, http, webhooks, receiver, finishedRoundId: rounds.at(-1)!.roundId },
      { key, readKey },
    )
  }

  answer = async ({ method, url: asked, headers, body }: Call): Promise<Told> => {
    const url = this.rowsOfPage ? asked.replace(/\blimit=\d+/, `limit=${this.rowsOfPage}`) : asked
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

  /** A document as it is saved. */
  async document(kind: string, id: string): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${this.key}` }
    const all = (await this.#http.inject({ url: '/v1/documents', headers })).json<
      { kind: string; id: string }[]
    >()
    const found = all.find((one) => one.kind === kind && one.id === id)
    if (!found) throw new Error(`no ${kind} "${id}"`)
    return found
  }

  /** Lets the stages go on with what was done over the pages. */
  async run(): Promise<void> {
    await this.#world.run()
    await this.#webhooks.stage.run(this.#world.tenantId)
  }

  /** From now on the receiver of webhooks takes what comes. */
  letReceiverTake(): void {
    this.#receiver.isUp = true
  }

  async stop(): Promise<void> {
    await this.#http.close()
    await this.#webhooks.stop()
    this.#receiver.server.closeAllConnections()
    this.#receiver.server.close()
    await this.#world.close()
    await this.#stores.close()
  }
}

type Receiver = { server: Server; url: string; isUp: boolean }

/** A system that takes no webhook until it is told to. */
async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(receiver.isUp ? 204 : 503).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = { server, url: `http://127.0.0.1:${port}/loyalty`, isUp: false }
  return receiver
}

/** A webhook whose receiver does not take what it is told, and one that is off. */
async function tellOthers(world: LoyaltyWorld, url: string, ids: number[]): Promise<Webhooks> {
  const { tenantId, clock, documents, database, log, append, run } = world
  const webhooks = createWebhooks({
    database,
    clock,
    documents,
    logOf: () => log,
    allowedNetworks: ['127.0.0.0/8'],
    onError: (error) => console.error('webhooks', error),
  })
  const secret = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`
  await world.apply(
    { kind: 'Webhook', id: 'crm', url, types: ['package.bought'], secret },
    {
      kind: 'Webhook',
      id: 'warehouse',
      url: 'https://warehouse.example/events',
      types: ['loyalty.*'],
      secret,
      isActive: false,
    },
  )
  await webhooks.stage.run(tenantId)
  // What comes before the webhook has its place in the log it is not told of.
  for (;;) {
    const rows = await world.tx<unknown[]>((tx) => tx.query('select from api.webhook_position'))
    if (rows.length === log.partitions) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const data = { orderId: 'told', amountMinor: 10_000, productId: 'p5' }
  await append(...ids.map((subscriberId) => ({ subscriberId, type: 'package.bought', data })))
  await run()
  await webhooks.stage.run(tenantId)
  while (!(await webhooks.status(tenantId)).some(({ waiting }) => waiting === ids.length))
    await new Promise((resolve) => setTimeout(resolve, 20))
  return webhooks
}

/** Rounds are played, clubs joined and points exchanged. */
async function play({ tenantId, loyalty, run }: LoyaltyWorld, ids: number[]): Promise<void> {
  const [first = 0, second = 0, third = 0] = ids
  for (let round = 0; round < 4; round++) {
    const { roundId } = await loyalty.play.commitment(tenantId, 'Wheel', 'fortune', first)
    // The last one is told the hash and nothing else yet.
    if (round < 3) await loyalty.play.spin(tenantId, first, roundId, `my seed ${round}`)
  }
  for (const subscriberId of [first, second, third])
    await loyalty.clubs.join({ tenantId, clubId: 'gamers', subscriberId })
  await loyalty.clubs.leave({ tenantId, clubId: 'gamers', subscriberId: third })
  for (const [exchangeId, amount] of [
    ['to-coins', 40n],
    ['to-cashback', 30n],
  ] as const) {
    const { quoteId } = await loyalty.exchanges.quote(tenantId, exchangeId, first, amount)
    await loyalty.exchanges.convert(tenantId, first, quoteId)
  }
  await run()
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
  // Neither oneself nor twice.
  for (const subscriberId of [by, friend])
    await loyalty.referrals.useCode(tenantId, { referralId: 'friends', subscriberId, code })
  await append({
    subscriberId: friend,
    type: 'topup.received',
    data: { amountMinor: 50_000, channel: 'card' },
  })
  await run()
}

/** Twelve subscribers; the first is the one whose page is looked at. */
async function live(world: LoyaltyWorld): Promise<number[]> {
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
  await play(world, ids)
  return ids
}
