import assert from 'node:assert/strict'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { instantOf, newId } from '../platform/index.ts'
import type { Deficit, TransferRequest, TransferResult } from './contract.ts'
import { balancesOf, lotsOf } from './reading-store.ts'
import { expireLots } from './runs.ts'
import { openAccounts, postTransfers } from './service.ts'
import { verifyLedger } from './verification.ts'
import { createLedger } from './writer.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

const DAY_MS = 86_400_000
const RUNS = Number(process.env['TENURE_LEDGER_RUNS'] ?? 100)
const START_MS = Date.parse('2026-03-01T00:00:00Z')
const day = (n: number): Temporal.Instant => instantOf(START_MS + n * DAY_MS)
const NEVER = 10_000
const DEBT = 15
const names = ['liability', 'm1', 'm2', 'm3']

/** A single point: which lot it belongs to. Everything is done point by point, so there is no arithmetic to be wrong. */
type Unit = { lot: number; earned: number; from: number; to: number }
type Done = {
  amount: number
  forgiven: number
  from: string
  to: string
  taken: Unit[]
  given: (Unit | null)[]
  kind: string
}

/** The list of transfers and, for each member, a bag of single points and a debt. */
class Oracle {
  readonly bags = new Map<string, Unit[]>(names.slice(1).map((name) => [name, []]))
  readonly debts = new Map<string, number>(names.map((name) => [name, 0]))
  readonly reserved = new Map<string, number>(names.map((name) => [name, 0]))
  readonly #done = new Map<string, Done>()
  readonly #open = new Map<string, { request: Done; at: number; isOpen: boolean }>()
  readonly #back = new Map<string, { asked: number; taken: number[]; given: number[] }>()
  readonly #sums = new Map<string, number>(names.map((name) => [name, 0]))
  #lots = 0

  balanceOf = (name: string): number => this.#sums.get(name)!

  /** What is left of each lot, in the order of spending. */
  lotsOf(name: string): [number, number, number, number][] {
    const bag = this.#sorted(name)
    const lots = [...new Set(bag.map(({ lot }) => lot))]
    return lots.map((lot) => {
      const units = bag.filter((unit) => unit.lot === lot)
      return [units.length, units[0]!.earned, units[0]!.from, units[0]!.to]
    })
  }

  post(
    key: string,
    from: string,
    to: string,
    amount: number,
    at: number,
    lot?: { from: number; to: number },
    deficit: Deficit = 'refuse',
  ): string {
    const plan = this.#plan(from, amount, at, deficit)
    if (!plan) return 'ledger_balance_insufficient'
    const taken = this.#take(from, plan.moved, at, deficit !== 'refuse')
    this.#record(key, 'post', from, to, plan, taken, this.#fresh(taken, plan.moved, at, lot))
    return `booked ${plan.moved} ${plan.forgiven}`
  }

