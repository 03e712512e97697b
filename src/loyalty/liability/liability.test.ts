import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventType, type LoyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { loyaltyWorlds } from '../../../test/loyalty-worlds.ts'
import { expiryAfter, openAccounts, postTransfers, type TransferRequest } from '../../ledger/index.ts'
import { memberAccount, programmeAccount, programmeOpening } from '../accounts.ts'
import { programmeSchema } from '../programmes.ts'
import { chanceOfExpiry, type Hazard } from './breakage.ts'

const { openWorld, worlds } = loyaltyWorlds()

const ZONE = 'Europe/Kyiv'
const programmeOf = (rest: object) =>
  programmeSchema.parse({
    kind: 'Programme',
    id: 'main',
    name: same('Points'),
    currency: 'points',
    timeZone: ZONE,
    enrolment: { on: ['order.paid'] },
    ...rest,
  })
const rule = { kind: 'EarnRule', id: 'one', on: 'order.paid', points: { perMajorUnit: '1' } }
const newWorld = async (rest: object, ...documents: object[]): Promise<LoyaltyWorld> => {
  const world = await openWorld({ startMs: Date.parse('2026-03-01T12:00:00Z') })
  const type = eventType('order.paid', { amountMinor: 'integer' })
  await world.apply(type, programmeOf(rest), rule, ...documents)
  return world
}
const paid = (subscriberId: number, points: number, rest: object = {}) => ({
  subscriberId,
  type: 'order.paid',
  data: { amountMinor: points * 100 },
  ...rest,
})
const goTo = async (world: LoyaltyWorld, text: string): Promise<void> => {
  world.clock.setMs(Date.parse(text))
  await world.run()
}
const about = (told: Record<string, unknown>[]): string[] =>
  told
    .map(({ points, on, daysLeft, daysBefore }) => `${points} ${on} in ${daysLeft} of ${daysBefore}`)
    .toSorted()

