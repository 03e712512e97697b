/*
 * Decimal digits four at once, in a word whose lowest byte is the first of them (D. Lemire, "Quickly parsing eight
 * digits", 2018; here by halves, for JavaScript multiplies 32 bits).
 */

/** How many of the four bytes of a word are digits before the first that is none. */
export function digitCount(word: number): number {
  const digits = word ^ 0x30303030
  // A byte above 9 reaches its high bit or has it. Carries go upwards: the lowest that is found is right.
  const others = ((digits + 0x76767676) | digits) & 0x80808080
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >> 3
}

/** The number that the first `count` bytes of a word spell, which are digits; 0 for none. */
export function digitsValue(word: number, count: number): number {
  if (count === 0) return 0
  const digits = (word & 0x0f0f0f0f) << ((4 - count) << 3)
  const pairs = (Math.imul(digits, 2561) >>> 8) & 0x00ff00ff
  return Math.imul(pairs, 6553601) >>> 16
}
