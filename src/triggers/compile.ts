import { createHash } from 'node:crypto'
import { type Atom, type CelType, compileExpression, type Expression } from '../expressions/index.ts'
import type { Threshold as ThresholdDocument, Trigger } from './contract.ts'
import { durationMs } from './duration.ts'
import { Gate, type GateRule } from './gate.ts'
import { absenceKind, ENDS, STARTS } from './kinds/absence.ts'
import { changeKind } from './kinds/change.ts'
import { matchKind } from './kinds/match.ts'
import { type SequenceStep, sequenceKind } from './kinds/sequence.ts'
import { LARGEST_VALUE, type Threshold, thresholdKind } from './kinds/threshold.ts'
import { allHold } from './rule-index.ts'
import { codeOf, type EventFields, isScalar, type RuleKind, type Scalar } from './rule-kind.ts'
import { HEADER_WORDS } from './slice.ts'
import type { Texts } from './texts.ts'
import { type TrackRule, type Tracks, tracksFor } from './track.ts'

/** Fields that events of a type declare, by name. */
export type FieldsOf = (eventType: string) => Record<string, CelType>

/** One way in which a rule reads an event type. */
export type Listener = {
  type: string
  /** Fields of the event that it reads. */
  fields: string[]
  /** Conditions that hold whenever `holds` does, for the index. */
  atoms: Atom[]
  /** The condition; null when every event of the type is seen. */
  holds: ((event: EventFields) => boolean) | null
  /** Writes the entry's numbers from `values[2]` on; false when the rule does not see the event after all. */
  observe: ((event: EventFields, values: Float64Array) => boolean) | null
}

/** A rule ready to run. */
export type CompiledRule = TrackRule & {
  id: string
  /** Of what shapes its memory: two documents with the same digest can use the same memory. */
  digest: string
  /** What it does with its memory of one subscriber. */
  tracks: Tracks
  /** A rule that remembers nothing: each event stands alone. */
  isStateless: boolean
  /** Name of the composite key's field. */
  keyField: string | undefined
  /** Reads that field of an event. */
  keyOf: ((event: EventFields) => unknown) | undefined
  listeners: Listener[]
  emit: string[]
  backfill: boolean
  ceilingPerHour: number
  /** Only for thresholds: for explanations. */
  threshold: Threshold | undefined
  document: Trigger
}

/** What a rule needs beside its document. */
export type CompileContext = {
  fieldsOf: FieldsOf
  texts: Texts
  latenessMs: number
  pauses: GateRule['pauses']
  admits: GateRule['admits']
}

const unlimited = Number.POSITIVE_INFINITY

/** More firings in an hour of event time than this stop a rule that names no ceiling of its own. */
export const defaultCeilingPerHour = 1_000_000

type Shape = { kind: RuleKind; listeners: Listener[]; threshold?: Threshold }

/**
 * Compiles a saved rule that reads events. Throws `expression_invalid` when an event type has changed so that a
 * condition no longer fits it.
 */
export function compileRule(trigger: Trigger, number: number, context: CompileContext): CompiledRule {
  const { kind, listeners, threshold } = shapeOf(trigger, context)
  const keyField = trigger.key && nameOf(trigger.key)
  if (keyField !== undefined) for (const listener of listeners) listener.fields.push(keyField)
  const gate = new Gate({
    cooldownMs: trigger.cooldown === undefined ? 0 : durationMs(trigger.cooldown)!,
    limit: trigger.limit,
    validFromMs: trigger.validFrom === undefined ? -unlimited : msOf(trigger.validFrom),
    validToMs: trigger.validTo === undefined ? unlimited : msOf(trigger.validTo),
    pauses: context.pauses,
    admits: context.admits,
  })
  const shape = {
    number,
    kind,
    gate,
    headWords: HEADER_WORDS + (keyField === undefined ? 0 : 1),
    stateWords: kind.stateWords + gate.stateWords,
    stride: 2 + kind.values,
  }
  return {
    ...shape,
    tracks: tracksFor(shape),
    id: trigger.id,
    digest: digestOf(trigger, context.latenessMs),
    isStateless: kind === matchKind && gate.stateWords === 0,
    keyField,
    keyOf: keyField === undefined ? undefined : fieldGetter(keyField),
    listeners,
    emit: (trigger.emit ?? []).map(nameOf),
    backfill: trigger.backfill ?? false,
    ceilingPerHour: trigger.ceilingPerHour ?? defaultCeilingPerHour,
    threshold,
    document: trigger,
  }
}

