import { WordArena } from './word-arena.ts'

/*
 * The memory of up to 2^bits subscribers: everything that the rules of one partition remember of them, in a few typed
 * arrays. A checkpoint writes these arrays as they are, and a restart reads them back without building anything.
 *
 * Each subscriber has one block of 8-byte words, so that an event finds all it needs in one place:
 *   word 0   u32 words in use, u32 size class        word 1   time of the newest accepted event, epoch ms
 *   then     the tracks one behind another, for each rule (and value of a composite key) one:
 *     word 0   u32 rule number and flags, u32 words of the track
 *     then     the key (only for composite rules), and what track.ts keeps
 * Blocks come in size classes, each with a list of free ones.
 */

/** Words in front of a track's own. */
export const HEADER_WORDS = 1

const RULE_MASK = 0xffff
const FLAG_SHIFT = 16

/** Flag: the wait of the pending event was fired by the clock. */
export const CLOCK_FIRED = 1
/** Flag: the track stands in the timers. */
export const QUEUED = 2
/** Flag: the track has a state of its own, and is not entries alone. */
export const GROWN = 4

/** Words 2 to here are scratch: where a track's state now is worked out. */
export const SCRATCH = 2
const FIRST_BLOCK = 64
/** Words of a line of a processor's cache. */
const LINE_WORDS = 8
/** Words in front of a block's tracks. */
export const BLOCK_WORDS = 2
const FIRST_WORDS = 256
/** More words than these are moved by a call. */
const LONG_WORDS = 64
/** Below this a slice is too small to be worth tightening. */
const LEAST_LOOSE_WORDS = 2 ** 13

/**
 * Words of the blocks of each class: whole lines of a processor's cache, in steps of a third, and of a quarter where
 * they are large. Smaller steps would leave less room idle, but a block moves with each.
 */
const classWords: number[] = []
for (let size = 8; size <= 2 ** 26; size = Math.ceil((size * (size < 512 ? 1.34 : 1.25)) / 8) * 8)
  classWords.push(size)

/** The first class from `least` on whose blocks have so many words. */
const classOf = (words: number, least: number): number => {
  let place = least
  while (classWords[place]! < words) place++
  return place
}

const halvesOf = ({ buffer, byteOffset, length }: Float64Array<ArrayBuffer>): Uint32Array<ArrayBuffer> =>
  new Uint32Array(buffer, byteOffset, length * 2)

export class Slice {
  words: Float64Array<ArrayBuffer>
  halves: Uint32Array<ArrayBuffer>
  /** Where the words come from. */
  readonly arena: WordArena
  /** Words in use, from 0; place 0 is never a block. */
  used = FIRST_BLOCK
  /** Where each subscriber's block begins, 0 for none. */
  blocks: Uint32Array
  /** Words in use when the slice was put into as little room as it needs. */
  tightWords = 0
  /** Head of the list of free blocks of each class, 0 for none. */
  free = new Uint32Array(classWords.length)
  /** Events of these subscribers that stand before this log offset are in the memory already. */
  position = 0
  /** Changed since its last checkpoint. */
  isDirty = false
  /** The log offset up to which the last checkpoint of the slice goes; at first where the slice was made. */
  writtenTo: number

  /** `words` are room for so many at least. */
  constructor(bits: number, madeAt = 0, arena = new WordArena(), words = FIRST_WORDS) {
    this.arena = arena
    this.writtenTo = madeAt
    this.blocks = new Uint32Array(2 ** bits)
    this.words = arena.take(words)
    this.words.fill(0, 0, FIRST_BLOCK)
    this.halves = halvesOf(this.words)
  }

  /** Time of a subscriber's newest accepted event, epoch ms; -Infinity for none. */
  newestMs(subscriber: number): number {
    const block = this.blocks[subscriber]!
    return block === 0 ? Number.NEGATIVE_INFINITY : this.words[block + 1]!
  }

  /** The block then has room for at least `more` words beside those in use. */
  setNewestMs(subscriber: number, atMs: number, more = 0): void {
    const known = this.blocks[subscriber]!
    const block = this.#room(subscriber, (known === 0 ? BLOCK_WORDS : this.halves[known * 2]!) + more)
    this.words[block + 1] = atMs
    this.isDirty = true
  }

  /** Reads a word of each line of a subscriber's block, so that the processor has them at hand. */
  touch(subscriber: number): number {
    const { words, halves } = this
    const block = this.blocks[subscriber]!
    const end = block + halves[block * 2]!
    let touched = 0
    for (let at = block + LINE_WORDS; at < end; at += LINE_WORDS) touched += words[at]!
    return touched
  }

  /** The track of a rule, subscriber and key; 0 when there is none. `key` is undefined for rules without one. */
  find(rule: number, subscriber: number, key: number | undefined): number {
    const block = this.blocks[subscriber]!
    if (block === 0) return 0
    const { halves } = this
    const end = block + halves[block * 2]!
    for (let place = block + BLOCK_WORDS; place < end; place += halves[place * 2 + 1]!) {
      const isRule = (halves[place * 2]! & RULE_MASK) === rule
      if (isRule && (key === undefined || this.words[place + HEADER_WORDS] === key)) return place
    }
    return 0
  }

  /** Adds a track of `words` words, unwritten behind the header and key; there must be none. Other tracks may move. */
  add(rule: number, subscriber: number, key: number | undefined, words: number): number {
    const inUse = this.blocks[subscriber] === 0 ? BLOCK_WORDS : this.halves[this.blocks[subscriber]! * 2]!
    const block = this.#room(subscriber, inUse + words)
    const place = block + inUse
    this.halves[block * 2] = inUse + words
    this.halves[place * 2] = rule
    this.halves[place * 2 + 1] = words
    if (key !== undefined) this.words[place + HEADER_WORDS] = key
    return place
  }

