import type { RangeAtom } from '../expressions/index.ts'

/** An interval over the places of `Bounds`, both ends included. */
export type Span = { from: number; to: number }

/**
 * The distinct bounds of a field, ascending. They cut the line of numbers into places: 2i is what lies between bound
 * i − 1 and bound i, 2i + 1 is bound i itself. So an open end and a closed one are just different places.
 */
export type Bounds = Float64Array

/** The bounds that the conditions name. */
export function boundsOf(atoms: RangeAtom[]): Bounds {
  return Float64Array.from(new Set(atoms.map((atom) => atom.value))).sort()
}

/** How many bounds are smaller than the value, if it is known to be from `low` to `high`. */
function countBelow(bounds: Bounds, value: number, low = 0, high = bounds.length): number {
  let first = low
  let end = high
  while (first < end) {
    const middle = (first + end) >> 1
    if (bounds[middle]! < value) first = middle + 1
    else end = middle
  }
  return first
}

/** The places where all the conditions hold; `undefined` if they contradict each other. */
export function spanOf(bounds: Bounds, atoms: RangeAtom[]): Span | undefined {
  let from = 0
  let to = 2 * bounds.length
  for (const { op, value } of atoms) {
    const place = 2 * countBelow(bounds, value) + 1
    if (op === 'ge') from = Math.max(from, place)
    else if (op === 'gt') from = Math.max(from, place + 1)
    else if (op === 'le') to = Math.min(to, place)
    else to = Math.min(to, place - 1)
  }
  return from <= to ? { from, to } : undefined
}

/**
 * A segment tree over the places: each interval lies in O(log n) nodes, and the nodes from the root to a place hold
 * exactly the intervals that contain it, each once (J. L. Bentley, "Solutions to Klee's rectangle problems", 1977).
 * Nodes that hold nothing are left out of the way up, so that a place costs about as much as it answers.
 */
export type IntervalTree = {
  /** What each node holds. Nodes are numbered from 0. */
  held: number[][]
  /** The next node above, by node; −1 for none. */
  above: Int32Array
  /** The lowest node that contains the number, −1 for none. Not to be asked for NaN. */
  lowestAt(value: number): number
}

/** Builds the tree; `item` is what a query finds. */
export function buildIntervalTree(bounds: Bounds, spans: (Span & { item: number })[]): IntervalTree {
  const places = 2 * bounds.length + 1
  // The bottom-up layout: node k has the children 2k and 2k + 1, place p is the node places + p.
  const layout: number[][] = Array.from({ length: 2 * places }, () => [])
  for (const { from, to, item } of spans) {
    let left = from + places
    let right = to + places + 1
    while (left < right) {
      if (left & 1) layout[left++]!.push(item)
      if (right & 1) layout[--right]!.push(item)
      left >>= 1
      right >>= 1
    }
  }
  const held: number[][] = []
  const above: number[] = []
  // The nearest node that holds something, itself included, by place in the layout.
  const nearest = new Int32Array(2 * places).fill(-1)
  for (let node = 1; node < 2 * places; node++) {
    const parent = node === 1 ? -1 : nearest[node >> 1]!
    const items = layout[node]!
    nearest[node] = items.length === 0 ? parent : held.push(items) - 1
    if (items.length > 0) above.push(parent)
  }
  return { held, above: Int32Array.from(above), lowestAt: finder(bounds, nearest.slice(places)) }
}

/**
 * Finds a number's place and what is written there. Equal cells over the range of the bounds tell between which of
 * them to search: where the bounds are spread evenly no more than one or two are left, and a search of all would
 * mispredict half of its branches. Rounding may not put a larger number into a lower cell, and does not.
 */
function finder(bounds: Bounds, lowest: Int32Array): (value: number) => number {
  const least = bounds[0]!
  const most = bounds.at(-1)!
  const cells = 2 * bounds.length
  const scale = cells / (most - least)
  // NaN and infinity, when all bounds are one or lie too far or too near for a scale, become cell 0.
  const cellOf = (value: number): number => ((value - least) * scale) | 0
  const starts = new Int32Array(cells + 2)
  for (const bound of bounds) starts[cellOf(bound) + 1]!++
  for (let cell = 1; cell < starts.length; cell++) starts[cell]! += starts[cell - 1]!
  return (value) => {
    if (value < least) return lowest[0]!
    if (value > most) return lowest[2 * bounds.length]!
    const cell = cellOf(value)
    const below = countBelow(bounds, value, starts[cell]!, starts[cell + 1]!)
    return lowest[bounds[below] === value ? 2 * below + 1 : 2 * below]!
  }
}
