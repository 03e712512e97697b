import {
  compileFieldReader,
  type FieldReader,
  ID_BYTES_AT,
  SOURCE_BYTES_AT,
  TEXT_AT,
  TYPE_BYTES_AT,
  TYPE_HASH_AT,
  typeHash,
} from '../events/index.ts'
import type { CompiledRule, Listener } from './compile.ts'
import { buildRuleIndex, type RuleIndex } from './rule-index.ts'

/** A rule's way of reading an event type, as the partition runs it. */
export type Reading = { rule: CompiledRule; observe: Listener['observe'] }

/** The name of a type as records have it. */
type TypeText = { text: Uint8Array; view: DataView }

const typeText = (type: string): TypeText => {
  const text = Uint8Array.from(Buffer.from(type))
  return { text, view: new DataView(text.buffer) }
}

/** Everything about one event type that the live rules want of it. */
export type TypePlan = {
  type: TypeText
  reader: FieldReader
  index: RuleIndex
  readings: Reading[]
  /** Room for the numbers of the readings that an event matches. */
  matched: Int32Array
}

/**
 * Brings each record to the rules that may want it. For each event type that a live rule reads there is one reader of
 * just the fields that all of them need, and one index over their conditions.
 */
export class Dispatch {
  readonly #plans = new Map<number, TypePlan[]>()

  constructor(rules: CompiledRule[]) {
    const byType = Map.groupBy(
      rules.flatMap((rule) => rule.listeners.map((listener) => ({ rule, listener }))),
      ({ listener }) => listener.type,
    )
    for (const [type, readings] of byType) {
      const names = [...new Set(readings.flatMap(({ listener }) => listener.fields))]
      const entries = readings.map(({ listener }, rule) => ({
        rule,
        atoms: listener.atoms,
        holds: listener.holds,
      }))
      const plan: TypePlan = {
        type: typeText(type),
        reader: compileFieldReader(names.map((name) => ({ name }))),
        index: buildRuleIndex(entries),
        readings: readings.map(({ rule, listener }) => ({ rule, observe: listener.observe })),
        matched: new Int32Array(readings.length),
      }
      const hash = typeHash(type)
      this.#plans.set(hash, [...(this.#plans.get(hash) ?? []), plan])
    }
  }

  /** The plan for the record at `at` of `bytes`; undefined when no rule reads its type. */
  planFor(bytes: Buffer, view: DataView, at: number): TypePlan | undefined {
    const plans = this.#plans.get(view.getUint32(at + TYPE_HASH_AT, true))
    if (plans === undefined) return undefined
    const length = view.getUint16(at + TYPE_BYTES_AT, true)
    for (const plan of plans) if (isText(bytes, view, at + TEXT_AT, length, plan.type)) return plan
    return undefined
  }
}

/** Types of the same hash are nearly always the same: four bytes at once are compared, and what is left one by one. */
function isText(
  bytes: Buffer,
  view: DataView,
  at: number,
  length: number,
  { text, view: own }: TypeText,
): boolean {
  if (length !== text.length) return false
  let i = 0
  for (; i + 4 <= length; i += 4) if (view.getInt32(at + i, true) !== own.getInt32(i, true)) return false
  for (; i < length; i++) if (bytes[at + i] !== text[i]) return false
  return true
}

/** Where the data of the record at `at` begin. */
export function dataStart(view: DataView, at: number): number {
  return (
    at +
    TEXT_AT +
    view.getUint16(at + TYPE_BYTES_AT, true) +
    view.getUint16(at + SOURCE_BYTES_AT, true) +
    view.getUint16(at + ID_BYTES_AT, true)
  )
}
