import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { loyaltyHttp } from '../../../test/loyalty-http.ts'
import { type LoyaltyWorld, loyaltyWorld, programme, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'
import { openAccounts, postTransfers, lotsOf } from '../../ledger/index.ts'
import { newId } from '../../platform/index.ts'
import { memberAccount, memberOwner, ownerOpening, programmeOpening } from '../accounts.ts'
import { impliedProgramme } from '../programmes.ts'
import type { ExchangesView } from './contract.ts'
import { amountsOf, sharesOf } from './quote.ts'

let stores: TestDatabase
let world: LoyaltyWorld
let members: number[]
const DAY_MS = 86_400_000
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const names = ['ann', 'bob', 'cat']
const exchange = (id: string, from: object, to: object, rate: string, rest: object = {}): object => ({
  kind: 'Exchange',
  id,
  name: same(id),
  from,
  to,
  rate,
  ...rest,
})
const partner = { partner: 'acme', currency: 'GEM', decimals: 1 }

async function open(): Promise<void> {
  world = await loyaltyWorld(stores)
  await world.apply(
    programme({ id: 'main', currency: 'points', enrolment: 'by_hand' }),
    programme({
      id: 'game',
      currency: 'coins',
      decimals: 2,
      enrolment: 'by_hand',
      expiry: { after: 'earn', days: 30 },
    }),
    {
      kind: 'TransferTerms',
      id: 'main',
      least: '10',
      limits: [
        { period: 'day', points: '300' },
        { period: 'month', points: '500', times: 5 },
      ],
      fee: { fixed: '1', percent: '2.5' },
    },
    exchange('to-game', { programme: 'main' }, { programme: 'game' }, '0.5', { spreadPercent: '3' }),
    exchange('to-main', { programme: 'game' }, { programme: 'main' }, '1.7', { spreadPercent: '1.5' }),
    exchange('to-acme', { programme: 'main' }, partner, '0.333333', {
      limits: [{ period: 'day', times: 3 }],
    }),
    exchange('from-acme', partner, { programme: 'main' }, '2', { expiry: 'new' }),
  )
  members = await world.subscribers(...names)
  for (const subscriberId of members) {
    for (const programmeId of ['main', 'game']) {
      await world.loyalty.members.enrol({ tenantId: world.tenantId, programmeId, subscriberId })
    }
  }
}
beforeEach(open)

const currencies = { main: 'points', game: 'coins' } as const
type Place = keyof typeof currencies

async function earn(member: number, place: Place, amountMinor: bigint, days: number | null): Promise<void> {
  const currency = currencies[place]
  const creditAccount = memberAccount(place, member, currency)
  const liability = `programme:${place}:liability:${currency}`
  const at = world.clock.now()
  await world.tx(async (tx) => {
    await openAccounts(tx, [
      ownerOpening(memberOwner(place, member), currency),
      programmeOpening({ ...impliedProgramme, id: place, currency }, 'liability'),
    ])
    const lot = { earnedAt: at, ...(days === null ? {} : { expiresAt: at.add({ hours: 24 * days }) }) }
    const request = { key: newId(), kind: 'post' as const, debitAccount: liability, creditAccount, lot }
    const [result] = await postTransfers(tx, [{ ...request, amountMinor, currency, at }], at)
    expect(result).toMatchObject({ outcome: 'booked' })
  })
}
const send = (from: number, to: number, points: bigint, key = newId()) =>
  world.loyalty.exchanges.send(world.tenantId, 'main', { fromId: from, toId: to, points, note: null, key })
const quote = (member: number, id: string, amount: bigint) =>
  world.loyalty.exchanges.quote(world.tenantId, id, member, amount)
const convert = (member: number, quoteId: string) =>
  world.loyalty.exchanges.convert(world.tenantId, member, quoteId)
const available = async (member: number, place: Place = 'main') =>
  (await world.account(memberAccount(place, member, currencies[place])))?.availableMinor ?? 0n
const code = (code: string) => ({ code })

test('a transfer takes its fee, keeps expiry, is done once, and stays within limits', async () => {
  const [ann, bob] = members as [number, number]
  await earn(ann, 'main', 100n, 10)
  await earn(ann, 'main', 900n, null)
  const first = await send(ann, bob, 200n, 'k1')
  expect(first.fee).toBe(6n)
  expect(await send(ann, bob, 200n, 'k1')).toMatchObject({ transferId: first.transferId })
  await expect(send(ann, bob, 201n, 'k1')).rejects.toMatchObject(code('transfer_key_mismatch'))
  expect([await available(ann), await available(bob)]).toEqual([794n, 200n])
  expect((await world.account(memberAccount('main', bob, 'points')))!.expiring).toMatchObject([
    { amountMinor: 100n },
  ])
  expect((await world.account('programme:main:fees:points'))!.balanceMinor).toBe(6n)
  await expect(send(ann, bob, 9n)).rejects.toMatchObject(code('exchange_below_least'))
  await expect(send(ann, ann, 10n)).rejects.toMatchObject(code('transfer_to_self'))
  await expect(send(ann, 999_999, 10n)).rejects.toMatchObject(code('transfer_recipient_not_member'))
  await expect(send(bob, ann, 196n)).rejects.toMatchObject(code('exchange_points_insufficient'))
  await expect(send(ann, bob, 101n)).rejects.toMatchObject(code('exchange_limit_reached'))
  await send(ann, bob, 100n)
  world.clock.setMs(world.clock.nowMs() + DAY_MS)
  await expect(send(ann, bob, 201n)).rejects.toMatchObject(code('exchange_limit_reached'))
  await send(ann, bob, 200n)
  await expect(send(ann, bob, 10n)).rejects.toMatchObject(code('exchange_limit_reached'))
  await expect(
    world.loyalty.exchanges.send(world.tenantId, 'game', {
      fromId: ann,
      toId: bob,
      points: 1n,
      note: null,
      key: 'g',
    }),
  ).rejects.toMatchObject(code('exchange_not_open'))
  await world.run()
  expect(await world.logged('loyalty.points_transferred')).toMatchObject([
    { to: bob, pointsMinor: 200, feeMinor: 6 },
    { pointsMinor: 100 },
    { pointsMinor: 200 },
  ])
  expect(await world.logged('loyalty.points_received')).toHaveLength(3)
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('a quote holds for minutes, whatever the document says by then, and is taken once', async () => {
  const [ann, bob] = members as [number, number]
  await earn(ann, 'main', 1_000n, null)
  // 101 points × 0.5 × 0.97 = 48.985 coins; 4,898 hundredths need 100.9… points, which is 101.
  const first = await quote(ann, 'to-game', 101n)
  expect(first).toMatchObject({ fromMinor: 101n, toMinor: 4_898n, spreadMinor: 152n })
  expect(await quote(ann, 'to-acme', 100n)).toMatchObject({ fromMinor: 100n, toMinor: 333n })
  // A third of a gem has one decimal only: what would be too little for the next tenth is not taken.
  expect(await quote(ann, 'to-main', 119n).catch((error: unknown) => error)).toMatchObject(
    code('exchange_points_insufficient'),
  )
  await expect(quote(ann, 'to-main', 1n)).rejects.toMatchObject(code('exchange_too_small'))
  await expect(quote(ann, 'to-game', 1_001n)).rejects.toMatchObject(code('exchange_points_insufficient'))
  await expect(quote(ann, 'no-such', 1n)).rejects.toMatchObject(code('exchange_not_found'))
  await world.apply(exchange('to-game', { programme: 'main' }, { programme: 'game' }, '0.1'))
  await expect(convert(bob, first.quoteId)).rejects.toMatchObject(code('quote_not_found'))
  expect((await convert(ann, first.quoteId)).toMinor).toBe(4_898n)
  await convert(ann, first.quoteId)
  expect([await available(ann), await available(ann, 'game')]).toEqual([899n, 4_898n])
  const second = await quote(ann, 'to-game', 100n)
  world.clock.setMs(world.clock.nowMs() + 5 * 60_000)
  await expect(convert(ann, second.quoteId)).rejects.toMatchObject(code('quote_expired'))
  for (let i = 0; i < 3; i++) await convert(ann, (await quote(ann, 'to-acme', 100n)).quoteId)
  await expect(quote(ann, 'to-acme', 100n)).rejects.toMatchObject(code('exchange_limit_reached'))
  expect((await world.account('partner:acme:clearing:points'))!.balanceMinor).toBe(300n)
  expect((await world.account('partner:acme:clearing:GEM'))!.balanceMinor).toBe(-999n)
  await world.run()
  const told = await world.logged('loyalty.points_converted')
  expect(told).toHaveLength(4)
  // Each amount is said in the decimals of its own currency, whose minor units stand beside it.
  expect(told[0]).toMatchObject({ points: '101', pointsMinor: 101, got: '48.98', gotMinor: 4_898 })
  expect(told[1]).toMatchObject({ points: '100', pointsMinor: 100, got: '33.3', gotMinor: 333 })
  expect(await world.loyalty.exchanges.conversionsOf(world.tenantId, ann)).toHaveLength(4)
})

test('limits stand across a merge and for all together, and a merged member’s quote can still be taken', async () => {
  const [ann, bob, cat] = members as [number, number, number]
  const { tenantId } = world
  await world.apply(
    exchange('to-acme', { programme: 'main' }, partner, '1', {
      limits: [
        { period: 'day', times: 2 },
        { per: 'all', period: 'month', points: '100' },
      ],
    }),
  )
  for (const member of members) await earn(member, 'main', 1_000n, null)
  for (const member of [ann, bob]) await convert(member, (await quote(member, 'to-acme', 10n)).quoteId)
  const promised = await quote(bob, 'to-acme', 10n)
  await world.loyalty.members.merge({ tenantId, programmeId: 'main', subscriberId: ann, from: bob })
  await expect(quote(ann, 'to-acme', 1n)).rejects.toMatchObject(code('exchange_limit_reached'))
  await expect(convert(bob, promised.quoteId)).rejects.toMatchObject(code('exchange_limit_reached'))
  world.clock.setMs(world.clock.nowMs() + DAY_MS)
  const again = await quote(bob, 'to-acme', 20n)
  expect(again.subscriberId).toBe(ann)
  expect((await convert(bob, again.quoteId)).doneAt).not.toBeNull()
  expect((await convert(ann, again.quoteId)).quoteId).toBe(again.quoteId)
  await expect(quote(cat, 'to-acme', 61n)).rejects.toMatchObject(code('exchange_limit_reached'))
  await convert(cat, (await quote(cat, 'to-acme', 60n)).quoteId)
  await expect(quote(cat, 'to-acme', 1n)).rejects.toMatchObject(code('exchange_limit_reached'))
  expect(await available(ann)).toBe(2_000n - 40n)
  expect(await world.verify()).toMatchObject({ ok: true })
})

test('what is got stands in the history of the member who has it, also when the giver is merged into another', async () => {
  const [ann = 0, bob = 0] = members
  const { tenantId } = world
  await earn(ann, 'main', 100n, null)
  await world.loyalty.members.merge({ tenantId, programmeId: 'main', subscriberId: bob, from: ann })
  await convert(ann, (await quote(ann, 'to-game', 100n)).quoteId)
  const converted = async (id: number) =>
    (await world.history(id)).filter(({ reason }) => reason === 'points_converted')
  // Ann and bob are one in the one programme alone: both see what left it, and ann what came to her account.
  expect((await converted(bob)).map(({ points }) => points)).toEqual(['-100'])
  expect((await converted(ann)).map(({ points }) => points).toSorted()).toEqual(['-100', '4850'])
  expect((await world.account(memberAccount('game', ann, 'coins')))?.balanceMinor).toBe(4_850n)
})

test('amounts: never more is taken than the result needs, and shares of lots come to the whole', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 12n }),
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.integer({ min: 0, max: 99_999_999 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      fc.array(fc.bigInt({ min: 1n, max: 1000n }), { minLength: 1, maxLength: 8 }),
      (amount, rate, spread, from, to, weights) => {
        const decimal = (value: number): string =>
          `${Math.floor(value / 1e6)}.${String(value % 1e6).padStart(6, '0')}`
        const terms = { rate: decimal(rate), spreadPercent: decimal(spread) }
        const result = amountsOf(terms, amount, { from, to })
        // Exact, in fractions: to ≤ amount × rate × (1 − spread) × 10^(to − from) < to + 1.
        const over = amount * BigInt(rate) * (100_000_000n - BigInt(spread)) * 10n ** BigInt(to)
        const under = 10n ** 14n * 10n ** BigInt(from)
        expect(result?.toMinor ?? 0n).toBe(over / under)
        if (!result) return
        expect(result.fromMinor).toBeLessThanOrEqual(amount)
        expect(amountsOf(terms, result.fromMinor, { from, to })!.toMinor).toBe(result.toMinor)
        const less = result.fromMinor > 1n ? amountsOf(terms, result.fromMinor - 1n, { from, to }) : undefined
        expect(less?.toMinor ?? 0n).toBeLessThan(result.toMinor)
        expect(result.spreadMinor).toBeGreaterThanOrEqual(0n)
        const whole = weights.reduce((sum, one) => sum + one, 0n)
        const at = Temporal.Instant.fromEpochMilliseconds(0)
        const own = { earnedAt: at, expiresAt: undefined, keepsExpiry: false }
        const lots = weights.map((amountMinor) => ({ amountMinor, ...own }))
        const shares = sharesOf(lots, { ...result, fromMinor: whole })
        expect(shares.reduce((sum, one) => sum + one.amountMinor, 0n)).toBe(result.toMinor)
      },
    ),
  )
})

