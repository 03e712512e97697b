import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import type { Problem } from '../platform/index.ts'
import { parseRfc3339 } from './rfc3339.ts'

/**
 * Compiles a JSON Schema (2020-12), strictly: an unknown keyword or format is an error, because a misspelt rule
 * would let everything through. Each schema has a compiler of its own, so that their `$id`s cannot meet.
 * Throws the compiler's error.
 */
export function compileSchema(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, verbose: true, logger: false })
  ajvFormats.default(ajv)
  // The house's own reading of a date-time, so that what is valid is exactly what the log can hold as a moment.
  ajv.addFormat('date-time', { type: 'string', validate: (text: string) => parseRfc3339(text) !== undefined })
  ajv.addKeyword({ keyword: 'x-identity', schemaType: 'string' })
  return ajv.compile(schema)
}

/** The first thing wrong with data, as a problem whose field is a path such as `data.items.0.price`. */
export function problemOfData(errors: ErrorObject[] | null | undefined): Problem {
  const error = errors?.[0]
  if (!error) return { code: 'event_data_invalid', message: 'data does not fit its schema', field: 'data' }
  const path = ['data', ...error.instancePath.split('/').slice(1).map(unescapePointer)]
  const { missingProperty, additionalProperty } = error.params as Record<string, string | undefined>
  const lacking = missingProperty ?? additionalProperty
  if (lacking !== undefined) path.push(lacking)
  const data = error.data as Record<string, unknown> | undefined
  const found = additionalProperty === undefined ? data : data?.[additionalProperty]
  return {
    code: 'event_data_invalid',
    message: `${path.join('.')} ${error.message ?? 'is not valid'}`,
    field: path.join('.'),
    ...(missingProperty === undefined ? { found } : {}),
    expected: expectation(error),
  }
}

function expectation(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'type':
      return [params['type']].flat().join(' | ')
    case 'enum':
      return (params['allowedValues'] as unknown[]).join(' | ')
    case 'const':
      return JSON.stringify(params['allowedValue'])
    case 'format':
      return params['format'] === 'date-time' ? 'RFC 3339 date-time' : String(params['format'])
    case 'required':
      return 'a value'
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `no field but ${Object.keys((error.parentSchema?.['properties'] as object) ?? {}).join(', ')}`
    default:
      return error.message ?? error.keyword
  }
}

const unescapePointer = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
