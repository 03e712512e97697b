import { type Layout } from './layout.ts'
import { otherValue, packedLayout, WORDS_AT } from './packed-data.ts'
import { Window } from './window.ts'

/** Reads some fields of packed data, without looking at the others. */
export type FieldReader = {
  /** The fields of the data that were read last: one object, always with the same properties. */
  readonly event: Record<string, unknown>
  /**
   * Reads the data packed in `bytes[start, end)` into `event`; a field that they lack is undefined. False, with every
   * field undefined, when there are no data.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean
}

/** A reader of these fields. Code is generated once for each reader. */
export function compileFieldReader(fields: readonly { name: string }[]): FieldReader {
  return new WordReader(fields.map((field) => field.name))
}

/** Where the words of the wanted fields stand in data of one layout, counted from the data's beginning; 0 for none. */
type Places = { layout: Layout; words: Int32Array; textsAt: number }

type Load = (
  event: object,
  words: Int32Array,
  view: DataView,
  start: number,
  otherAt: (place: number) => unknown,
) => void

const noLayout: Layout = { names: [], text: new Window(Buffer.alloc(0)), hash: 0 }

class WordReader implements FieldReader {
  readonly event: Record<string, unknown>
  readonly #names: string[]
  readonly #load: Load
  /** Places by layout, and those of the data that were read last: mostly the next ones have the same. */
  readonly #known = new WeakMap<Layout, Places>()
  #places: Places
  /** The bytes that were given last: records come by the thousand from one chunk. */
  #given: Uint8Array | undefined
  #source = noLayout.text
  #start = 0

  constructor(names: string[]) {
    this.#names = names
    this.#places = this.#placesOf(noLayout)
    this.event = Object.fromEntries(names.map((name) => [name, undefined]))
    // Assignments to named properties stay monomorphic, where one by a name in a variable would look it up each time.
    const lines = names.map(
      (name, i) =>
        `place = words[${i}]; event[${JSON.stringify(name)}] = place === 0 ? undefined : ` +
        `(value = view.getFloat64(start + place, true)) === value ? value : otherAt(start + place)`,
    )
    const source = ['"use strict"', 'let place, value', ...lines].join('\n')
    this.#load = new Function('event', 'words', 'view', 'start', 'otherAt', source) as Load
  }

  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.#given) {
      this.#given = bytes
      this.#source = new Window(bytes)
    }
    const source = this.#source
    const { layout } = this.#places
    const namesBytes = layout.text.bytes.length
    const isSame =
      namesBytes >= 4 &&
      end - start >= WORDS_AT + namesBytes &&
      source.view.getInt32(start + 4, true) === namesBytes &&
      source.matches(end - namesBytes, layout.text, 0, namesBytes)
    const isRead = isSame || this.#turnTo(packedLayout(source, start, end))
    this.#start = start
    this.#load(this.event, this.#places.words, source.view, start, this.#otherAt)
    return isRead
  }

  readonly #otherAt = (place: number): unknown =>
    otherValue(this.#source, place, this.#start + this.#places.textsAt)

  /** Whether there is a layout. */
  #turnTo(layout: Layout | undefined): boolean {
    const known = this.#known.get(layout ?? noLayout)
    this.#places = known ?? this.#placesOf(layout ?? noLayout)
    return layout !== undefined
  }

  #placesOf(layout: Layout): Places {
    const words = Int32Array.from(this.#names, (name) => {
      const index = layout.names.indexOf(name)
      return index < 0 ? 0 : WORDS_AT + index * 8
    })
    const places = { layout, words, textsAt: WORDS_AT + layout.names.length * 8 }
    this.#known.set(layout, places)
    return places
  }
}