describe('expiry', () => {
  test('comes with the local midnight; members are told before, once for each date, and see it themselves', async () => {
    const world = await newWorld({ expiry: { after: 'earn', days: 40, noticeDays: [30, 7] } })
    const [ann, bob] = await world.subscribers('ann', 'bob')
    await world.append(paid(ann!, 100), paid(ann!, 50), paid(bob!, 10))
    await world.run()
    await goTo(world, '2026-03-02T12:00:00Z')
    await world.append(paid(ann!, 7))
    await world.run()
    const [seen] = await world.loyalty.liability.expiryOf(world.tenantId, ann!)
    expect(seen).toMatchObject({
      availableMinor: 157n,
      lastingMinor: 0n,
      expires: [
        { on: '2026-04-10', amountMinor: 150n },
        { on: '2026-04-11', amountMinor: 7n },
      ],
    })
    expect(seen!.policy.text.ru).toBe('Баллы сгорают через 40 дн. после их начисления.')
    for (let day = 3; day <= 31; day++) await goTo(world, `2026-03-${String(day).padStart(2, '0')}T09:00:00Z`)
    expect(about(await world.logged('loyalty.points_expiring'))).toEqual([
      '10 2026-04-10 in 30 of 30',
      '150 2026-04-10 in 30 of 30',
      '7 2026-04-11 in 30 of 30',
    ])
    // Nobody looked for some days: who should have been told is told as soon as somebody looks.
    await goTo(world, '2026-04-06T00:00:00Z')
    expect(
      about(await world.logged('loyalty.points_expiring')).filter((line) => line.endsWith('of 7')),
    ).toEqual(['10 2026-04-10 in 4 of 7', '150 2026-04-10 in 4 of 7', '7 2026-04-11 in 5 of 7'])
    await goTo(world, '2026-04-10T20:59:59Z')
    expect(await world.balances(ann!)).toEqual({ points: 157n })
    await goTo(world, '2026-04-10T21:00:00Z')
    expect(await world.balances(ann!)).toEqual({ points: 7n })
    await goTo(world, '2026-04-12T00:00:00Z')
    expect(await world.balances(ann!)).toEqual({ points: 0n })
    const gone = await world.logged('loyalty.points_expired')
    expect(
      gone
        .map(({ points, expiredAt }) => `${points} ${new Date(Number(expiredAt)).toISOString()}`)
        .toSorted(),
    ).toEqual(['10 2026-04-10T21:00:00.000Z', '150 2026-04-10T21:00:00.000Z', '7 2026-04-11T21:00:00.000Z'])
    expect(await world.loyalty.liability.report(world.tenantId, 'main')).toMatchObject({ agrees: true })
    expect(await world.verify()).toMatchObject({ ok: true })
  })

  test('comes for an account that bears no member’s number too, and stops nobody else’s', async () => {
    const world = await newWorld({ expiry: { after: 'earn', days: 10 } })
    const [ann] = await world.subscribers('ann')
    await world.append(paid(ann!, 100))
    await world.run()
    const accountId = 'member:main:a-shop:points'
    const member = { owner: 'a shop', purpose: 'member' as const, currency: 'points', mayGoNegative: false }
    const debitAccount = programmeAccount({ id: 'main', currency: 'points' }, 'liability')
    await world.tx(async (tx) => {
      await openAccounts(tx, [{ accountId, ...member }])
      const lot = { expiresAt: Temporal.Instant.from('2026-03-09T00:00:00Z') }
      const request = { key: 'shop', kind: 'post' as const, debitAccount, creditAccount: accountId, lot }
      await postTransfers(tx, [{ ...request, amountMinor: 5n, currency: 'points' }], world.clock.now())
    })
    await goTo(world, '2026-03-20T12:00:00Z')
    expect((await world.account(accountId))!.balanceMinor).toBe(0n)
    expect(await world.balances(ann!)).toEqual({ points: 0n })
    expect(await world.logged('loyalty.points_expired')).toMatchObject([{ pointsMinor: 100 }])
  })

  test('moves on with each activity where the programme says so, and never comes where points never expire', async () => {
    const world = await newWorld({ expiry: { after: 'activity', months: 2, noticeDays: [7] } })
    const lasting = programmeOf({ id: 'gold', currency: 'gold', expiry: 'never' })
    await world.apply(lasting, { ...rule, id: 'two', programme: 'gold' })
    const [ann, bob] = await world.subscribers('ann', 'bob')
    await world.append(paid(ann!, 100), paid(bob!, 100))
    await world.run()
    await goTo(world, '2026-04-20T12:00:00Z')
    await world.append(paid(ann!, 1))
    await world.run()
    await goTo(world, '2026-05-03T12:00:00Z')
    expect([await world.balances(ann!), await world.balances(bob!)]).toEqual([
      { points: 101n },
      { points: 0n },
    ])
    // An activity on the last day that is read a day later still counts.
    const late = Date.parse('2026-06-20T12:00:00Z')
    world.clock.setMs(Date.parse('2026-06-21T12:00:00Z'))
    await world.append(paid(ann!, 1, { atMs: late }))
    await world.run()
    expect(await world.balances(ann!)).toEqual({ points: 102n })
    await goTo(world, '2027-06-21T12:00:00Z')
    expect(await world.balances(ann!)).toEqual({ points: 0n })
    expect(await world.balances(ann!, 'gold')).toEqual({ gold: 102n })
    const views = await world.loyalty.liability.expiryOf(world.tenantId, ann!)
    expect(views.find(({ programme }) => programme === 'gold')).toMatchObject({
      expires: [],
      lastingMinor: 102n,
    })
    expect(await world.loyalty.liability.report(world.tenantId, 'gold')).toMatchObject({
      agrees: true,
      expected: { expirableMinor: 0n, breakageMinor: 0n },
    })
  })

  test('survives faults at any point: nothing is told twice, nothing expires twice', async () => {
    const world = await newWorld({ expiry: { after: 'earn', days: 10, noticeDays: [3] } })
    const names = Array.from({ length: 20 }, (_, i) => `m${i}`)
    const ids = await world.subscribers(...names)
    await world.append(...ids.map((id) => paid(id, 10)))
    await world.run()
    for (const day of ['08', '09', '11', '12', '13']) {
      world.faults.push(
        'after',
        'none',
        'before',
        'none',
        'after',
        'before',
        'none',
        'after',
        'none',
        'none',
        'after',
      )
      world.clock.setMs(Date.parse(`2026-03-${day}T12:00:00Z`))
      await world.run()
      world.kill()
    }
    world.faults.length = 0
    await world.run()
    expect(await world.logged('loyalty.points_expiring')).toHaveLength(20)
    expect(await world.logged('loyalty.points_expired')).toHaveLength(20)
    const report = await world.loyalty.liability.report(world.tenantId, 'main')
    expect(report).toMatchObject({ agrees: true, held: { balanceMinor: 0n } })
    expect(report.months).toMatchObject([{ month: '2026-03', issued: 200n, expired: 200n, balance: 0n }])
  })
})

type Lot = { earned: string; expiresMs: number; left: bigint }
type Spent = { key: string; member: number; parts: { lot: Lot; amount: bigint }[] }

/** The slow and obvious books: lots in a list, spent by the earliest expiry, and a sum for each month and flow. */
class Oracle {
  readonly lots = new Map<number, Lot[]>()
  readonly flows = new Map<string, bigint>()
  readonly cohorts = new Map<string, bigint>()