  /** The same track with room for `words` words. It and the subscriber's other tracks may move; returns where it is. */
  grow(subscriber: number, place: number, words: number): number {
    const size = this.halves[place * 2 + 1]!
    if (words <= size) return place
    const old = this.blocks[subscriber]!
    const inUse = this.halves[old * 2]!
    const block = this.#room(subscriber, inUse + words - size)
    const grown = place - old + block
    this.#shift(grown + size, block + inUse, words - size)
    this.halves[grown * 2 + 1] = words
    this.halves[block * 2] = inUse + words - size
    return grown
  }

  /**
   * A copy of the first `words` words of a track of another slice; there must be none for its rule, subscriber and key
   * here.
   */
  take(from: Slice, place: number, subscriber: number, key: number | undefined, words: number): number {
    const taken = this.add(from.ruleOf(place), subscriber, key, words)
    for (let i = 1; i < words; i++) this.words[taken + i] = from.words[place + i]!
    this.halves[taken * 2] = from.halves[place * 2]!
    this.isDirty = true
    return taken
  }

  ruleOf(place: number): number {
    return this.halves[place * 2]! & RULE_MASK
  }

  /** Words of a track. */
  sizeOf(place: number): number {
    return this.halves[place * 2 + 1]!
  }

  hasFlag(place: number, flag: number): boolean {
    return ((this.halves[place * 2]! >>> FLAG_SHIFT) & flag) !== 0
  }

  setFlag(place: number, flag: number, on: boolean): void {
    const bit = flag << FLAG_SHIFT
    if (on) this.halves[place * 2]! |= bit
    else this.halves[place * 2]! &= ~bit
  }

  /** The tracks of a subscriber, which must not move meanwhile. */
  *tracksOf(subscriber: number): Generator<number> {
    const block = this.blocks[subscriber]!
    if (block === 0) return
    const end = block + this.halves[block * 2]!
    for (let place = block + BLOCK_WORDS; place < end; place += this.halves[place * 2 + 1]!) yield place
  }

  /** Forgets the tracks of a subscriber, but not how far its events have come. */
  clear(subscriber: number): void {
    const block = this.blocks[subscriber]!
    if (block === 0) return
    this.halves[block * 2] = BLOCK_WORDS
    this.isDirty = true
  }

  /** Sees to it that the block of a subscriber has room for so many words. */
  reserve(subscriber: number, words: number): void {
    this.#room(subscriber, words)
  }

  /** Gives back what the block made last has too much. */
  trim(subscriber: number): void {
    const block = this.blocks[subscriber]!
    const klass = classOf(this.halves[block * 2]!, 0)
    this.halves[block * 2 + 1] = klass
    this.used = block + classWords[klass]!
  }

  /** Makes room for so many words; those in use stay. */
  resize(words: number): void {
    const resized = this.arena.take(Math.max(words, this.used))
    resized.set(this.words.subarray(0, this.used))
    this.release()
    this.words = resized
    this.halves = halvesOf(resized)
  }

  /** Gives the words back; the slice must not be used any more. */
  release(): void {
    this.arena.give(this.words)
  }

  /** True when it has doubled since it was tight: by blocks left behind, and by what nobody can see any more. */
  get isLoose(): boolean {
    return this.used > LEAST_LOOSE_WORDS && this.used > this.tightWords * 2
  }

  /** Bytes that the slice has in use. */
  get bytes(): number {
    return this.used * 8 + this.blocks.byteLength + this.free.byteLength
  }

  /** Moves words [from, to) up by `by`. They are few as a rule, and for those a loop is faster than a call. */
  #shift(from: number, to: number, by: number): void {
    const { words } = this
    if (to - from > LONG_WORDS) words.copyWithin(from + by, from, to)
    else for (let at = to - 1; at >= from; at--) words[at + by] = words[at]!
  }

  /** The block of a subscriber with room for `words` words, moved or made if need be. */
  #room(subscriber: number, words: number): number {
    const old = this.blocks[subscriber]!
    const oldClass = old === 0 ? 0 : this.halves[old * 2 + 1]!
    if (old !== 0 && classWords[oldClass]! >= words) return old
    const klass = classOf(words, oldClass)
    if (old !== 0 && this.used === old + classWords[oldClass]!) {
      // The last block has nothing behind it, and grows where it is.
      this.#use(old + classWords[klass]!)
      this.halves[old * 2 + 1] = klass
      return old
    }
    const block = this.#allocate(klass)
    if (old === 0) {
      this.halves[block * 2] = BLOCK_WORDS
      this.words[block + 1] = Number.NEGATIVE_INFINITY
    } else {
      const inUse = this.halves[old * 2]!
      for (let i = 0; i < inUse; i++) this.words[block + i] = this.words[old + i]!
      this.halves[old * 2] = this.free[oldClass]!
      this.free[oldClass] = old
    }
    this.halves[block * 2 + 1] = klass
    this.blocks[subscriber] = block
    return block
  }

  /** A free block names its successor in its first half. */
  #allocate(klass: number): number {
    const freed = this.free[klass]!
    if (freed !== 0) {
      this.free[klass] = this.halves[freed * 2]!
      return freed
    }
    const block = this.used
    this.#use(block + classWords[klass]!)
    return block
  }

  #use(words: number): void {
    this.used = words
    if (words > this.words.length) this.resize(Math.max(words, this.words.length * 2))
  }
}