  hold(key: string, from: string, to: string, amount: number, at: number): string {
    const plan = this.#plan(from, amount, at, 'refuse')
    if (!plan) return 'ledger_balance_insufficient'
    const taken = this.#take(from, amount, at, false)
    this.reserved.set(from, this.reserved.get(from)! + amount)
    this.#open.set(key, {
      request: { amount, forgiven: 0, from, to, taken, given: [], kind: 'hold' },
      at,
      isOpen: true,
    })
    return `booked ${amount} 0`
  }

  settle(key: string, pendingKey: string, amount: number, at: number): string {
    const hold = this.#open.get(pendingKey)
    if (!hold) return 'ledger_pending_not_found'
    if (!hold.isOpen) return 'ledger_pending_settled'
    const { request } = hold
    if (amount > request.amount) return 'ledger_pending_exceeded'
    hold.isOpen = false
    const spent = request.from === 'liability' ? [] : request.taken.slice(0, amount)
    this.#give(request.from, request.from === 'liability' ? [] : request.taken.slice(amount))
    this.reserved.set(request.from, this.reserved.get(request.from)! - request.amount)
    if (amount === 0) return `booked ${request.amount} 0`
    this.#record(
      key,
      'post_pending',
      request.from,
      request.to,
      { moved: amount, forgiven: 0 },
      spent,
      this.#fresh(spent, amount, at),
    )
    return `booked ${amount} 0`
  }

  reverse(key: string, reversedKey: string, asked: number | undefined, at: number, deficit: Deficit): string {
    const done = this.#done.get(reversedKey)
    if (!done) return 'ledger_reversed_not_found'
    const back = this.#back.get(reversedKey) ?? { asked: 0, taken: [], given: [] }
    const left = done.amount - back.asked
    const amount = asked ?? left
    if (left === 0 || amount > left) return 'ledger_reversal_exceeded'
    const bag = this.bags.get(done.to)
    const plan =
      bag && bag.length >= amount ? { moved: amount, forgiven: 0 } : this.#plan(done.to, amount, at, deficit)
    if (!plan) return 'ledger_balance_insufficient'
    const made = grouped(done.given.filter((unit): unit is Unit => unit !== null))
    const used = grouped(done.taken)
    const givenBack = share(
      amount,
      made.map((one) => one.length),
      done.amount,
      back.given,
    )
    const takenBack = share(
      plan.moved,
      used.map((one) => one.length),
      done.amount,
      back.taken,
    )
    const own: Unit[] = []
    made.forEach((lot, i) => {
      for (let n = 0; n < givenBack[i]! && own.length < plan.moved; n++) {
        const unit = bag?.find((one) => one.lot === lot[0]!.lot)
        if (unit) own.push(...bag!.splice(bag!.indexOf(unit), 1))
      }
    })
    const others = bag ? this.#take(done.to, plan.moved - own.length, at, true) : []
    const restored = used
      .flatMap((lot, i) => lot.slice(0, takenBack[i]!))
      .map((unit) => this.#asItIs(done.from, unit))
    const loose = this.#fresh([], takenBack.at(-1)!, at)
    this.#back.set(reversedKey, {
      asked: back.asked + amount,
      given: givenBack.map((n, i) => n + (back.given[i] ?? 0)),
      taken: takenBack.map((n, i) => n + (back.taken[i] ?? 0)),
    })
    this.#record(key, 'reverse', done.to, done.from, plan, [...own, ...others], [...loose, ...restored])
    return `booked ${plan.moved} ${plan.forgiven}`
  }

  extend(name: string, to: number, at: number): string {
    const units = this.bags.get(name)!.filter((unit) => unit.to > at && unit.to < to)
    if (units.length === 0) return 'ledger_lots_not_found'
    for (const unit of units) unit.to = to
    return `booked ${units.length} 0`
  }

  expire(at: number): number {
    let sum = 0
    for (const name of names.slice(1)) {
      const bag = this.bags.get(name)!
      const live = bag.filter((unit) => unit.to > at)
      sum += bag.length - live.length
      this.#sums.set(name, this.#sums.get(name)! - (bag.length - live.length))
      this.bags.set(name, live)
    }
    return sum
  }

  #plan(
    name: string,
    amount: number,
    at: number,
    deficit: Deficit,
  ): { moved: number; forgiven: number } | undefined {
    if (name === 'liability') return { moved: amount, forgiven: 0 }
    const bag = this.bags.get(name)!
    if (deficit === 'refuse') {
      return bag.filter((unit) => unit.from <= at && at < unit.to).length >= amount
        ? { moved: amount, forgiven: 0 }
        : undefined
    }
    const room = bag.length - this.debts.get(name)! + (deficit === 'forgive' || name === 'm3' ? 0 : DEBT)
    if (amount <= room) return { moved: amount, forgiven: 0 }
    if (deficit === 'debt') return undefined
    return { moved: Math.max(room, 0), forgiven: amount - Math.max(room, 0) }
  }

  #sorted(name: string): Unit[] {
    return this.bags.get(name)!.toSorted((a, b) => a.to - b.to || a.earned - b.earned || a.lot - b.lot)
  }

  #take(name: string, amount: number, at: number, everything: boolean): Unit[] {
    if (name === 'liability') return []
    const sorted = this.#sorted(name)
    const now = sorted.filter((unit) => unit.from <= at && at < unit.to)
    const later = sorted.filter((unit) => unit.from > at && at < unit.to)
    const over = sorted.filter((unit) => at >= unit.to)
    const taken = [...now, ...(everything ? [...later, ...over] : [])].slice(0, amount)
    this.bags.set(
      name,
      this.bags.get(name)!.filter((unit) => !taken.includes(unit)),
    )
    this.debts.set(name, this.debts.get(name)! + amount - taken.length)
    return taken
  }

  /** Points as they arrive: lots of their own, one for each that they come from. */
  #fresh(taken: Unit[], amount: number, at: number, lot?: { from: number; to: number }): Unit[] {
    if (lot) {
      const number = ++this.#lots
      return Array.from({ length: amount }, () => ({ lot: number, earned: at, ...lot }))
    }
    const kept = grouped(taken).flatMap((one) => {
      const number = ++this.#lots
      return one.map((unit) => ({ ...unit, lot: number }))
    })
    const number = ++this.#lots
    const rest = Array.from({ length: amount - taken.length }, () => ({
      lot: number,
      earned: at,
      from: at,
      to: NEVER,
    }))
    return [...kept, ...rest]
  }

  /** A point that comes back into a lot whose other points were extended meanwhile is like those. */
  #asItIs(name: string, unit: Unit): Unit {
    const open = this.bags.get(name)?.find((one) => one.lot === unit.lot)
    return { ...(open ?? unit) }
  }

  #give(name: string, units: Unit[]): (Unit | null)[] {
    const bag = this.bags.get(name)
    if (!bag) return []
    return units.map((unit) => {
      const debt = this.debts.get(name)!
      if (debt > 0) {
        this.debts.set(name, debt - 1)
        return null
      }
      const arrived = this.#asItIs(name, unit)
      bag.push(arrived)
      return { ...arrived }
    })
  }

  #record(
    key: string,
    kind: string,
    from: string,
    to: string,
    { moved, forgiven }: { moved: number; forgiven: number },
    taken: Unit[],
    arriving: Unit[],
  ): void {
    const given = this.#give(to, arriving)
    this.#sums.set(from, this.#sums.get(from)! - moved)
    this.#sums.set(to, this.#sums.get(to)! + moved)
    this.#done.set(key, {
      amount: moved,
      forgiven,
      from,
      to,
      taken: taken.map((unit) => ({ ...unit })),
      given,
      kind,
    })
  }
}