  #note(flow: string, ms: number, amount: bigint): void {
    const key = `${monthOf(ms)} ${flow}`
    if (amount > 0n) this.flows.set(key, (this.flows.get(key) ?? 0n) + amount)
  }

  earn(member: number, ms: number, amount: bigint): void {
    const expiresMs = expiryAfter(
      Temporal.Instant.fromEpochMilliseconds(ms),
      { days: 45 },
      ZONE,
    ).epochMilliseconds
    this.lots.set(member, [
      ...(this.lots.get(member) ?? []),
      { earned: monthOf(ms), expiresMs, left: amount },
    ])
    this.#note('issued', ms, amount)
  }

  available(member: number, ms: number): bigint {
    return (this.lots.get(member) ?? []).reduce((sum, lot) => sum + (lot.expiresMs > ms ? lot.left : 0n), 0n)
  }

  spend(key: string, member: number, ms: number, amount: bigint): Spent {
    const open = (this.lots.get(member) ?? []).filter((lot) => lot.left > 0n && lot.expiresMs > ms)
    let rest = amount
    const parts: Spent['parts'] = []
    for (const lot of open.toSorted((a, b) => a.expiresMs - b.expiresMs)) {
      const part = lot.left < rest ? lot.left : rest
      rest -= part
      lot.left -= part
      if (part > 0n) parts.push({ lot, amount: part })
    }
    this.#note('redeemed', ms, amount)
    return { key, member, parts }
  }

  refund({ parts }: Spent, ms: number): void {
    for (const { lot, amount } of parts) lot.left += amount
    this.#note(
      'refunded',
      ms,
      parts.reduce((sum, { amount }) => sum + amount, 0n),
    )
  }

  /** An account's expired lots go together, at the moment of the last one. */
  expire(ms: number): void {
    for (const lots of this.lots.values()) {
      const due = lots.filter(({ expiresMs, left }) => left > 0n && expiresMs <= ms)
      if (due.length === 0) continue
      this.#note(
        'expired',
        Math.max(...due.map(({ expiresMs }) => expiresMs)),
        due.reduce((sum, { left }) => sum + left, 0n),
      )
      for (const lot of due) lot.left = 0n
    }
  }

  outstanding(): Record<string, bigint> {
    const sums: Record<string, bigint> = {}
    for (const { earned, expiresMs, left } of [...this.lots.values()].flat()) {
      const key = `${earned} ${monthOf(expiresMs - 1)}`
      if (left > 0n) sums[key] = (sums[key] ?? 0n) + left
    }
    return sums
  }
}

const monthOf = (ms: number): string =>
  Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO(ZONE)
    .toPlainDate()
    .toPlainYearMonth()
    .toString()

