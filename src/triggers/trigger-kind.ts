import { eventDeclarations } from '../events/index.ts'
import { type CelType, checkExpression, compileExpression, type Declarations } from '../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'
import { subscriberDeclarations } from '../profiles/index.ts'
import { nameOf } from './compile.ts'
import { type Trigger, triggerSchema } from './contract.ts'
import type { Scalar } from './rule-kind.ts'

type Fields = Record<string, CelType>
/** An event type that a rule reads, and where the rule names it. */
type Reading = { type: string; place: string; fields: Fields }

const scalars: CelType[] = ['bool', 'int', 'double', 'string']
const numbers: CelType[] = ['int', 'double']
const dates: CelType[] = ['string', 'timestamp']

/** The document kind `Trigger`, checked against the event types that it reads. */
export const triggerKind: DocumentKind = { kind: 'Trigger', schema: triggerSchema, check: checkTrigger }

/** Every problem of a rule that passed its schema: unknown event types and fields, wrong types, bad conditions. */
export function checkTrigger(trigger: Trigger, reader: DocumentReader): Problem[] {
  const problems = subscriberProblems(trigger, reader)
  if (trigger.on === undefined) return problems
  const on = readingOf(reader, trigger.on, 'on')
  if ('code' in on) return [on, ...problems]
  return [...problems, ...eventProblems(trigger, on, reader)]
}

/** What a rule says of the events that it reads. */
function eventProblems(trigger: Trigger, on: Reading, reader: DocumentReader): Problem[] {
  const { where, key, change, threshold, sequence, absence, emit } = trigger
  const problems = conditionProblems(where, { event: on.fields }, 'where')
  if (change) problems.push(...changeProblems(change, on.fields))
  if (threshold?.of) {
    const allowed = threshold.aggregate === 'distinct' ? scalars : numbers
    problems.push(...fieldProblems(threshold.of, on.fields, allowed, 'threshold.of'))
  }
  const readings = [on]
  if (absence) {
    const ends =
      absence.then === undefined ? [on] : known(readingOf(reader, absence.then, 'absence.then'), problems)
    for (const { fields } of ends) {
      problems.push(...conditionProblems(absence.thenWhere, { event: fields }, 'absence.thenWhere'))
    }
    readings.push(...ends)
  }
  if (sequence) {
    const steps = sequence.then.map((step, i) => readingOf(reader, step.on, `sequence.then.${i}.on`))
    const found = steps.flatMap((step) => known(step, problems))
    readings.push(...found)
    if (found.length === steps.length) problems.push(...sequenceProblems(sequence, readings))
  }
  if (key !== undefined) problems.push(...keyProblems(key, readings))
  emit?.forEach((path, i) => problems.push(...fieldProblems(path, on.fields, undefined, `emit.${i}`)))
  return problems
}

/** What a rule reads of the subscriber. */
function subscriberProblems({ subscriber, date }: Trigger, reader: DocumentReader): Problem[] {
  const declared = subscriberDeclarations(reader)
  const problems = conditionProblems(subscriber, { subscriber: declared }, 'subscriber')
  if (!date) return problems
  const type = typeOf(declared, date.field)
  const field = 'date.field'
  if (type === undefined) {
    const found = date.field
    const expected =
      attributesOf(declared).join(' | ') || 'an attribute that the document Attributes declares'
    const message = `no attribute "${nameOf(found)}" is declared`
    problems.push({ code: 'trigger_attribute_unknown', message, field, found, expected })
  } else problems.push(...typeProblems(date.field, type, dates, field))
  return problems
}

const attributesOf = (declared: Fields): string[] =>
  Object.entries(declared).flatMap(([name, type]) => (dates.includes(type) ? `subscriber.${name}` : []))

function changeProblems(change: NonNullable<Trigger['change']>, fields: Fields): Problem[] {
  const problems = fieldProblems(change.field, fields, scalars, 'change.field')
  if (problems.length > 0) return problems
  const type = fields[nameOf(change.field)]!
  for (const side of ['from', 'to'] as const) {
    for (const value of [change[side] ?? []].flat()) {
      if (fits(value, type)) continue
      problems.push({
        code: 'trigger_value_type',
        message: `${change.field} can never be ${JSON.stringify(value)}`,
        field: `change.${side}`,
        found: value,
        expected: nameOfType(type),
      })
    }
  }
  return problems
}

