/** Runs of words are powers of two, from 2^LEAST_BITS on. */
const LEAST_BITS = 8
/** A chunk has up to 2^CHUNK_BITS words, 8 MB; a longer run has a buffer of its own. */
const CHUNK_BITS = 20
/** The first chunks are small, so that a small memory is. */
const FIRST_CHUNK_BITS = 10

/**
 * Room for the words of the slices of one partition: runs cut out of a few large buffers, halved and put together again
 * (the binary buddy system; Knowlton 1965). Slices grow and are put together all the time, and each array that they left
 * to the garbage collector would bring its next full run nearer, which stops everything for milliseconds. What is given
 * back may hold old numbers when it is taken again.
 */
export class WordArena {
  readonly #chunks: ArrayBuffer[] = []
  readonly #indexOf = new Map<ArrayBufferLike, number>()
  /** The places of free runs of 2^n words each, counted through all chunks as if each were a full one. */
  readonly #free = Array.from({ length: CHUNK_BITS + 1 }, () => new Set<number>())

  /** A run of at least so many words. */
  take(words: number): Float64Array<ArrayBuffer> {
    const bits = Math.max(LEAST_BITS, bitsFor(words))
    if (bits > CHUNK_BITS) return new Float64Array(2 ** bits)
    let found = bits
    while (found <= CHUNK_BITS && this.#free[found]!.size === 0) found++
    if (found > CHUNK_BITS) found = this.#addChunk(bits)
    const [place] = this.#free[found]!
    this.#free[found]!.delete(place!)
    while (found > bits) {
      found--
      this.#free[found]!.add(place! + 2 ** found)
    }
    const chunk = this.#chunks[Math.floor(place! / 2 ** CHUNK_BITS)]!
    return new Float64Array(chunk, (place! % 2 ** CHUNK_BITS) * 8, 2 ** bits)
  }

  /** Takes a run back; nobody may use it any more. */
  give(run: Float64Array<ArrayBuffer>): void {
    const index = this.#indexOf.get(run.buffer)
    if (index === undefined) return
    let bits = bitsFor(run.length)
    let place = index * 2 ** CHUNK_BITS + run.byteOffset / 8
    while (bits < CHUNK_BITS) {
      const isEven = place % 2 ** (bits + 1) === 0
      if (!this.#free[bits]!.delete(isEven ? place + 2 ** bits : place - 2 ** bits)) break
      if (!isEven) place -= 2 ** bits
      bits++
    }
    this.#free[bits]!.add(place)
  }

  /** One chunk more, with room for a run of 2^bits words; returns the bits of its size. */
  #addChunk(bits: number): number {
    const index = this.#chunks.length
    const size = Math.max(bits, Math.min(CHUNK_BITS, FIRST_CHUNK_BITS + index))
    const chunk = new ArrayBuffer(2 ** size * 8)
    this.#chunks.push(chunk)
    this.#indexOf.set(chunk, index)
    this.#free[size]!.add(index * 2 ** CHUNK_BITS)
    return size
  }
}

/** The least n with 2^n ≥ `words`. */
const bitsFor = (words: number): number =>
  words <= 2 ** 31 ? 32 - Math.clz32(words - 1) : Math.ceil(Math.log2(words))