/** Identifies what shapes a rule's memory, so that a new validity or description keeps it. */
export function digestOf(trigger: Trigger, latenessMs: number): string {
  const { on, where, key, match, change, threshold, sequence, absence, backfill } = trigger
  const gates = [trigger.cooldown ?? null, trigger.limit ?? null]
  const shape = [
    on,
    where,
    key,
    match,
    change,
    threshold,
    sequence,
    absence,
    backfill ?? false,
    gates,
    latenessMs,
  ]
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex')
}

/**
 * Reads one field of events. A function of its own for each field: such a read costs a nanosecond where `event[name]`
 * costs ten. The name is the only text of a document in it, and it is quoted.
 */
const fieldGetter = (name: string): ((event: EventFields) => unknown) =>
  new Function('event', `return event[${JSON.stringify(name)}]`) as (event: EventFields) => unknown

/** The name of a field without its `event.`. */
export const nameOf = (path: string): string => path.slice(path.indexOf('.') + 1)

function shapeOf(trigger: Trigger, context: CompileContext): Shape {
  const { change, threshold, sequence, absence } = trigger
  const on = trigger.on!
  const seen = listenerOf(on, trigger.where, context)
  if (change) {
    const field = nameOf(change.field)
    const read = fieldGetter(field)
    const observe: Listener['observe'] = (event, values) => {
      const value = read(event)
      if (!isScalar(value)) return false
      values[2] = codeOf(value)
      return true
    }
    return {
      kind: changeKind(listOf(change.from), listOf(change.to)),
      listeners: [{ ...seen, fields: [...seen.fields, field], observe }],
    }
  }
  if (threshold) return thresholdShape(threshold, seen)
  if (sequence) return sequenceShape(trigger, seen, context)
  if (absence) return absenceShape(trigger, absence, context)
  return { kind: matchKind, listeners: [seen] }
}

function thresholdShape(document: ThresholdDocument, seen: Listener): Shape {
  const { aggregate, of, window, reaches, fallsTo, rearm } = document
  const threshold: Threshold = {
    aggregate,
    window: durationMs(window) ?? (window as Exclude<Threshold['window'], number>),
    bound: (reaches ?? fallsTo)!,
    direction: reaches === undefined ? 'fallsTo' : 'reaches',
    rearm,
  }
  const kind = thresholdKind(threshold)
  if (of === undefined) return { kind, listeners: [seen], threshold }
  const field = nameOf(of)
  const read = fieldGetter(field)
  const observe: Listener['observe'] = (event, values) => {
    const value = read(event)
    if (aggregate === 'distinct') {
      if (!isScalar(value)) return false
      values[2] = codeOf(value)
      return true
    }
    if (typeof value !== 'number' || !(Math.abs(value) <= LARGEST_VALUE)) return false
    values[2] = value
    return true
  }
  return { kind, listeners: [{ ...seen, fields: [...seen.fields, field], observe }], threshold }
}

function absenceShape(
  { on, where }: Trigger,
  { then, thenWhere, within }: NonNullable<Trigger['absence']>,
  context: CompileContext,
): Shape {
  const starts = listenerOf(on!, where, context)
  // "Nothing after the last one" means nothing of the same sort: without `then` the condition is the same too.
  const ends = listenerOf(then ?? on!, then === undefined ? (thenWhere ?? where) : thenWhere, context)
  const kind = absenceKind(durationMs(within)!)
  if (starts.type !== ends.type) {
    const noting =
      (bit: number): Listener['observe'] =>
      (_event, values) => {
        values[2] = bit
        return true
      }
    return {
      kind,
      listeners: [
        { ...starts, observe: noting(STARTS) },
        { ...ends, observe: noting(ENDS) },
      ],
    }
  }
  const observe: Listener['observe'] = (event, values) => {
    const begins = starts.holds === null || starts.holds(event)
    const closes = ends.holds === null || ends.holds(event)
    values[2] = (begins ? STARTS : 0) + (closes ? ENDS : 0)
    return begins || closes
  }
  const isSame = thenWhere === undefined && (then === undefined || where === undefined)
  const both = { ...starts, fields: [...starts.fields, ...ends.fields], observe }
  return { kind, listeners: [isSame ? both : { ...both, atoms: [], holds: null }] }
}