/** Points of one lot together, in the order in which the lots come. */
function grouped(units: Unit[]): Unit[][] {
  const lots = new Map<number, Unit[]>()
  for (const unit of units) lots.set(unit.lot, [...(lots.get(unit.lot) ?? []), unit])
  return [...lots.values()]
}

/** Each its share of what is left of it, the last is what was in no lot; counted up one point after the other. */
function share(amount: number, parts: number[], whole: number, gone: number[]): number[] {
  const sum = parts.reduce((a, b) => a + b, 0)
  const left = [...parts, whole - sum].map((part, i) => part - (gone[i] ?? 0))
  const total = left.reduce((a, b) => a + b, 0)
  const shares = left.map(() => 0)
  let place = 0
  for (let i = 0; i < left.length; i++) {
    for (let n = 0; n < left[i]!; n++) {
      place++
      if (Math.floor((amount * place) / total) > Math.floor((amount * (place - 1)) / total)) shares[i]!++
    }
  }
  return shares
}

type Step = { request: TransferRequest; ask: (oracle: Oracle) => string } | { expireAt: number }

const key = fc.integer({ min: 0, max: 14 })
const member = fc.constantFrom('m1', 'm2', 'm3')
const when = fc.integer({ min: 0, max: 12 })
const amount = fc.integer({ min: 1, max: 25 })
const deficit = fc.constantFrom<Deficit>('refuse', 'refuse', 'debt', 'debt_to_limit', 'forgive')
const common = { currency: 'points' } as const

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        k: fc.constant('earn' as const),
        member,
        amount,
        when,
        from: when,
        life: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ k: fc.constant('spend' as const), member, amount, when, deficit }) },
    {
      weight: 2,
      arbitrary: fc.record({ k: fc.constant('give' as const), member, other: member, amount, when }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        k: fc.constant('hold' as const),
        member,
        other: fc.constantFrom('liability', 'm1', 'm2'),
        amount,
        when,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        k: fc.constant('settle' as const),
        n: key,
        amount: fc.integer({ min: 0, max: 25 }),
        when,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        k: fc.constant('reverse' as const),
        n: key,
        amount: fc.option(amount),
        when,
        deficit,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        k: fc.constant('extend' as const),
        member,
        when,
        to: fc.integer({ min: 1, max: 25 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ k: fc.constant('expire' as const), when }) },
  ),
  { minLength: 4, maxLength: 30 },
)
type Drawn = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never