type Lot = { amount: bigint; earned: number; expires: number }
type Step =
  | { do: 'earn'; who: number; place: Place; amount: number; days: number | null }
  | { do: 'send'; who: number; to: number; amount: number }
  | { do: 'convert'; who: number; id: string; amount: number }
  | { do: 'wait'; days: number }

const who = fc.integer({ min: 0, max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('earn' as const),
    who,
    place: fc.constantFrom<Place>('main', 'game'),
    amount: fc.integer({ min: 1, max: 400 }),
    days: fc.constantFrom(5, 40, null),
  }),
  fc.record({ do: fc.constant('send' as const), who, to: who, amount: fc.integer({ min: 10, max: 200 }) }),
  fc.record({
    do: fc.constant('convert' as const),
    who,
    id: fc.constantFrom('to-game', 'to-main', 'to-acme', 'from-acme'),
    amount: fc.integer({ min: 1, max: 300 }),
  }),
  fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 9 }) }),
)

/** Balances as lists of lots: what anybody would do by hand. */
class Lists {
  readonly lots = new Map<string, Lot[]>()
  #sent: { who: number; day: number; amount: bigint }[] = []
  #gems: { who: number; day: number }[] = []

  of(place: Place, who: number): Lot[] {
    const key = `${place} ${who}`
    if (!this.lots.has(key)) this.lots.set(key, [])
    return this.lots.get(key)!
  }

