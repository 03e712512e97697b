import { unitHash } from '../platform/index.ts'
import type { Spread } from './behaviour.ts'

/** What a draw is for. Two purposes never share a number, so adding one changes no other. */
export const purpose = {
  language: 1,
  timeZone: 2,
  tariff: 3,
  tenure: 4,
  consentSms: 5,
  consentDstk: 6,
  needRatio: 7,
  sessionsPerDay: 8,
  openingBalance: 9,
  topUpUsual: 10,
  topUpBelow: 11,
  importance: 12,
  halfLife: 13,
  priceSensitivity: 14,
  debtAversion: 15,
  neverBorrows: 16,
  pickiness: 17,
  planDays: 18,
  effort: 19,
  saver: 20,
  knowsPromisedPayment: 21,
  applet: 22,
  sleepShift: 23,
  ussdCarriage: 24,
  activation: 25,
  renewalMinute: 26,
  openingUse: 27,
  sessionGap: 40,
  sessionVolume: 41,
  paygHappens: 42,
  paygVolume: 43,
  wifi: 44,
  wifiDelay: 45,
  topUpDelay: 50,
  topUpDouble: 51,
  considers: 60,
  selfServiceTaste: 61,
  selfServiceDelay: 62,
  coverage: 70,
  coverageOffset: 71,
  smsRefused: 72,
  smsTransit: 73,
  receiptTransit: 74,
  receiptLost: 75,
  receiptDoubled: 76,
  throttle: 77,
  smsNever: 80,
  smsDelay: 81,
  smsTaste: 82,
  smsThink: 83,
  popUpTransit: 90,
  popUpSeen: 91,
  popUpTaste: 92,
  popUpThink: 93,
  popUpCancel: 94,
  orderFails: 100,
  orderBusy: 101,
} as const

export type Purpose = (typeof purpose)[keyof typeof purpose]

/**
 * Keyed randomness: a draw depends on the seed, the subscriber's key, the purpose and a counter (a small number
 * or a moment in epoch ms), never on the draws before it. So the order in which requests arrive decides nothing.
 *
 * `unitHash` of platform gives each subscriber a 32-bit seed once; the rest is the integer finaliser of
 * MurmurHash3 (Appleby, public domain), because a million draws are made in a run.
 */
export class Draws {
  readonly #seeds: Int32Array

  /** `keys[i]` is the stable key of subscriber i. */
  constructor(seed: string | number, keys: readonly string[]) {
    this.#seeds = Int32Array.from(keys, (key) => Math.floor(unitHash('simulator', seed, key) * 2 ** 32) | 0)
  }

  /** Uniform in (0, 1). */
  unit(subscriber: number, what: number, counter = 0): number {
    const high = Math.floor(counter / 0x100000000)
    let hash = mix(this.#seeds[subscriber]! ^ Math.imul(what, 0x9e3779b1))
    hash = mix(hash ^ Math.imul(counter | 0, 0x85ebca6b))
    if (high !== 0) hash = mix(hash ^ Math.imul(high, 0xc2b2ae35))
    return ((hash >>> 0) + 0.5) / 2 ** 32
  }

  /** True with probability `share`. */
  chance(share: number, subscriber: number, what: number, counter = 0): boolean {
    return this.unit(subscriber, what, counter) < share
  }

  /** Exponential with mean 1. */
  exponential(subscriber: number, what: number, counter = 0): number {
    return -Math.log(this.unit(subscriber, what, counter))
  }

  /** Standard normal (Box and Muller 1958); the second uniform comes from a purpose of its own. */
  normal(subscriber: number, what: number, counter = 0): number {
    const radius = Math.sqrt(-2 * Math.log(this.unit(subscriber, what, counter)))
    return radius * Math.cos(2 * Math.PI * this.unit(subscriber, what + 1000, counter))
  }

  /** Log-normal by median and sigma of the logarithm. */
  spread(spread: Spread, subscriber: number, what: number, counter = 0): number {
    return spread.median * Math.exp(spread.sigma * this.normal(subscriber, what, counter))
  }

  /** Standard Gumbel: the taste of a random-utility choice. */
  gumbel(subscriber: number, what: number, counter = 0): number {
    return -Math.log(-Math.log(this.unit(subscriber, what, counter)))
  }

  /** An item of a list by its share; shares sum to 1. */
  pick<T extends { share: number }>(items: readonly T[], subscriber: number, what: number): T {
    let left = this.unit(subscriber, what)
    for (const item of items) {
      left -= item.share
      if (left < 0) return item
    }
    return items[items.length - 1]!
  }
}

function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** A counter made from a text, for draws about one message: the same text at the same moment draws the same. */
export function textCounter(text: string, atMs: number): number {
  return Math.floor(unitHash(text, atMs) * 2 ** 48)
}
