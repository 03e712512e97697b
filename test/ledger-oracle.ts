import type { Deficit } from '../src/ledger/contract.ts'

/** What never expires, as a day. */
export const NEVER = 10_000
/** How far below zero every member but m3 may go. */
export const DEBT = 15
/** The accounts of the game. */
export const names = ['liability', 'm1', 'm2', 'm3']

/** A single point: which lot it belongs to. Everything is done point by point, so there is no arithmetic to be wrong. */
type Unit = { lot: number; earned: number; from: number; to: number; keeps: boolean }
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
export class LedgerOracle {
  readonly bags = new Map<string, Unit[]>(names.slice(1).map((name) => [name, []]))
  readonly debts = new Map<string, number>(names.map((name) => [name, 0]))
  readonly reserved = new Map<string, number>(names.map((name) => [name, 0]))
  readonly #done = new Map<string, Done>()
  readonly #open = new Map<string, { request: Done; at: number; isOpen: boolean }>()
  readonly #back = new Map<string, { asked: number; taken: number[]; given: number[] }>()
  readonly #sums = new Map<string, number>(names.map((name) => [name, 0]))
  #transfers = 0
  #places = 0

  balanceOf = (name: string): number => this.#sums.get(name)!
  /** Keys of all reservations, of those that are open, of all that moved something, and of what was taken from lots. */
  holds = (): string[] => [...this.#open.keys()]
  openHolds = (): string[] => this.holds().filter((key) => this.#open.get(key)!.isOpen)
  transfers = (): string[] => [...this.#done.keys()]
  spent = (): string[] =>
    this.transfers().filter((key) => {
      const { kind, taken } = this.#done.get(key)!
      return kind !== 'reverse' && taken.length > 0
    })

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
    lot?: { from: number; to: number; keeps: boolean },
    deficit: Deficit = 'refuse',
  ): string {
    this.#begin()
    const plan = this.#plan(from, amount, at, deficit)
    if (!plan) return 'ledger_balance_insufficient'
    const taken = this.#take(from, plan.moved, at, deficit !== 'refuse')
    this.#record(key, 'post', from, to, plan, taken, this.#fresh(taken, plan.moved, at, lot))
    return `booked ${plan.moved} ${plan.forgiven}`
  }

  hold(key: string, from: string, to: string, amount: number, at: number): string {
    this.#begin()
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

  settle(key: string, pendingKey: string, amount: number, at: number, until = 0): string {
    this.#begin()
    const hold = this.#open.get(pendingKey)
    if (!hold) return 'ledger_pending_not_found'
    if (!hold.isOpen) return 'ledger_pending_settled'
    const { request } = hold
    if (amount > request.amount) return 'ledger_pending_exceeded'
    hold.isOpen = false
    const spent = request.from === 'liability' ? [] : request.taken.slice(0, amount)
    const released = request.from === 'liability' ? [] : request.taken.slice(amount)
    this.#give(request.from, this.#reinstated(request.from, released, until))
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

  reverse(
    key: string,
    reversedKey: string,
    asked: number | undefined,
    at: number,
    deficit: Deficit,
    until = 0,
  ): string {
    this.#begin()
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
    const loose = this.#fresh([], takenBack.at(-1)!, at)
    const restored = this.#reinstated(
      done.from,
      used.flatMap((lot, i) => lot.slice(0, takenBack[i]!)),
      until,
    ).map((unit) => this.#asItIs(done.from, unit))
    this.#back.set(reversedKey, {
      asked: back.asked + amount,
      given: givenBack.map((n, i) => n + (back.given[i] ?? 0)),
      taken: takenBack.map((n, i) => n + (back.taken[i] ?? 0)),
    })
    this.#record(key, 'reverse', done.to, done.from, plan, [...own, ...others], [...loose, ...restored])
    return `booked ${plan.moved} ${plan.forgiven}`
  }

  extend(name: string, to: number, at: number): string {
    const units = this.bags.get(name)!.filter((unit) => unit.to > at && unit.to < to && !unit.keeps)
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

  #begin(): void {
    this.#transfers++
    this.#places = 0
  }

  /** Lots of one transfer are numbered in turn, those that keep their expiry behind the others. */
  #newLot(keeps: boolean): number {
    return this.#transfers * 1_000 + (keeps ? 500 : 0) + this.#places++
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
  #fresh(
    taken: Unit[],
    amount: number,
    at: number,
    lot?: { from: number; to: number; keeps: boolean },
  ): Unit[] {
    if (lot) {
      const number = this.#newLot(lot.keeps)
      return Array.from({ length: amount }, () => ({ lot: number, earned: at, ...lot }))
    }
    const kept = grouped(taken).flatMap((one) => {
      const number = this.#newLot(one[0]!.keeps)
      return one.map((unit) => ({ ...unit, lot: number }))
    })
    const number = this.#newLot(false)
    const rest = Array.from({ length: amount - taken.length }, () => ({
      lot: number,
      earned: at,
      from: at,
      to: NEVER,
      keeps: false,
    }))
    return [...kept, ...rest]
  }

  /** What goes back, the points of a lot together; what would expire before `until` is a lot that expires then. */
  #reinstated(name: string, units: Unit[], until: number): Unit[] {
    return grouped(units).flatMap((lot) => {
      const { to, keeps } = this.#asItIs(name, lot[0]!)
      if (to >= until) return lot
      const number = this.#newLot(keeps)
      return lot.map((unit) => ({ ...unit, lot: number, to: until }))
    })
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
