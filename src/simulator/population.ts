import type { BaseRow, Language } from './base.ts'
import type { Behaviour, Spread } from './behaviour.ts'
import { type Draws, purpose } from './draw.ts'

/** Who the subscribers are: fixed for a run. Index i of every array is subscriber i. */
export class Population {
  readonly size: number
  readonly keys: string[]
  readonly msisdn: string[]
  readonly account: string[]
  readonly language: Language[]
  readonly zones: string[]
  readonly zone: Uint8Array
  readonly tenureMonths: Int32Array
  readonly packageMb: Int32Array
  readonly monthlyFeeMinor: Int32Array
  readonly renewalDay: Uint8Array
  readonly renewalMinute: Uint8Array
  readonly needMbPerDay: Float64Array
  readonly sessionsPerDay: Float64Array
  readonly importance: Float64Array
  readonly halfLifeH: Float64Array
  readonly priceSensitivity: Float64Array
  /** Infinity for those who never borrow. */
  readonly debtAversion: Float64Array
  readonly pickiness: Float64Array
  readonly planDays: Float64Array
  readonly effortPerKey: Float64Array
  readonly openingBalanceMinor: Float64Array
  readonly topUpMinor: Int32Array
  readonly topUpBelowMinor: Int32Array
  readonly sleepShiftH: Float64Array
  readonly saver: Uint8Array
  readonly knowsPromisedPayment: Uint8Array
  readonly applet: Uint8Array
  readonly ussdOverSmpp: Uint8Array
  readonly #byMsisdn = new Map<string, number>()
  readonly #byAccount = new Map<string, number>()

  constructor(rows: readonly BaseRow[], draws: Draws, b: Behaviour) {
    const size = rows.length
    const each = (value: (row: BaseRow, index: number) => number): Float64Array =>
      Float64Array.from({ length: size }, (_, index) => value(rows[index]!, index))
    const drawn = (spread: Spread, what: number): Float64Array =>
      each((_, i) => draws.spread(spread, i, what))
    const having = (share: number, what: number): Uint8Array =>
      Uint8Array.from(each((_, i) => (draws.chance(share, i, what) ? 1 : 0)))
    this.size = size
    this.keys = rows.map((row) => row.key)
    this.msisdn = rows.map((row) => row.msisdn)
    this.account = rows.map((row) => row.account)
    this.language = rows.map((row) => row.language)
    this.zones = [...new Set(rows.map((row) => row.timeZone))]
    this.zone = Uint8Array.from(rows, (row) => this.zones.indexOf(row.timeZone))
    this.tenureMonths = Int32Array.from(rows, (row) => row.tenureMonths)
    this.packageMb = Int32Array.from(rows, (row) => row.packageMb)
    this.monthlyFeeMinor = Int32Array.from(rows, (row) => row.monthlyFeeMinor)
    this.renewalDay = Uint8Array.from(rows, (row) => Math.min(28, Number(row.activatedOn.slice(8, 10))))
    this.renewalMinute = Uint8Array.from(each((_, i) => draws.unit(i, purpose.renewalMinute) * 180))
    this.needMbPerDay = each((row, i) => {
      const ratio = { median: row.needRatio ?? b.need.ratio.median, sigma: b.need.ratio.sigma }
      return (draws.spread(ratio, i, purpose.needRatio) * row.packageMb) / 30.4
    })
    this.sessionsPerDay = each((row, i) => {
      const median = row.sessionsPerDay ?? b.need.sessionsPerDay.median
      return draws.spread({ median, sigma: b.need.sessionsPerDay.sigma }, i, purpose.sessionsPerDay)
    })
    this.importance = drawn(b.need.importance, purpose.importance)
    this.halfLifeH = drawn(b.exhaustion.halfLifeH, purpose.halfLife)
    this.priceSensitivity = drawn(b.choice.priceSensitivity, purpose.priceSensitivity)
    this.debtAversion = each((_, i) =>
      draws.chance(b.choice.neverBorrowShare, i, purpose.neverBorrows)
        ? Infinity
        : draws.spread(b.choice.debtAversion, i, purpose.debtAversion),
    )
    this.pickiness = drawn(b.choice.pickiness, purpose.pickiness)
    this.planDays = drawn(b.choice.planDays, purpose.planDays)
    this.effortPerKey = drawn(b.choice.effortPerKey, purpose.effort)
    const opening = b.money.openingBalance
    this.openingBalanceMinor = each((row, i) => {
      const median = row.openingBalanceMinor ?? row.monthlyFeeMinor * opening.median
      const drawnMinor = draws.spread({ median, sigma: opening.sigma }, i, purpose.openingBalance)
      return Math.round(Math.min(drawnMinor, 3 * row.monthlyFeeMinor + 10_000))
    })
    this.topUpMinor = Int32Array.from(rows, (row, i) => usualTopUp(row, i, draws, b))
    this.topUpBelowMinor = Int32Array.from(drawn(b.money.topUpBelowMinor, purpose.topUpBelow))
    this.sleepShiftH = each((_, i) => b.reading.sleepShiftH * draws.normal(i, purpose.sleepShift))
    this.saver = having(b.exhaustion.saverShare, purpose.saver)
    this.knowsPromisedPayment = having(b.selfService.knowsPromisedPaymentShare, purpose.knowsPromisedPayment)
    this.applet = having(1 - b.coverage.noAppletShare, purpose.applet)
    this.ussdOverSmpp = having(b.ussd.overSmppShare, purpose.ussdCarriage)
    for (let i = 0; i < size; i++) {
      this.#byMsisdn.set(this.msisdn[i]!, i)
      this.#byAccount.set(this.account[i]!, i)
    }
  }

  /** The subscriber with this number, with or without the leading plus. */
  byMsisdn(address: string): number | undefined {
    return this.#byMsisdn.get(address.startsWith('+') ? address : `+${address}`)
  }

  byAccount(account: string): number | undefined {
    return this.#byAccount.get(account)
  }
}

function usualTopUp(row: BaseRow, index: number, draws: Draws, b: Behaviour): number {
  const { topUpFactor, topUpStepMinor } = b.money
  const median = row.topUpMinor ?? row.monthlyFeeMinor * topUpFactor.median
  const amount = draws.spread({ median, sigma: topUpFactor.sigma }, index, purpose.topUpUsual)
  return Math.max(topUpStepMinor, Math.ceil(amount / topUpStepMinor) * topUpStepMinor)
}
