import type { Atom, AtomValue, EqualityAtom, RangeAtom } from '../expressions/index.ts'
import { type Bounds, boundsOf, type Span, spanOf } from './interval-tree.ts'

/** Where each entry waits, by its place in the list of entries. An entry that contradicts itself waits nowhere. */
export type Choice = {
  always: number[]
  /** Field → value → entries. */
  equalities: Map<string, Map<AtomValue, number[]>>
  ranges: Map<string, { bounds: Bounds; spans: (Span & { item: number })[] }>
}

type Option =
  | { share: number; field: string; values: Set<AtomValue> }
  | { share: number; field: string; atoms: RangeAtom[] }

/**
 * Chooses for each entry the one condition that should let the fewest events through. Without knowing the events, the
 * share of an equality is its part of the values that conditions name, and one for all others; the share of a range
 * is its part of the pieces into which the bounds of all conditions cut the line.
 */
export function chooseConditions(conditions: Atom[][]): Choice {
  const valuesOf = new Map<string, Set<AtomValue>>()
  const boundsByField = new Map<string, Bounds>()
  const atoms = conditions.flat()
  for (const [field, named] of Map.groupBy(atoms.filter(isEquality), (atom) => atom.field)) {
    valuesOf.set(field, new Set(named.flatMap((atom) => atom.values)))
  }
  for (const [field, named] of Map.groupBy(atoms.filter(isRange), (atom) => atom.field)) {
    boundsByField.set(field, boundsOf(named))
  }
  const choice: Choice = { always: [], equalities: new Map(), ranges: new Map() }
  const ranged: (Extract<Option, { atoms: RangeAtom[] }> & { item: number })[] = []
  for (const [item, own] of conditions.entries()) {
    const options = [...equalityOptions(own, valuesOf), ...rangeOptions(own, boundsByField)]
    if (options.some((option) => option.share === 0)) continue
    const [first, ...rest] = options
    if (!first) {
      choice.always.push(item)
      continue
    }
    const best = rest.reduce((least, option) => (option.share < least.share ? option : least), first)
    if ('values' in best) addEquality(choice, best.field, best.values, item)
    else ranged.push({ ...best, item })
  }
  for (const [field, chosen] of Map.groupBy(ranged, (option) => option.field)) {
    const bounds = boundsOf(chosen.flatMap((option) => option.atoms))
    const spans = chosen.map((option) => ({ ...spanOf(bounds, option.atoms)!, item: option.item }))
    choice.ranges.set(field, { bounds, spans })
  }
  return choice
}

function isEquality(atom: Atom): atom is EqualityAtom {
  return atom.op === 'eq'
}

function isRange(atom: Atom): atom is RangeAtom {
  return atom.op !== 'eq'
}

function equalityOptions(own: Atom[], valuesOf: Map<string, Set<AtomValue>>): Option[] {
  return own.filter(isEquality).map(({ field, values: listed }) => {
    const values = new Set(listed)
    return { share: values.size / (valuesOf.get(field)!.size + 1), field, values }
  })
}

/** All ranges of an entry on one field are one interval; an empty one has the share 0. */
function rangeOptions(own: Atom[], boundsByField: Map<string, Bounds>): Option[] {
  return [...Map.groupBy(own.filter(isRange), (atom) => atom.field)].map(([field, atoms]) => {
    const bounds = boundsByField.get(field)!
    const span = spanOf(bounds, atoms)
    return { share: span ? (span.to - span.from + 1) / (2 * bounds.length + 1) : 0, field, atoms }
  })
}

function addEquality(choice: Choice, field: string, values: Set<AtomValue>, item: number): void {
  const byValue = choice.equalities.get(field) ?? new Map<AtomValue, number[]>()
  choice.equalities.set(field, byValue)
  for (const value of values) {
    const list = byValue.get(value)
    if (list) list.push(item)
    else byValue.set(value, [item])
  }
}