describe('the report', () => {
  test('equals a slow recount of random histories to the unit, and the ledger itself', async () => {
    const step = fc.record({
      what: fc.constantFrom('earn', 'earn', 'spend', 'refund', 'reserve', 'wait'),
      member: fc.integer({ min: 0, max: 2 }),
      amount: fc.integer({ min: 1, max: 500 }),
      hours: fc.integer({ min: 0, max: 24 * 20 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const cost = { kind: 'PointCost', id: 'main', currency: 'UAH', perPoint: '0.25' }
        const world = await newWorld({ expiry: { after: 'earn', days: 45, noticeDays: [] } }, cost)
        const members = await world.subscribers('a', 'b', 'c')
        const oracle = new Oracle()
        const spent: Spent[] = []
        const expense = programmeAccount({ id: 'main', currency: 'points' }, 'redeemed')
        await world.tx(async (tx) => openAccounts(tx, [programmeOpening(programmeOf({}), 'redeemed')]))
        const post = (...requests: TransferRequest[]): Promise<unknown> =>
          world.tx((tx) => postTransfers(tx, requests, world.clock.now()))
        const reserved: { key: string; amount: bigint }[] = []
        for (const [i, { what, member, amount, hours }] of steps.entries()) {
          const id = members[member]!
          const target = world.clock.nowMs() + hours * 3_600_000
          // The stage is woken at each expiry: nothing expires later than it should.
          for (;;) {
            const all = [...oracle.lots.values()].flat().filter(({ left }) => left > 0n)
            const next = Math.min(target, ...all.map(({ expiresMs }) => expiresMs))
            world.clock.setMs(next)
            await world.run()
            oracle.expire(next)
            if (next >= target) break
          }
          const nowMs = world.clock.nowMs()
          const there = oracle.available(id, nowMs)
          const wanted = BigInt(amount) < there ? BigInt(amount) : there
          const common = {
            key: `k${i}`,
            debitAccount: memberAccount('main', id, 'points'),
            creditAccount: expense,
          }
          const request = { ...common, amountMinor: wanted, currency: 'points' }
          if (what === 'earn') {
            await world.append(paid(id, amount))
            await world.run()
            oracle.earn(id, nowMs, BigInt(amount))
          } else if (what === 'spend' && wanted > 0n) {
            await post({ ...request, kind: 'post' })
            spent.push(oracle.spend(`k${i}`, id, nowMs, wanted))
          } else if (what === 'reserve' && wanted > 0n) {
            // Reserved, and the first half of it spent later in the same moment: the rest is free again.
            const half = (wanted + 1n) / 2n
            await post({ ...request, kind: 'pending' })
            await post({ key: `k${i}:post`, kind: 'post_pending', pendingKey: `k${i}`, amountMinor: half })
            oracle.spend(`k${i}:post`, id, nowMs, half)
            reserved.push({ key: `k${i}`, amount: half })
          } else if (what === 'refund' && spent.length > 0) {
            const last = spent.pop()!
            await post({ key: `k${i}`, kind: 'reverse', reversedKey: last.key })
            oracle.refund(last, nowMs)
            // What came back too late expires with the next run, as of its day.
          }
        }
        await world.run()
        oracle.expire(world.clock.nowMs())
        const report = await world.loyalty.liability.report(world.tenantId, 'main')
        expect(report.agrees).toBe(true)
        const flows = report.months.flatMap(({ month, issued, redeemed, refunded, expired }) =>
          Object.entries({ issued, redeemed, refunded, expired }).map(
            ([flow, points]) => [`${month} ${flow}`, points] as const,
          ),
        )
        expect(Object.fromEntries(flows.filter(([, points]) => points > 0n))).toEqual(
          Object.fromEntries([...oracle.flows].toSorted()),
        )
        const lots = report.outstanding.map(({ earnedMonth, expiresMonth, amountMinor }) => [
          `${earnedMonth} ${expiresMonth}`,
          amountMinor,
        ])
        expect(Object.fromEntries(lots)).toEqual(oracle.outstanding())
        for (const { redeemed, refunded, costMinor } of report.months)
          expect(costMinor).toBe(((redeemed - refunded) * 25n) / 1n)
        expect(await world.verify()).toMatchObject({ ok: true })
        await worlds.pop()!.close()
      }),
      { numRuns: 8 },
    )
  })

  test('expects to expire what points of the same age did, by hand', async () => {
    const hazards: Hazard[] = [
      { ageMonths: 0, atRisk: 100n, expiring: 0, leaving: 0.5 },
      { ageMonths: 1, atRisk: 50n, expiring: 0, leaving: 0.2 },
      { ageMonths: 2, atRisk: 40n, expiring: 0.75, leaving: 0.25 },
    ]
    // Of 100 points 50 are left after a month, 40 after two, and 30 of them expire.
    expect(chanceOfExpiry(hazards, 0)).toBeCloseTo(0.3, 12)
    expect(chanceOfExpiry(hazards, 1)).toBeCloseTo(0.6, 12)
    expect(chanceOfExpiry(hazards, 2)).toBeCloseTo(0.75, 12)
    expect(chanceOfExpiry(hazards, 3)).toBe(0)
    const assumed = {
      kind: 'PointCost',
      id: 'main',
      currency: 'UAH',
      perPoint: '1',
      assumedBreakagePercent: 20,
    }
    const world = await newWorld({ expiry: { after: 'earn', months: 2, noticeDays: [] } }, assumed)
    const [ann, bob] = await world.subscribers('ann', 'bob')
    await world.append(paid(ann!, 100), paid(bob!, 300))
    await world.run()
    const early = await world.loyalty.liability.report(world.tenantId, 'main')
    expect(early.expected).toMatchObject({ basis: 'assumed', breakageMinor: 80n, expirableMinor: 400n })
    await goTo(world, '2026-05-03T12:00:00Z')
    await world.append(paid(ann!, 50))
    await world.run()
    await goTo(world, '2026-06-03T12:00:00Z')
    // All that was ever earned and is old enough has expired, so all that is outstanding is expected to.
    const late = await world.loyalty.liability.report(world.tenantId, 'main')
    expect(late.expected).toMatchObject({ basis: 'history', breakageMinor: 50n, expirableMinor: 50n })
    expect(late.cohorts[0]).toMatchObject({
      earnedMonth: '2026-03',
      issued: 400n,
      expired: 400n,
      expiredShare: 1,
    })
  })
})
