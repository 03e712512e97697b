import { z } from 'zod'
import type { CelType } from '../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'

const scalar = z.enum(['bool', 'int', 'double', 'string', 'timestamp', 'duration'])
const celType = z.union([scalar, z.strictObject({ list: scalar })])

const attributesSchema = z.strictObject({
  kind: z.literal('Attributes'),
  id: z.literal('subscriber'),
  description: z.string().optional(),
  /** Attribute name → type in expressions. */
  attributes: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/), celType),
})
export type AttributesDocument = z.infer<typeof attributesSchema>

/** `{ kind: 'Attributes', id: 'subscriber', attributes: { tenureMonths: 'int', … } }` */
export const attributesKind: DocumentKind = { kind: 'Attributes', schema: attributesSchema }

/** What expressions may read of `subscriber`: the declared attributes, none when nothing is declared. */
export function subscriberDeclarations(reader: DocumentReader): Record<string, CelType> {
  const document = reader.get('Attributes', 'subscriber') as AttributesDocument | undefined
  return document?.attributes ?? {}
}

/**
 * Checks attributes against their declaration and brings them to the form in which expressions read them:
 * timestamps become epoch milliseconds, durations milliseconds. Without a declaration anything is taken; with one
 * an undeclared name is refused, because no rule could ever read it. Null stands for "remove".
 */
export function checkAttributes(
  attributes: Record<string, unknown>,
  declared: Record<string, CelType> | undefined,
): { attributes: Record<string, unknown> } | { problem: Problem } {
  if (!declared) return { attributes }
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(attributes)) {
    const field = `attributes.${name}`
    const type = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (type === undefined) {
      const expected = Object.keys(declared).join(' | ')
      const message = `attribute "${name}" is not declared in the document Attributes`
      return { problem: { code: 'attribute_unknown', message, field, found: value, expected } }
    }
    const converted = value === null ? null : convert(value, type)
    if (converted === undefined) {
      const expected = typeof type === 'string' ? type : `list of ${nameOf(type.list)}`
      const message = `attribute "${name}" is of another type`
      return { problem: { code: 'attribute_type', message, field, found: value, expected } }
    }
    checked[name] = converted
  }
  return { attributes: checked }
}

/** Timestamps back as RFC 3339, for people and for other systems. */
export function viewAttributes(
  attributes: Record<string, unknown>,
  declared: Record<string, CelType>,
): Record<string, unknown> {
  const view = Object.entries(attributes).map(([name, value]) => {
    const isTime = declared[name] === 'timestamp' && typeof value === 'number'
    return [name, isTime ? Temporal.Instant.fromEpochMilliseconds(value).toString() : value]
  })
  return Object.fromEntries(view)
}

function convert(value: unknown, type: CelType): unknown {
  if (typeof type !== 'string') {
    if (!Array.isArray(value)) return undefined
    const list = value.map((item) => convert(item, type.list))
    return list.includes(undefined) ? undefined : list
  }
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined
    case 'int':
    case 'duration':
      return Number.isSafeInteger(value) ? value : undefined
    case 'double':
      return Number.isFinite(value) ? value : undefined
    case 'string':
      return typeof value === 'string' ? value : undefined
    case 'timestamp':
      return timestampMs(value)
  }
}

function timestampMs(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value !== 'string') return undefined
  try {
    return Temporal.Instant.from(value).epochMilliseconds
  } catch {
    return undefined
  }
}

const nameOf = (type: CelType): string => (typeof type === 'string' ? type : `list of ${nameOf(type.list)}`)
