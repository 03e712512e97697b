const FIRST_PLACES = 2 ** 10

/**
 * Phone number → subscriber: a number of at most 15 digits (E.164) is a whole number below 2^53, so a lookup needs no
 * text and makes no garbage. Open addressing with linear probing; nothing is ever taken out. Number and subscriber stand
 * beside each other, because at this size each look at the memory counts: 24 to 48 bytes a number.
 */
export class PhoneTable {
  /** Number, subscriber, number, subscriber, …; a number of 0 is a free place. */
  #pairs = new Float64Array(FIRST_PLACES * 2)
  #mask = FIRST_PLACES - 1
  #size = 0

  /** How many numbers there are. */
  get size(): number {
    return this.#size
  }

  /** The subscriber of a number, its digits read as one whole number; 0 when nobody has it. */
  get(digits: number): number {
    const pairs = this.#pairs
    for (let place = hashOf(digits) & this.#mask; ; place = (place + 1) & this.#mask) {
      const there = pairs[place * 2]!
      if (there === digits) return pairs[place * 2 + 1]!
      if (there === 0) return 0
    }
  }

  /** Adds a number, or gives it to another subscriber. `digits` is not 0. */
  set(digits: number, subscriberId: number): void {
    if (this.#size * 3 > this.#mask * 2) this.#grow()
    if (this.#put(digits, subscriberId)) this.#size++
  }

  #put(digits: number, subscriberId: number): boolean {
    const pairs = this.#pairs
    let place = hashOf(digits) & this.#mask
    while (pairs[place * 2] !== 0 && pairs[place * 2] !== digits) place = (place + 1) & this.#mask
    const isNew = pairs[place * 2] === 0
    pairs[place * 2] = digits
    pairs[place * 2 + 1] = subscriberId
    return isNew
  }

  #grow(): void {
    const old = this.#pairs
    this.#pairs = new Float64Array(old.length * 2)
    this.#mask = old.length - 1
    for (let i = 0; i < old.length; i += 2) if (old[i] !== 0) this.#put(old[i]!, old[i + 1]!)
  }
}

/** Numbers of one operator follow each other: every bit of them must reach the lowest ones. */
function hashOf(digits: number): number {
  let hash = Math.imul(digits | 0, 0x9e3779b1) ^ Math.imul((digits / 2 ** 32) | 0, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return hash ^ (hash >>> 13)
}

/**
 * The digits of `msisdn:+79991234567` as one whole number; undefined for every other identity. What stands behind
 * the plus sign is stored in that very spelling, so the number and the text are the same thing.
 */
export function phoneDigits(identity: string): number | undefined {
  if (!identity.startsWith('msisdn:+') || identity.length > 23 || identity.length < 9) return undefined
  let digits = 0
  for (let i = 8; i < identity.length; i++) {
    const digit = identity.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return undefined
    digits = digits * 10 + digit
  }
  return identity.charCodeAt(8) === 48 ? undefined : digits
}