  /** Takes what expires first; undefined when there is too little. */
  take(place: Place, who: number, amount: bigint, nowMs: number): Lot[] | undefined {
    const open = this.of(place, who)
      .filter(({ expires, amount: left }) => expires > nowMs && left > 0n)
      .toSorted((a, b) => (a.expires === b.expires ? a.earned - b.earned : a.expires - b.expires))
    if (open.reduce((sum, one) => sum + one.amount, 0n) < amount) return undefined
    const taken: Lot[] = []
    for (const lot of open) {
      const part = lot.amount < amount ? lot.amount : amount
      if (part > 0n) taken.push({ ...lot, amount: part })
      lot.amount -= part
      amount -= part
    }
    return taken
  }

  send(who: number, to: number, amount: bigint, nowMs: number): void {
    const day = Math.floor(nowMs / DAY_MS)
    const of = (own: { who: number; day: number; amount: bigint }[]): bigint =>
      own.reduce((sum, one) => sum + one.amount, 0n)
    const month = this.#sent.filter((one) => one.who === who && monthOf(one.day) === monthOf(day))
    if (who === to || month.length >= 5 || of(month) + amount > 500n) return
    if (of(month.filter((one) => one.day === day)) + amount > 300n) return
    const fee = 1n + (amount * 25n) / 1000n
    const before = structuredClone(this.of('main', who))
    const sent = this.take('main', who, amount, nowMs)
    if (!sent || !this.take('main', who, fee, nowMs)) return void this.lots.set(`main ${who}`, before)
    this.of('main', to).push(...sent)
    this.#sent.push({ who, day, amount })
  }