function stepOf(drawn: Drawn, i: number): Step {
  const own = `k${i}`
  const at = day(drawn.when)
  const base = { key: own, at }
  switch (drawn.k) {
    case 'earn': {
      const lot = { from: drawn.from, to: drawn.when + drawn.life }
      const request = {
        ...base,
        ...common,
        kind: 'post' as const,
        debitAccount: 'liability',
        creditAccount: drawn.member,
        amountMinor: BigInt(drawn.amount),
        lot: { availableFrom: day(lot.from), expiresAt: day(lot.to) },
      }
      return { request, ask: (o) => o.post(own, 'liability', drawn.member, drawn.amount, drawn.when, lot) }
    }
    case 'spend': {
      const request = {
        ...base,
        ...common,
        kind: 'post' as const,
        debitAccount: drawn.member,
        creditAccount: 'liability',
        amountMinor: BigInt(drawn.amount),
        deficit: drawn.deficit,
      }
      return {
        request,
        ask: (o) =>
          o.post(own, drawn.member, 'liability', drawn.amount, drawn.when, undefined, drawn.deficit),
      }
    }
    case 'give':
    case 'hold': {
      const to = drawn.other === drawn.member ? 'liability' : drawn.other
      const kind = drawn.k === 'give' ? ('post' as const) : ('pending' as const)
      const request = {
        ...base,
        ...common,
        kind,
        debitAccount: drawn.member,
        creditAccount: to,
        amountMinor: BigInt(drawn.amount),
      }
      return {
        request,
        ask: (o) =>
          kind === 'post'
            ? o.post(own, drawn.member, to, drawn.amount, drawn.when)
            : o.hold(own, drawn.member, to, drawn.amount, drawn.when),
      }
    }
    case 'settle': {
      const pendingKey = `k${drawn.n}`
      const request: TransferRequest =
        drawn.amount === 0
          ? { ...base, kind: 'void_pending', pendingKey }
          : { ...base, kind: 'post_pending', pendingKey, amountMinor: BigInt(drawn.amount) }
      return { request, ask: (o) => o.settle(own, pendingKey, drawn.amount, drawn.when) }
    }
    case 'reverse': {
      const reversedKey = `k${drawn.n}`
      const part = drawn.amount === null ? {} : { amountMinor: BigInt(drawn.amount) }
      const request: TransferRequest = {
        ...base,
        kind: 'reverse',
        reversedKey,
        deficit: drawn.deficit,
        ...part,
      }
      return {
        request,
        ask: (o) => o.reverse(own, reversedKey, drawn.amount ?? undefined, drawn.when, drawn.deficit),
      }
    }
    case 'extend':
      return {
        request: { ...base, kind: 'extend', account: drawn.member, expiresAt: day(drawn.to) },
        ask: (o) => o.extend(drawn.member, drawn.to, drawn.when),
      }
    default:
      return { expireAt: drawn.when }
  }
}

