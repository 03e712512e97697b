/** Random numbers of a benchmark: the same seed gives the same numbers on every machine. */
export type Draw = {
  /** Uniform in [0, 1). */
  unit(): number
  /** Uniform whole number in [0, n). */
  below(n: number): number
  /** Exponential with this mean: many small values, few large ones. */
  exponential(mean: number): number
  /** One of these, by weight. */
  pick<const T>(weighted: readonly (readonly [T, number])[]): T
}

/** Mulberry32 (T. Ettinger, public domain): 32 bits of state are plenty for data that only has to look alive. */
export function makeDraw(seed: number): Draw {
  let state = seed | 0
  const unit = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    unit,
    below: (n) => Math.floor(unit() * n),
    exponential: (mean) => -Math.log(1 - unit()) * mean,
    pick: (weighted) => {
      let left = unit() * weighted.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [value, weight] of weighted) if ((left -= weight) < 0) return value
      return weighted.at(-1)![0]
    },
  }
}
