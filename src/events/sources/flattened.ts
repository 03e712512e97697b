import type { RawRow } from './cell.ts'
import { isRecord } from './segment.ts'

/** A JSON object as a row of texts; inner fields are named `a.b`, `a.0`. Undefined for any other text. */
export function flattened(text: string): RawRow | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const row: RawRow = {}
  flatten(value, '', row)
  return row
}

function flatten(value: unknown, path: string, row: RawRow): void {
  if (value === null || value === undefined) return
  if (typeof value !== 'object') {
    row[path] = String(value)
    return
  }
  for (const [name, inner] of Object.entries(value))
    flatten(inner, path === '' ? name : `${path}.${name}`, row)
}
