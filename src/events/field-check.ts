import type { ValidateFunction } from 'ajv/dist/2020.js'
import { type Converter, converterOf } from './converter.ts'
import type { PropertySchema } from './event-type.ts'
import { compileSchema } from './schema.ts'

/** What one field of data must be, in a form that bytes are checked against; `any` leaves it to the schema compiler. */
export type FieldCheck = {
  kind: 'number' | 'integer' | 'boolean' | 'string' | 'time' | 'any'
  isNullable: boolean
  isRequired: boolean
  minimum: number
  maximum: number
  /** For numbers: the bounds themselves are refused. */
  isAboveMinimum: boolean
  isBelowMaximum: boolean
  /** For texts: characters (code points). */
  minLength: number
  maxLength: number
  pattern: RegExp | undefined
  allowed: Set<unknown> | undefined
  /** The field holds an identity of this kind. */
  identity: string | undefined
  validate: ValidateFunction | undefined
  convert: Converter | undefined
}

const annotations = new Set(['title', 'description', 'default', 'examples', '$comment', 'deprecated'])
const keywords: Record<string, string[]> = {
  number: ['type', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'enum'],
  integer: ['type', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'enum'],
  boolean: ['type'],
  string: ['type', 'minLength', 'maxLength', 'pattern', 'enum', 'format', 'x-identity'],
}

/** Compiles a property's schema; undefined when it speaks of something outside itself. */
export function compileFieldCheck(schema: PropertySchema, isRequired: boolean): FieldCheck | undefined {
  const types = [schema['type']].flat()
  const plain = types.filter((type) => type !== 'null')
  const known = plain.length === 1 ? keywords[String(plain[0])] : undefined
  const isNullable = plain.length < types.length
  const check = { ...emptyCheck, isRequired, isNullable, convert: converterOf(schema) }
  const isPlain =
    known !== undefined &&
    Object.keys(schema).every((key) => known.includes(key) || annotations.has(key)) &&
    !(isNullable && schema['enum'] !== undefined) &&
    (schema['format'] === undefined || schema['format'] === 'date-time')
  if (!isPlain) return compileAny(schema, check)
  const bound = (name: string): number | undefined => schema[name] as number | undefined
  const [above, below] = [bound('exclusiveMinimum'), bound('exclusiveMaximum')]
  // With both kinds of bound the stricter one counts; that is left to the schema compiler.
  if ((above ?? below) !== undefined && (bound('minimum') ?? bound('maximum')) !== undefined) {
    return compileAny(schema, check)
  }
  const { pattern, enum: allowed, 'x-identity': identity } = schema
  return {
    ...check,
    kind: schema['format'] === 'date-time' ? 'time' : (plain[0] as 'string'),
    minimum: above ?? bound('minimum') ?? -Infinity,
    maximum: below ?? bound('maximum') ?? Infinity,
    isAboveMinimum: above !== undefined,
    isBelowMaximum: below !== undefined,
    minLength: bound('minLength') ?? 0,
    maxLength: bound('maxLength') ?? Infinity,
    pattern: pattern === undefined ? undefined : new RegExp(pattern as string, 'u'),
    allowed: allowed === undefined ? undefined : new Set(allowed as unknown[]),
    identity: identity as string | undefined,
  }
}

const emptyCheck: FieldCheck = {
  kind: 'any',
  isNullable: false,
  isRequired: false,
  minimum: -Infinity,
  maximum: Infinity,
  isAboveMinimum: false,
  isBelowMaximum: false,
  minLength: 0,
  maxLength: Infinity,
  pattern: undefined,
  allowed: undefined,
  identity: undefined,
  validate: undefined,
  convert: undefined,
}

/** A reference leads out of the property, and a name inside it may be meant from elsewhere. */
function compileAny(schema: PropertySchema, check: FieldCheck): FieldCheck | undefined {
  if (/"\$(ref|dynamicRef|id|anchor|dynamicAnchor|defs)"/.test(JSON.stringify(schema))) return undefined
  return { ...check, validate: compileSchema(schema) }
}
