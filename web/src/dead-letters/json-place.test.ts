import { describe, expect, it } from 'vitest'
import { placeOf, readable } from './json-place.ts'

const event = {
  id: 'a "quoted" \\ id',
  time: 'yesterday',
  data: { items: [{ price: 1 }, { price: -5, note: 'data' }], price: 7, 'with space': [] },
}
const text = readable(event)
const marked = (path: string): string | undefined => {
  const place = placeOf(text, path)
  return place && text.slice(place.start, place.end)
}

describe('the place of a field', () => {
  it('reaches from its name to the end of its value', () => {
    expect(marked('time')).toBe('"time": "yesterday"')
    expect(marked('id')).toBe(`"id": ${JSON.stringify(event.id)}`)
    expect(marked('data.price')).toBe('"price": 7')
    expect(marked('data.items.1.price')).toBe('"price": -5')
    expect(marked('/data/items/1/note')).toBe('"note": "data"')
    expect(marked('data.items[0].price')).toBe('"price": 1')
    expect(marked('data.with space')).toBe('"with space": []')
  })

  it('is what stands around it when it is missing', () => {
    expect(placeOf(text, 'data.volumeMb')).toMatchObject({ missing: true })
    expect(marked('data.volumeMb')).toMatch(/^"data": \{[^]*\}$/)
    expect(placeOf(text, 'subject')).toEqual({ start: 0, end: text.length, missing: true })
    expect(placeOf(text, 'time')?.missing).toBe(false)
  })

  it('is nowhere in what is no JSON', () => {
    expect(placeOf('{"a": ', 'a')).toBeUndefined()
    expect(placeOf('', 'a')).toBeUndefined()
    expect(placeOf('7', 'a')).toEqual({ start: 0, end: 1, missing: true })
  })
})

describe('the text of an event', () => {
  it('is indented, but not when it is nested so deep that nobody could read it', () => {
    expect(text).toContain('\n  "time"')
    let nested: unknown = '[[['
    expect(readable([[nested]]).split('\n').length).toBeGreaterThan(3)
    for (let i = 0; i < 3_000; i++) nested = [nested]
    expect(readable(nested)).toHaveLength(6_005)
  })
})
