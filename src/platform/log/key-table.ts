/**
 * The upper half of a 64-bit key, spread evenly over 32 bits whatever the keys are like. Together with the lower half
 * it still says which key it is: for each lower half the step is one to one.
 */
export function spreadOf(lo: number, hi: number): number {
  let mixed = Math.imul(lo ^ (lo >>> 15) ^ 0x3c6ef372, 0x2c1b3c6d)
  mixed ^= mixed >>> 13
  return Math.imul(hi ^ mixed, 0x9e3779b1) >>> 0
}

const FIRST_BITS = 10

/** Slots behind the last home slot, so that searching need not go round and the order of slots is nearly sorted. */
const OVERHANG = 1024

/** Two to this power of slots make a block of sorted keys. */
const BLOCK_SLOT_BITS = 11

/** Slots that move to a larger table with each key that comes in: it is done long before that one is full. */
const SLOTS_A_MOVE = 8

/**
 * A set of 64-bit keys, each as its spread upper half and its lower half: open addressing over pairs of words, with
 * linear probing. The home slot is the top bits of the spread half, so the slots hold the keys nearly sorted, and
 * a part of the slots can be sorted without looking at the others. A free slot holds two zeros. It grows by doubling,
 * and moves over step by step, so that no key waits for all the others.
 */
export class KeyTable {
  count = 0
  #bits: number
  /** How many keys it holds before it grows. */
  #most: number
  #slots: Uint32Array
  /** The smaller table that is still being moved; it keeps all its keys until it is dropped. */
  #smaller: { slots: Uint32Array; bits: number; moved: number } | undefined

  constructor(bits = FIRST_BITS) {
    this.#bits = bits
    this.#most = 2 ** (bits - 1)
    this.#slots = slotsFor(bits)
  }

  /** An empty table with as much room. */
  emptied(): KeyTable {
    return new KeyTable(this.#bits)
  }

  /** Loads the home slot of a key into the processor's cache: many at once come in the time of one. */
  touch(spread: number): number {
    return this.#slots[(spread >>> (32 - this.#bits)) * 2]!
  }

  has(spread: number, lo: number): boolean {
    const second = secondWord(spread, lo)
    if (isIn(this.#slots, this.#bits, spread, second)) return true
    return this.#smaller !== undefined && isIn(this.#smaller.slots, this.#smaller.bits, spread, second)
  }

  /** Takes a key in. Whether it was not there yet. */
  add(spread: number, lo: number): boolean {
    const second = secondWord(spread, lo)
    if (this.#smaller && isIn(this.#smaller.slots, this.#smaller.bits, spread, second)) return false
    if (!this.#put(spread, second)) return false
    this.count++
    if (this.#smaller) this.#move(SLOTS_A_MOVE)
    // At most half full.
    if (this.count > this.#most) this.#grow()
    return true
  }

  #put(spread: number, second: number): boolean {
    const slots = this.#slots
    let at = (spread >>> (32 - this.#bits)) * 2
    for (;;) {
      const foundSpread = slots[at]!
      const foundLo = slots[at + 1]!
      if (foundSpread === spread && foundLo === second) return false
      if ((foundSpread | foundLo) === 0) break
      at += 2
    }
    slots[at] = spread
    slots[at + 1] = second
    // The last slot stays free, where every search ends.
    if (at >= slots.length - 4) {
      this.#slots = new Uint32Array(slots.length + OVERHANG * 2)
      this.#slots.set(slots)
    }
    return true
  }

  #grow(): void {
    this.#move(Number.POSITIVE_INFINITY)
    this.#smaller = { slots: this.#slots, bits: this.#bits, moved: 0 }
    this.#bits++
    this.#most *= 2
    this.#slots = slotsFor(this.#bits)
  }

  #move(slotCount: number): void {
    const smaller = this.#smaller
    if (!smaller) return
    const { slots } = smaller
    const end = Math.min(slots.length, smaller.moved + slotCount * 2)
    for (let at = smaller.moved; at < end; at += 2) {
      if ((slots[at]! | slots[at + 1]!) !== 0) this.#put(slots[at]!, slots[at + 1]!)
    }
    smaller.moved = end
    if (end === slots.length) this.#smaller = undefined
  }

  /** As how many blocks, a power of two, the keys can be had sorted. */
  get blocks(): number {
    return 2 ** Math.max(0, this.#bits - BLOCK_SLOT_BITS)
  }

  /** The keys of one block: those that `blockOf` says are there, in the order of their first words. */
  sortedBlock(block: number): Uint32Array {
    this.#move(Number.POSITIVE_INFINITY)
    const slots = this.#slots
    const blocks = this.blocks
    const homes = 2 ** this.#bits / blocks
    const first = block * homes
    let behind = first + homes
    // What found no room among its home slots stands behind them without a gap.
    while ((slots[behind * 2]! | slots[behind * 2 + 1]!) !== 0) behind++
    const sorted = new Uint32Array((behind - first) * 2)
    let end = 0
    for (let slot = first; slot < behind; slot++) {
      const spread = slots[slot * 2]!
      const lo = slots[slot * 2 + 1]!
      if ((spread | lo) === 0 || blockOf(spread, blocks) !== block) continue
      let at = end
      for (; at > 0 && sorted[at - 2]! > spread; at -= 2) {
        sorted[at] = sorted[at - 2]!
        sorted[at + 1] = sorted[at - 1]!
      }
      sorted[at] = spread
      sorted[at + 1] = lo
      end += 2
    }
    return sorted.slice(0, end)
  }
}

/** The block, of so many, that a key is in. */
export function blockOf(spread: number, blocks: number): number {
  return Math.floor((spread / 2 ** 32) * blocks)
}

/** Whether a sorted block holds a key. */
export function blockHas(block: Uint32Array, spread: number, lo: number): boolean {
  const second = secondWord(spread, lo)
  let low = 0
  let high = block.length / 2
  while (low < high) {
    const middle = (low + high) >>> 1
    if (block[middle * 2]! < spread) low = middle + 1
    else high = middle
  }
  for (let at = low * 2; at < block.length && block[at] === spread; at += 2) {
    if (block[at + 1] === second) return true
  }
  return false
}

/** The one key that looks like a free slot is taken for its neighbour. */
function secondWord(spread: number, lo: number): number {
  return (spread | lo) === 0 ? 1 : lo
}

function isIn(slots: Uint32Array, bits: number, spread: number, second: number): boolean {
  for (let at = (spread >>> (32 - bits)) * 2; ; at += 2) {
    const foundSpread = slots[at]!
    const foundLo = slots[at + 1]!
    if (foundSpread === spread && foundLo === second) return true
    if ((foundSpread | foundLo) === 0) return false
  }
}

function slotsFor(bits: number): Uint32Array {
  return new Uint32Array((2 ** bits + OVERHANG) * 2)
}
