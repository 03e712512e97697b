import { eventDeclarations } from '../events/index.ts'
import { type CelType, checkExpression } from '../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'
import { nameOf } from './compile.ts'
import { type Trigger, triggerSchema } from './contract.ts'
import type { Scalar } from './rule-kind.ts'

type Fields = Record<string, CelType>

/** The document kind `Trigger`, checked against the event types that it reads. */
export const triggerKind: DocumentKind = { kind: 'Trigger', schema: triggerSchema, check: checkTrigger }

/** Every problem of a rule that passed its schema: unknown event types and fields, wrong types, bad conditions. */
export function checkTrigger(trigger: Trigger, reader: DocumentReader): Problem[] {
  const { on, where, change, threshold, absence, emit } = trigger
  const fields = fieldsOf(reader, on, 'on')
  if ('code' in fields) return [fields]
  const problems = conditionProblems(where, fields.fields, 'where')
  if (change) problems.push(...changeProblems(change, fields.fields))
  if (threshold?.of) {
    problems.push(...fieldProblems(threshold.of, fields.fields, ['int', 'double'], 'threshold.of'))
  }
  if (absence) {
    const then = fieldsOf(reader, absence.then ?? on, 'absence.then')
    if ('code' in then) problems.push(then)
    else problems.push(...conditionProblems(absence.thenWhere, then.fields, 'absence.thenWhere'))
  }
  emit?.forEach((path, i) => problems.push(...fieldProblems(path, fields.fields, undefined, `emit.${i}`)))
  return problems
}

function changeProblems(change: NonNullable<Trigger['change']>, fields: Fields): Problem[] {
  const scalars: CelType[] = ['bool', 'int', 'double', 'string']
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

function fieldsOf(reader: DocumentReader, type: string, field: string): { fields: Fields } | Problem {
  if (reader.get('EventType', type)) return { fields: eventDeclarations(reader, type) }
  const known = reader.list('EventType').map((eventType) => (eventType as { id: string }).id)
  return {
    code: 'trigger_event_type_unknown',
    message: `no event type "${type}"`,
    field,
    found: type,
    expected: known.sort().join(' | ') || 'an event type that is registered',
  }
}

function fieldProblems(
  path: string,
  fields: Fields,
  allowed: CelType[] | undefined,
  field: string,
): Problem[] {
  const type = fields[nameOf(path)]
  if (type === undefined) {
    const expected = Object.keys(fields)
      .map((name) => `event.${name}`)
      .join(' | ')
    const message = `the event has no field "${nameOf(path)}"`
    return [{ code: 'trigger_field_unknown', message, field, found: path, expected }]
  }
  if (!allowed || allowed.includes(type)) return []
  const expected = allowed.map(nameOfType).join(' | ')
  const message = `${path} is of type ${nameOfType(type)}`
  return [{ code: 'trigger_field_type', message, field, found: nameOfType(type), expected }]
}

function conditionProblems(source: string | undefined, fields: Fields, field: string): Problem[] {
  if (source === undefined) return []
  return checkExpression(source, { event: fields }, 'bool').map((problem) => ({ ...problem, field }))
}

function fits(value: Scalar, type: CelType): boolean {
  if (type === 'bool') return typeof value === 'boolean'
  if (type === 'int') return Number.isSafeInteger(value)
  if (type === 'double') return typeof value === 'number'
  return typeof value === 'string'
}

const nameOfType = (type: CelType): string =>
  typeof type === 'string' ? type : `list<${nameOfType(type.list)}>`