type Step = { on: string; expression: Expression | undefined; bit: number }

function sequenceShape(trigger: Trigger, seen: Listener, context: CompileContext): Shape {
  const { then, within } = trigger.sequence!
  const first = context.fieldsOf(trigger.on!)
  const steps: Step[] = [{ on: trigger.on!, expression: undefined, bit: 1 }]
  then.forEach(({ on, where }, i) => {
    const declarations = {
      event: context.fieldsOf(on),
      first,
      previous: context.fieldsOf(steps[i]!.on),
    }
    const expression = where === undefined ? undefined : compileExpression(where, declarations, 'bool')
    steps.push({ on, expression, bit: 2 ** (i + 1) })
  })
  const kept = keptFields(steps, context)
  const chain = steps.map(({ bit, expression }): SequenceStep => {
    const looksBack = expression !== undefined && !readsEventAlone(expression)
    return { bit, holds: looksBack ? expression.toPredicate() : null }
  })
  const keptValues = kept.map(({ name }) => fieldGetter(name))
  const types = [...new Set(steps.map(({ on }) => on))]
  const listeners = types.map((type): Listener => {
    const own = steps.filter(({ on }) => on === type)
    const bits = own.map(({ bit, expression }) => {
      if (bit === 1) return { bit, holds: seen.holds }
      if (expression === undefined) return { bit, holds: null }
      // A condition on several events is asked when a chain is looked for; what it says of this one alone, now.
      const alone = readsEventAlone(expression)
      return {
        bit,
        holds: alone
          ? (expression.toPredicate() as Listener['holds'])
          : allHold(expression.conjuncts().filter(({ variable }) => variable === 'event')),
      }
    })
    const fields = own.flatMap(({ expression }) => fieldsRead(expression, 'event'))
    return {
      type,
      fields: [...(type === trigger.on ? seen.fields : []), ...fields, ...kept.map(({ name }) => name)],
      atoms: own.length > 1 ? [] : own[0]!.bit === 1 ? seen.atoms : (own[0]!.expression?.conjuncts() ?? []),
      holds: null,
      observe: (event, values) => {
        let seenBy = 0
        for (const { bit, holds } of bits) if (holds === null || holds(event)) seenBy += bit
        if (seenBy === 0) return false
        values[2] = seenBy
        keptValues.forEach((read, i) => (values[3 + i] = context.texts.encode(read(event))))
        return true
      },
    }
  })
  const fieldsOf = (words: Float64Array, entry: number): EventFields =>
    Object.fromEntries(
      kept.map(({ name, type }, i) => [name, context.texts.decode(words[entry + 3 + i]!, type)]),
    )
  return { kind: sequenceKind(chain, durationMs(within)!, 1 + kept.length, fieldsOf), listeners }
}

/** The fields that conditions between steps read, whichever of the events they read them of. */
function keptFields(steps: Step[], { fieldsOf }: CompileContext): { name: string; type: CelType }[] {
  const kept = new Map<string, CelType>()
  steps.forEach(({ on, expression }, i) => {
    if (expression === undefined || readsEventAlone(expression)) return
    const types = { event: on, first: steps[0]!.on, previous: steps[i - 1]!.on }
    for (const [variable, type] of Object.entries(types)) {
      for (const name of fieldsRead(expression, variable)) kept.set(name, fieldsOf(type)[name]!)
    }
  })
  return [...kept].map(([name, type]) => ({ name, type }))
}

const readsEventAlone = ({ fields }: Expression): boolean => fields.every((path) => path.startsWith('event.'))

const fieldsRead = (expression: Expression | undefined, variable: string): string[] =>
  (expression?.fields ?? []).filter((path) => path.startsWith(`${variable}.`)).map(nameOf)

function listenerOf(type: string, where: string | undefined, { fieldsOf }: CompileContext): Listener {
  if (where === undefined) return { type, fields: [], atoms: [], holds: null, observe: null }
  const expression = compileExpression(where, { event: fieldsOf(type) }, 'bool')
  return {
    type,
    fields: expression.fields.map(nameOf),
    atoms: expression.conjuncts(),
    holds: expression.toPredicate() as Listener['holds'],
    observe: null,
  }
}

const listOf = (value: Scalar | Scalar[] | undefined): Scalar[] | undefined =>
  value === undefined ? undefined : [value].flat()

const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
