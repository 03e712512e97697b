import { compared, membersAt } from './form-code.ts'
import { QUOTE, valueEnd } from './json-bytes.ts'
import type { Window } from './window.ts'

/** The attributes of a CloudEvent, in the order of their numbers. */
export const attributes = [
  'specversion',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'datacontenttype',
  'data',
  'data_base64',
]
export const [SPECVERSION, ID, SOURCE, TYPE, TIME, SUBJECT, CONTENT_TYPE, DATA] = [
  0, 1, 2, 3, 4, 5, 6, 7,
] as const

/** Where the attributes of a line begin and end, by their numbers. */
export type Places = { starts: Int32Array; ends: Int32Array }

/** An envelope in one form, which ends with the data. */
export type EnvelopeForm = {
  /** Bits of the attributes that are there, by their numbers. */
  met: number
  /** Finds the attributes of the line at `at`; returns where its data begin, or -1 when it has another form. */
  find(places: Places, source: Window, at: number, end: number): number
}

/**
 * Generates the code for lines that look like `bytes[start, end)`, which is right: the same attributes in the same
 * order with the same white space. Undefined where data are not the last of them, or some key is unusual.
 */
export function compileEnvelopeForm(bytes: Buffer, start: number, end: number): EnvelopeForm | undefined {
  const members = membersAt(bytes, start, end)?.members
  if (members?.at(-1)?.key !== 'data') return undefined
  const lines: string[] = []
  let met = 0
  let from = start
  for (const { key, start: first, end: last } of members) {
    const slot = attributes.indexOf(key)
    if (slot > DATA) return undefined
    met |= slot < 0 ? 0 : 1 << slot
    // Of these the value is always the same.
    if (slot === SPECVERSION || slot === CONTENT_TYPE) continue
    if (slot === DATA || slot < 0) {
      lines.push(compared(bytes, from, first))
      if (slot < 0) lines.push('at = valueEnd(bytes, at, end, 1); if (at < 0) return -1')
      from = last
    } else {
      if (bytes[first] !== QUOTE) return undefined
      lines.push(compared(bytes, from, first + 1))
      // The closing quote is compared with what follows.
      lines.push(`starts[${slot}] = at; at = source.plainEnd(at, end); ends[${slot}] = at`)
      from = last - 1
    }
  }
  const source = [
    '"use strict"',
    'return function find({ starts, ends }, source, at, end) {',
    'const { bytes, view } = source, limit = bytes.length',
    ...lines,
    'return at < end ? at : -1 }',
  ].join('\n')
  const find = new Function('valueEnd', source) as (end: typeof valueEnd) => EnvelopeForm['find']
  return { met, find: find(valueEnd) }
}