/** Conditions of the steps behind the first; `readings` are the types of all steps. */
function sequenceProblems(sequence: NonNullable<Trigger['sequence']>, readings: Reading[]): Problem[] {
  const problems: Problem[] = []
  const first = readings[0]!.fields
  sequence.then.forEach(({ where }, i) => {
    if (where === undefined) return
    const field = `sequence.then.${i}.where`
    const declarations = { event: readings[i + 1]!.fields, first, previous: readings[i]!.fields }
    const found = conditionProblems(where, declarations, field)
    problems.push(...found)
    if (found.length > 0) return
    const paths = compileExpression(where, declarations, 'bool').fields
    if (paths.every((path) => path.startsWith('event.'))) return
    for (const name of new Set(paths.map(nameOf))) problems.push(...keptProblems(name, readings, field))
  })
  return problems
}

/** A field that is compared between steps is remembered of every step: in one place, so it needs one type. */
function keptProblems(name: string, readings: Reading[], field: string): Problem[] {
  const given = readings.flatMap(({ type, fields }) =>
    Object.hasOwn(fields, name) ? { type, as: fields[name]! } : [],
  )
  const list = given.find(({ as }) => typeof as !== 'string')
  if (list) {
    const message = `"${name}" is a list, and only plain values are compared between steps`
    return [
      { code: 'trigger_field_type', message, field, found: nameOfType(list.as), expected: 'a plain value' },
    ]
  }
  const other = given.find(({ as }) => as !== given[0]!.as)
  if (!other) return []
  const found = `${nameOfType(given[0]!.as)} in ${given[0]!.type}, ${nameOfType(other.as)} in ${other.type}`
  const message = `"${name}" is compared between steps, and its type differs: ${found}`
  return [{ code: 'trigger_field_conflict', message, field, found, expected: 'one type in all steps' }]
}

/** Every event that a rule with a composite key reads must carry the key. */
function keyProblems(key: string, readings: Reading[]): Problem[] {
  const types = new Map(readings.map((reading) => [reading.type, reading]))
  return [...types.values()].flatMap(({ type, fields }) =>
    fieldProblems(key, fields, scalars, 'key').map((problem) => ({
      ...problem,
      message: `${problem.message}, in ${type}`,
    })),
  )
}

function readingOf(reader: DocumentReader, type: string, place: string): Reading | Problem {
  if (reader.get('EventType', type)) return { type, place, fields: eventDeclarations(reader, type) }
  const names = reader.list('EventType').map((eventType) => (eventType as { id: string }).id)
  return {
    code: 'trigger_event_type_unknown',
    message: `no event type "${type}"`,
    field: place,
    found: type,
    expected: names.sort().join(' | ') || 'an event type that is registered',
  }
}

/** The reading if there is one; a problem goes to the others. */
function known(reading: Reading | Problem, problems: Problem[]): Reading[] {
  if (!('code' in reading)) return [reading]
  problems.push(reading)
  return []
}

function fieldProblems(
  path: string,
  fields: Fields,
  allowed: CelType[] | undefined,
  field: string,
): Problem[] {
  const type = typeOf(fields, path)
  if (type === undefined) {
    const expected = Object.keys(fields)
      .map((name) => `event.${name}`)
      .join(' | ')
    const message = `the event has no field "${nameOf(path)}"`
    return [{ code: 'trigger_field_unknown', message, field, found: path, expected }]
  }
  return allowed ? typeProblems(path, type, allowed, field) : []
}

function typeProblems(path: string, type: CelType, allowed: CelType[], field: string): Problem[] {
  if (allowed.includes(type)) return []
  const expected = allowed.map(nameOfType).join(' | ')
  const message = `${path} is of type ${nameOfType(type)}`
  return [{ code: 'trigger_field_type', message, field, found: nameOfType(type), expected }]
}

function conditionProblems(source: string | undefined, declarations: Declarations, field: string): Problem[] {
  if (source === undefined) return []
  return checkExpression(source, declarations, 'bool').map((problem) => ({ ...problem, field }))
}

function typeOf(fields: Fields, path: string): CelType | undefined {
  const name = nameOf(path)
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function fits(value: Scalar, type: CelType): boolean {
  if (type === 'bool') return typeof value === 'boolean'
  if (type === 'int') return Number.isSafeInteger(value)
  if (type === 'double') return typeof value === 'number'
  return typeof value === 'string'
}

const nameOfType = (type: CelType): string =>
  typeof type === 'string' ? type : `list<${nameOfType(type.list)}>`