  convert(who: number, id: string, amount: bigint, nowMs: number): void {
    const rates: Record<string, [over: bigint, under: bigint]> = {
      'to-game': [5n * 97n * 100n, 10n * 100n],
      'to-main': [17n * 985n, 10n * 1000n * 100n],
      'to-acme': [333_333n * 10n, 1_000_000n],
      'from-acme': [2n, 10n],
    }
    const [over, under] = rates[id]!
    const got = (amount * over) / under
    if (got === 0n) return
    const from = (got * under + over - 1n) / over
    const day = Math.floor(nowMs / DAY_MS)
    if (id === 'from-acme') {
      this.of('main', who).push({ amount: got, earned: nowMs, expires: Infinity })
      return
    }
    if (id === 'to-acme' && this.#gems.filter((one) => one.who === who && one.day === day).length >= 3) return
    const taken = this.take(id === 'to-main' ? 'game' : 'main', who, from, nowMs)
    if (!taken) return
    if (id === 'to-acme') return void this.#gems.push({ who, day })
    let passed = 0n
    for (const lot of taken) {
      const before = (passed * got) / from
      passed += lot.amount
      const share = (passed * got) / from - before
      if (share > 0n) this.of(id === 'to-game' ? 'game' : 'main', who).push({ ...lot, amount: share })
    }
  }
}

const monthOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 7)

