/** What a programme of the oracle does; `rate` is points in hundredths for a major unit. */
export type Policy = {
  id: string
  currency: string
  /** Points expire at the midnight (UTC) after so many days; null: never. */
  days: number | null
  onSpent: 'debt' | 'limit' | 'forgive'
  limit: bigint
  forfeits: boolean
  welcome: bigint
  rate: bigint
}

type Lot = { expiresMs: number; left: bigint; lapsed: bigint }
type Bought = {
  order: string
  points: bigint
  base: bigint
  returned: bigint
  /** Points that returns have asked for, and how many of them had lapsed by then. */
  asked: bigint
  lapsed: bigint
  lot: Lot
}
type Back = { order: string; left: bigint }
type Place = {
  policy: Policy
  state: 'none' | 'active' | 'left'
  isWelcomed: boolean
  lots: Lot[]
  debt: bigint
  bought: Bought[]
  waiting: Back[]
}

const DAY_MS = 86_400_000

/** What earning should come to, told by lists of lots and the slowest way to think of it. */
export class LoyaltyOracle {
  returns = 0
  debts = 0
  /** Returns of which something had lapsed. */
  lapses = 0
  #purchases = 0
  readonly #places: Place[][]
  /** What was appended and not read yet. */
  #waiting: (() => void)[] = []
  #nowMs = 0

  constructor(policies: Policy[], members = 3) {
    this.#places = Array.from({ length: members }, () =>
      policies.map((policy) => ({
        policy,
        state: 'none',
        isWelcomed: false,
        lots: [],
        debt: 0n,
        bought: [],
        waiting: [],
      })),
    )
  }

  bought(who: number, order: string, amount: number): number {
    this.#waiting.push(() => this.#places[who]!.forEach((place) => this.#buy(place, order, BigInt(amount))))
    return this.#purchases++
  }

  returned(who: number, order: string, amount: number): void {
    this.#waiting.push(() =>
      this.#places[who]!.forEach((place) => this.#takeReturn(place, order, BigInt(amount))),
    )
  }

  /** What was appended is read. */
  flush(nowMs: number): void {
    this.#nowMs = nowMs
    for (const act of this.#waiting) act()
    this.#waiting = []
  }

  expire(nowMs: number): void {
    for (const { lots } of this.#places.flat()) for (const lot of lots) if (lot.expiresMs <= nowMs) lapse(lot)
  }

  available(who: number, id: string): bigint {
    const { lots } = this.#place(who, id)
    return lots.reduce((sum, { left }) => sum + left, 0n)
  }

  balance(who: number, id: string): bigint {
    return this.available(who, id) - this.#place(who, id).debt
  }

  isMember(who: number, id: string): boolean {
    return this.#place(who, id).state === 'active'
  }

  spend(who: number, id: string, points: bigint): void {
    take(this.#place(who, id).lots, points)
  }

  leave(who: number, id: string): void {
    const place = this.#place(who, id)
    if (place.state !== 'active') return
    place.state = 'left'
    if (place.policy.forfeits) for (const lot of place.lots) lapse(lot)
  }

  rejoin(who: number, id: string, nowMs: number): void {
    this.#nowMs = nowMs
    this.#enrol(this.#place(who, id))
  }

  #place(who: number, id: string): Place {
    return this.#places[who]!.find(({ policy }) => policy.id === id)!
  }

  #enrol(place: Place): void {
    if (place.state === 'active') return
    place.state = 'active'
    if (!place.isWelcomed && place.policy.welcome > 0n) this.#credit(place, place.policy.welcome)
    place.isWelcomed = true
  }

  #credit(place: Place, points: bigint): Lot {
    const { days } = place.policy
    const expiresMs = days === null ? Infinity : (Math.floor(this.#nowMs / DAY_MS) + days + 1) * DAY_MS
    const paysDebt = place.debt < points ? place.debt : points
    place.debt -= paysDebt
    const lot = { expiresMs, left: points - paysDebt, lapsed: 0n }
    place.lots.push(lot)
    return lot
  }

  #buy(place: Place, order: string, base: bigint): void {
    if (place.state === 'none') this.#enrol(place)
    if (place.state !== 'active') return
    const points = (base * place.policy.rate) / 10_000n
    if (points === 0n) return
    const lot = this.#credit(place, points)
    place.bought.push({ order, points, base, returned: 0n, asked: 0n, lapsed: 0n, lot })
    this.#meet(place, order)
  }

  #takeReturn(place: Place, order: string, left: bigint): void {
    place.waiting.push({ order, left })
    this.#meet(place, order)
  }

  #meet(place: Place, order: string): void {
    for (const back of place.waiting.filter((one) => one.order === order)) {
      for (const bought of place.bought.filter((one) => one.order === order)) {
        const room = bought.base - bought.returned
        const minor = back.left < room ? back.left : room
        if (minor === 0n) continue
        back.left -= minor
        bought.returned += minor
        const kept = (bought.points * (bought.base - bought.returned)) / bought.base
        const points = bought.points - kept - bought.asked
        bought.asked += points
        // What has expired or was forfeited is gone already: it is not taken a second time.
        const gone = bought.lot.lapsed - bought.lapsed
        const lapsed = gone < points ? gone : points
        bought.lapsed += lapsed
        if (lapsed > 0n) this.lapses++
        if (points > lapsed) this.#takeBack(place, bought.lot, points - lapsed)
      }
    }
  }

  #takeBack(place: Place, lot: Lot, points: bigint): void {
    this.returns++
    const missing = take([...place.lots], take([lot], points))
    if (missing === 0n) return
    const { policy, state } = place
    const isForgiven = policy.onSpent === 'forgive' || (state === 'left' && policy.forfeits)
    const room = isForgiven ? 0n : policy.onSpent === 'debt' ? missing : policy.limit - place.debt
    const debt = missing < room ? missing : room > 0n ? room : 0n
    if (debt > 0n) this.debts++
    place.debt += debt
  }
}

/** What is left of a lot expires or is forfeited. */
function lapse(lot: Lot): void {
  lot.lapsed += lot.left
  lot.left = 0n
}

/** Takes from lots, the first to expire first; returns what was not there. */
function take(lots: Lot[], points: bigint): bigint {
  for (const lot of lots.toSorted((a, b) => a.expiresMs - b.expiresMs)) {
    const part = lot.left < points ? lot.left : points
    lot.left -= part
    points -= part
  }
  return points
}
