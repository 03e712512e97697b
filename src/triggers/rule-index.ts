import type { Atom, AtomValue } from '../expressions/index.ts'
import { buildIntervalTree, type IntervalTree } from './interval-tree.ts'
import { chooseConditions } from './rule-choice.ts'

/** The data of an event. */
export type EventData = Record<string, unknown>
type Condition = (event: EventData) => boolean
/**
 * One condition on events of the index's type. `atoms` are necessary conditions; those of other variables than
 * `event` are passed over. `holds` decides; where it is null the atoms decide, and without atoms it always holds.
 */
export type IndexEntry = { rule: number; atoms: Atom[]; holds: Condition | null }
/** Where `match` writes to: room for as many numbers as there are entries. */
export type RuleNumbers = Int32Array | number[]

/** The conditions on events of one type. */
export type RuleIndex = {
  /**
   * Writes the `rule` of every entry whose condition holds into `out`, once an entry, and returns how many. They come
   * in no particular order, but always in the same one for equal events.
   */
  match(event: EventData, out: RuleNumbers): number
}

/** Looks one value up: adds the rules that hold to `out` behind the first `count`, and returns the new count. */
type Lookup = (value: unknown, event: EventData, out: RuleNumbers, count: number) => number
/** Adds those rules of a list of entries that hold. */
type Visit = (list: number, event: EventData, out: RuleNumbers, count: number) => number

/**
 * Builds the index. An entry waits under the one of its conditions that the fewest events should satisfy: an equality
 * in a hash map, a range in an interval tree. So an event costs one lookup per indexed field, and then only the
 * entries whose chosen condition it satisfies.
 */
export function buildRuleIndex(entries: IndexEntry[]): RuleIndex {
  const conditions = entries.map(({ atoms }) => atoms.filter((atom) => atom.variable === 'event'))
  const { always, equalities, ranges } = chooseConditions(conditions)
  const trees = [...ranges].map(([field, { bounds, spans }]) => ({
    field,
    tree: buildIntervalTree(bounds, spans),
  }))
  const lists = [
    always,
    ...[...equalities.values()].flatMap((byValue) => [...byValue.values()]),
    ...trees.flatMap(({ tree }) => tree.held),
  ]
  const visit = visitor(lists, entries, conditions)
  const lookups: { field: string; lookup: Lookup }[] = []
  // Lists are numbered as they were put together above.
  let next = 1
  for (const [field, byValue] of equalities) {
    const listOf = new Map([...byValue.keys()].map((value) => [value, next++]))
    lookups.push({ field, lookup: equalityLookup(listOf, visit) })
  }
  for (const { field, tree } of trees) {
    lookups.push({ field, lookup: rangeLookup(tree, next, visit) })
    next += tree.held.length
  }
  return { match: matcher(lookups, (event, out) => visit(0, event, out, 0)) }
}

/** With more members than this in the lists, a function with a place for each would be too large to be fast. */
const MOST_WRITTEN_OUT = 100

function visitor(lists: number[][], entries: IndexEntry[], atoms: Atom[][]): Visit {
  const holds = entries.map((entry, index) => entry.holds ?? allHold(atoms[index]!))
  const members = lists.reduce((sum, list) => sum + list.length, 0)
  return members <= MOST_WRITTEN_OUT
    ? writtenOutVisitor(lists, entries, holds)
    : listVisitor(lists, entries, holds)
}

/** One function in which each condition is called at a place of its own: the engine puts its code there. */
function writtenOutVisitor(lists: number[][], entries: IndexEntry[], holds: Condition[]): Visit {
  const cases = lists.map((list, number) => {
    const lines = list.map((entry) => `if (holds${entry}(event)) out[count++] = ${entries[entry]!.rule}`)
    return `case ${number}: ${lines.join('; ')}; break`
  })
  const source = [
    '"use strict"',
    ...holds.map((_, entry) => `const holds${entry} = holds[${entry}]`),
    `return function visit(list, event, out, from) { let count = from; switch (list) { ${cases.join('\n')} } return count }`,
  ].join('\n')
  return (new Function('holds', source) as (holds: Condition[]) => Visit)(holds)
}

/** The lists end to end, each entry's condition and number beside it, so that a visit follows no pointers to lists. */
function listVisitor(lists: number[][], entries: IndexEntry[], holds: Condition[]): Visit {
  const members = lists.flat()
  const conditions = members.map((entry) => holds[entry]!)
  const rules = Int32Array.from(members, (entry) => entries[entry]!.rule)
  const starts = new Int32Array(lists.length + 1)
  for (const [index, list] of lists.entries()) starts[index + 1] = starts[index]! + list.length
  return (list, event, out, count) => {
    let written = count
    const end = starts[list + 1]!
    for (let index = starts[list]!; index < end; index++) {
      if (conditions[index]!(event)) out[written++] = rules[index]!
    }
    return written
  }
}

/** A whole number may come as a bigint; everything else stays what it is. */
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)

/**
 * Whether all of some conditions on the event hold. Each field is read by its name, as in `matcher`: the names are the
 * only text of a document in the code, and they are quoted.
 */
export function allHold(atoms: Atom[]): Condition {
  const tests = atoms.map(
    (atom) =>
      (value: unknown): boolean =>
        atomHolds(atom, plain(value)),
  )
  const terms = atoms.map(({ field }, index) => `test${index}(event[${JSON.stringify(field)}])`)
  const source = [
    '"use strict"',
    ...atoms.map((_, index) => `const test${index} = tests[${index}]`),
    `return function condition(event) { return ${['true', ...terms].join(' && ')} }`,
  ].join('\n')
  return (new Function('tests', source) as (of: typeof tests) => Condition)(tests)
}

function atomHolds(atom: Atom, value: unknown): boolean {
  if (atom.op === 'eq') return atom.values.includes(value as AtomValue)
  if (typeof value !== 'number') return false
  if (atom.op === 'lt') return value < atom.value
  if (atom.op === 'le') return value <= atom.value
  return atom.op === 'gt' ? value > atom.value : value >= atom.value
}

function equalityLookup(listOf: Map<unknown, number>, visit: Visit): Lookup {
  return (value, event, out, count) => {
    const list = listOf.get(typeof value === 'bigint' ? Number(value) : value)
    return list === undefined ? count : visit(list, event, out, count)
  }
}

/** `base` is the list of the tree's first node. */
function rangeLookup({ above, lowestAt }: IntervalTree, base: number, visit: Visit): Lookup {
  return (value, event, out, count) => {
    const number = typeof value === 'bigint' ? Number(value) : value
    if (typeof number !== 'number' || Number.isNaN(number)) return count
    let written = count
    for (let node = lowestAt(number); node >= 0; node = above[node]!) {
      written = visit(base + node, event, out, written)
    }
    return written
  }
}

/**
 * One function that reads each indexed field by its own name: such a read costs a nanosecond where `event[name]` in a
 * loop costs ten. The names are the only text of a document in it, and they are quoted.
 */
function matcher(
  lookups: { field: string; lookup: Lookup }[],
  always: (event: EventData, out: RuleNumbers) => number,
): RuleIndex['match'] {
  const lines = lookups.map(
    ({ field }, index) => `count = lookup${index}(event[${JSON.stringify(field)}], event, out, count)`,
  )
  const source = [
    '"use strict"',
    ...lookups.map((_, index) => `const lookup${index} = lookups[${index}].lookup`),
    `return function match(event, out) { let count = always(event, out); ${lines.join('; ')}; return count }`,
  ].join('\n')
  const factory = new Function('lookups', 'always', source) as (...data: unknown[]) => RuleIndex['match']
  return factory(lookups, always)
}