/** Lots with the same moments as one, so that only what can be seen is compared. */
function summed(lots: Lot[]): Record<string, bigint> {
  const sums: Record<string, bigint> = {}
  for (const { amount, earned, expires } of lots) {
    if (amount > 0n) sums[`${expires} ${earned}`] = (sums[`${expires} ${earned}`] ?? 0n) + amount
  }
  return sums
}

const refusals = /^(exchange_limit_reached|exchange_points_insufficient|exchange_too_small|transfer_to_self)$/

test('transfers and conversions in any order leave the lots that a list of lots would, and sums of zero', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await open()
      const lists = new Lists()
      const refused = (error: { code?: string }): null => {
        expect(error.code).toMatch(refusals)
        return null
      }
      for (const one of steps) {
        const nowMs = world.clock.nowMs()
        if (one.do === 'wait') world.clock.setMs(nowMs + one.days * DAY_MS)
        // So that no two lots are earned at one moment.
        else world.clock.setMs(nowMs + 1)
        const atMs = world.clock.nowMs()
        if (one.do === 'earn') {
          await earn(members[one.who]!, one.place, BigInt(one.amount), one.days)
          const expires = one.days === null ? Infinity : atMs + one.days * DAY_MS
          lists.of(one.place, one.who).push({ amount: BigInt(one.amount), earned: atMs, expires })
        } else if (one.do === 'send') {
          await send(members[one.who]!, members[one.to]!, BigInt(one.amount)).catch(refused)
          lists.send(one.who, one.to, BigInt(one.amount), atMs)
        } else if (one.do === 'convert') {
          const promised = await quote(members[one.who]!, one.id, BigInt(one.amount)).catch(refused)
          if (promised) await convert(members[one.who]!, promised.quoteId)
          lists.convert(one.who, one.id, BigInt(one.amount), atMs)
        }
      }
      for (const place of ['main', 'game'] as const) {
        for (const [i, member] of members.entries()) {
          const account = memberAccount(place, member, currencies[place])
          const kept = await world.tx<Awaited<ReturnType<typeof lotsOf>>>((tx) => lotsOf(tx, [account]))
          const lots = kept.map(({ remainingMinor, earnedAt, expiresAt }) => ({
            amount: remainingMinor,
            earned: earnedAt.epochMilliseconds,
            expires: expiresAt?.epochMilliseconds ?? Infinity,
          }))
          expect(summed(lots)).toEqual(summed(lists.of(place, i)))
        }
      }
      const sums = await world.tx<{ currency: string; sum: bigint }[]>((tx) =>
        tx.query('select currency, sum(balance_minor)::bigint as sum from ledger.account group by currency'),
      )
      expect(sums.filter(({ sum }) => sum !== 0n)).toEqual([])
      expect(await world.verify()).toMatchObject({ ok: true })
      await world.close()
    }),
    { numRuns: 25 },
  )
}, 120_000)

test('agents see each rate with what stands on the clearing accounts, as the ledger has it', async () => {
  const [ann] = members as [number]
  await earn(ann, 'main', 1_000n, null)
  await convert(ann, (await quote(ann, 'to-game', 300n)).quoteId)
  await convert(ann, (await quote(ann, 'to-acme', 90n)).quoteId)
  const http = await loyaltyHttp(world)
  const { body } = await http.ask('GET', '/v1/loyalty/exchanges')
  const of = (id: string) => (body as ExchangesView).exchanges.find((one) => one.exchange === id)!
  expect(of('to-game')).toMatchObject({ rate: '0.5', spreadPercent: '3', isOpen: true, done: { times: 1 } })
  // 300 points at 0.5 less 3 %: 145.50 coins.
  expect([of('to-game').from, of('to-game').to]).toMatchObject([
    { of: 'main', isPartner: false, currency: 'points', clearing: '300' },
    { of: 'game', isPartner: false, currency: 'coins', decimals: 2, clearing: '-14550' },
  ])
  expect([of('to-acme').from, of('to-acme').to]).toMatchObject([
    { of: 'main', clearing: of('to-acme').done.from },
    { of: 'acme', isPartner: true, currency: 'GEM', decimals: 1, clearing: '-299' },
  ])
  expect(of('from-acme')).toMatchObject({ done: { from: '0', times: 0 } })
  for (const { clearing, clearingAccount } of body.exchanges.flatMap(
    ({ from, to }: ExchangesView['exchanges'][number]) => [from, to],
  ))
    expect(String((await world.account(clearingAccount))?.balanceMinor ?? 0n)).toBe(clearing)
  await http.close()
})
