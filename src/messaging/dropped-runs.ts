import { hexAt } from './hex.ts'

/** So many ids share one tick: what stands in a set is forgotten when the tables know the last of them. */
const SET_RUNS = 262_144
/** A power of two of at least one and a half times as many. */
const PLACES = 524_288
const LAST_WORD = 2 * PLACES - 1

/**
 * The last 64 bits of ids by open addressing: 16 octets an id and no object, so that nobody walks over them. But for two
 * they are random or a hash's, and stand for the whole id.
 */
class IdSet {
  readonly #words = new Int32Array(2 * PLACES)
  size = 0
  /** The tables know all of these runs when they know this tick. */
  tick = 0

  has(high: number, low: number): boolean {
    const words = this.#words
    for (let at = 2 * placeOf(high, low); ; at = (at + 2) & LAST_WORD) {
      if (words[at] === high && words[at + 1] === low) return true
      if (words[at] === 0) return false
    }
  }

  add(high: number, low: number): void {
    const words = this.#words
    let at = 2 * placeOf(high, low)
    // The variant's two bits are set in every id (RFC 9562 §4.1), so that the first word of a place in use is not 0.
    while (words[at] !== 0) at = (at + 2) & LAST_WORD
    words[at] = high
    words[at + 1] = low
    this.size++
  }
}

const placeOf = (high: number, low: number): number => {
  const hash = Math.imul(high ^ (high >>> 15), 0x9e3779b1) ^ Math.imul(low ^ (low >>> 13), 0x85ebca6b)
  return (hash ^ (hash >>> 16)) & (PLACES - 1)
}

const highOf = (id: string): number => (hexAt(id, 19, 23) << 16) | hexAt(id, 24, 28)
const lowOf = (id: string): number => hexAt(id, 28, 36)

/** The runs that have left memory before the tables knew them. */
export class DroppedRuns {
  /** The oldest first. */
  #sets: IdSet[] = []
  readonly #watchers = new Set<Departures>()

  /** Adds a run that the tables know when they know `tick`. */
  add(runId: string, tick: number): void {
    let set = this.#sets.at(-1)
    if (set === undefined || set.size >= SET_RUNS) this.#sets.push((set = new IdSet()))
    const [high, low] = [highOf(runId), lowOf(runId)]
    if (!set.has(high, low)) set.add(high, low)
    set.tick = Math.max(set.tick, tick)
  }

  /** The tick that the tables must know before they may be believed about a run; undefined where they may. */
  tickOf(runId: string): number | undefined {
    if (this.#sets.length === 0) return undefined
    const [high, low] = [highOf(runId), lowOf(runId)]
    let tick: number | undefined
    for (const set of this.#sets) if (set.has(high, low)) tick = Math.max(tick ?? 0, set.tick)
    return tick
  }

  /** Forgets those of whom the tables know everything, but for who still watches. */
  forget(knows: (tick: number) => boolean): void {
    for (const { sets } of this.#watchers) for (const set of this.#sets) if (knows(set.tick)) sets.push(set)
    this.#sets = this.#sets.filter(({ tick }) => !knows(tick))
  }

  /** Begins to remember who is forgotten, until `unwatch`: what the tables said before may miss them. */
  watch(): Departures {
    const departures = new Departures()
    this.#watchers.add(departures)
    return departures
  }

  unwatch(departures: Departures): void {
    this.#watchers.delete(departures)
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0
  }
}

/** Who left memory while somebody was reading about them in the tables, and is known to these since. */
export class Departures {
  readonly sets: IdSet[] = []

  get isEmpty(): boolean {
    return this.sets.length === 0
  }

  has(runId: string): boolean {
    if (this.sets.length === 0) return false
    const [high, low] = [highOf(runId), lowOf(runId)]
    return this.sets.some((set) => set.has(high, low))
  }
}