const said = (result: TransferResult): string =>
  result.outcome === 'refused'
    ? result.problem.code
    : `${result.outcome} ${result.amountMinor} ${result.forgivenMinor ?? 0n}`

async function play(drawn: Drawn[], inWriter: boolean): Promise<void> {
  const tenantId = `t-${newId()}`
  const opening = { owner: 'o', currency: 'points' }
  await stores.database.tx(tenantId, (tx) =>
    openAccounts(tx, [
      { ...opening, accountId: 'liability', purpose: 'liability', mayGoNegative: true },
      { ...opening, accountId: 'breakage', purpose: 'breakage', mayGoNegative: true },
      ...['m1', 'm2', 'm3'].map((accountId) => ({
        ...opening,
        accountId,
        purpose: 'member' as const,
        mayGoNegative: false,
        ...(accountId === 'm3' ? {} : { debtLimitMinor: BigInt(DEBT) }),
      })),
    ]),
  )
  const ledger = createLedger({
    database: stores.database,
    clock: { now: () => day(20), nowMs: () => day(20).epochMilliseconds },
  })
  const oracle = new Oracle()
  const asked: TransferRequest[] = []
  const answers: string[] = []
  for (const [i, one] of drawn.entries()) {
    const step = stepOf(one, i)
    if ('expireAt' in step) {
      const run = {
        currency: 'points',
        breakageAccount: 'breakage',
        asOf: day(step.expireAt),
        bookedAt: day(20),
        timeZone: 'UTC',
      }
      const { amountMinor } = await stores.database.tx(tenantId, (tx) => expireLots(tx, run))
      assert.equal(Number(amountMinor), oracle.expire(step.expireAt))
      continue
    }
    const expected = step.ask(oracle)
    const [result] = inWriter
      ? await ledger.post(tenantId, [step.request])
      : await stores.database.tx(tenantId, (tx) => postTransfers(tx, [step.request], day(20)))
    expect([i, said(result!)]).toEqual([i, expected])
    asked.push(step.request)
    answers.push(said(result!).replace('booked', 'repeated'))
  }
  await stores.database.tx(tenantId, async (tx) => {
    const kept = await balancesOf(tx, names)
    for (const name of names.slice(1)) {
      expect([name, Number(kept.get(name)!.balanceMinor)]).toEqual([name, oracle.balanceOf(name)])
      const lots = (await lotsOf(tx, [name])).map((lot) => [
        Number(lot.remainingMinor),
        ...[lot.earnedAt, lot.availableFrom, lot.expiresAt].map((at) =>
          at === undefined ? NEVER : (at.epochMilliseconds - START_MS) / DAY_MS,
        ),
      ])
      expect([name, lots]).toEqual([name, oracle.lotsOf(name)])
    }
    expect(await verifyLedger(tx)).toMatchObject({ ok: true })
  })
  // Refusals without a trace may be answered otherwise later; all others are answered as before.
  const again = await ledger.post(tenantId, asked)
  const lasting = (answer: string): boolean =>
    answer.startsWith('repeated') || answer === 'ledger_balance_insufficient'
  const told = again.map(said).filter((_, i) => lasting(answers[i]!))
  expect(told).toEqual(answers.filter(lasting))
}

// oxlint-disable-next-line vitest/expect-expect -- `play` expects after every step.
test.each([false, true])(
  'earning, spending, giving, holding, taking back, extending and expiring in any order go as single points would (writer: %s)',
  async (inWriter) => {
    await fc.assert(
      fc.asyncProperty(steps, (drawn) => play(drawn, inWriter)),
      { numRuns: RUNS },
    )
  },
  300_000,
)
