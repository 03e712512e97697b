import { hashBytes, lastHash } from './hash.ts'
import { Window } from './window.ts'

/** The names of the fields of packed data, in their order; every record of one form bears the same ones. */
export type Layout = {
  names: string[]
  /** The names as records bear them, and the hash of that text. */
  text: Window
  hash: number
}

/** Beyond so many the memory of them starts anew: forms are few, but whoever sends decides about it. */
const MAX_LAYOUTS = 10_000

const byText = new Map<string, Layout>()
const byHash = new Map<number, Layout>()

/** The layout of these names. */
export function layoutOf(names: readonly string[]): Layout {
  // A line feed ends each name: in the text of JSON none stands for itself.
  const text = names.map((name) => `${JSON.stringify(name).slice(1, -1)}\n`).join('')
  return byText.get(text) ?? remembered(text, [...names])
}

/** The layout whose text is `bytes[start, end)`, with that hash. Throws when it is none. */
export function layoutAt(bytes: Buffer, start: number, end: number, hash: number): Layout {
  const near = byHash.get(hash)
  if (near !== undefined && near.text.bytes.compare(bytes, start, end) === 0) return near
  const text = bytes.toString('utf8', start, end)
  const known = byText.get(text)
  if (known !== undefined) return known
  const names = text.split('\n').slice(0, -1)
  return remembered(
    text,
    names.map((name) => JSON.parse(`"${name}"`) as string),
  )
}

function remembered(text: string, names: string[]): Layout {
  const bytes = Buffer.from(text)
  const window = new Window(bytes)
  hashBytes(window.view, 0, bytes.length)
  const layout = { names, text: window, hash: lastHash.lo }
  if (byText.size >= MAX_LAYOUTS) {
    byText.clear()
    byHash.clear()
  }
  byText.set(text, layout)
  byHash.set(layout.hash, layout)
  return layout
}
