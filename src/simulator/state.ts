import type { Population } from './population.ts'

/** What changes about the subscribers. Index i of every array is subscriber i; moments are epoch ms, 0 is never. */
export class State {
  readonly balanceMinor: Float64Array
  readonly reservedMinor: Float64Array
  /** Part of the balance that came from a trust payment and is not spent yet. */
  readonly unspentLoanMinor: Float64Array
  readonly allowanceMb: Float64Array
  readonly usedMb: Float64Array
  readonly exhaustedAtMs: Float64Array
  /** When Wi-Fi comes within reach after this exhaustion; Infinity when it does not. */
  readonly wifiAtMs: Float64Array
  readonly renewalAtMs: Float64Array
  readonly topUpAtMs: Float64Array
  readonly lastUseMs: Float64Array
  /** Until then an accepted offer is being carried out and no other is considered. */
  readonly decidedUntilMs: Float64Array
  readonly annoyance: Float64Array
  readonly annoyanceAtMs: Float64Array
  readonly past90: Uint8Array
  readonly saving: Uint8Array
  /** The monthly fee could not be taken; data does not work until it is. */
  readonly barred: Uint8Array
  readonly advancesRepaid: Uint16Array
  /** Counters: they key the draws and the ids, and make the digest. */
  readonly sessions: Uint32Array
  readonly topUps: Uint32Array
  readonly events: Uint32Array
  readonly loans: Uint32Array
  readonly orders: Uint32Array
  readonly sales: Uint32Array
  readonly messages: Uint32Array
  readonly answers: Uint32Array

  constructor(people: Population) {
    const size = people.size
    this.balanceMinor = Float64Array.from(people.openingBalanceMinor)
    this.reservedMinor = new Float64Array(size)
    this.unspentLoanMinor = new Float64Array(size)
    this.allowanceMb = Float64Array.from(people.packageMb)
    this.usedMb = new Float64Array(size)
    this.exhaustedAtMs = new Float64Array(size)
    this.wifiAtMs = new Float64Array(size).fill(Infinity)
    this.renewalAtMs = new Float64Array(size)
    this.topUpAtMs = new Float64Array(size)
    this.lastUseMs = new Float64Array(size)
    this.decidedUntilMs = new Float64Array(size)
    this.annoyance = new Float64Array(size)
    this.annoyanceAtMs = new Float64Array(size)
    this.past90 = new Uint8Array(size)
    this.saving = new Uint8Array(size)
    this.barred = new Uint8Array(size)
    this.advancesRepaid = new Uint16Array(size)
    this.sessions = new Uint32Array(size)
    this.topUps = new Uint32Array(size)
    this.events = new Uint32Array(size)
    this.loans = new Uint32Array(size)
    this.orders = new Uint32Array(size)
    this.sales = new Uint32Array(size)
    this.messages = new Uint32Array(size)
    this.answers = new Uint32Array(size)
  }
}
