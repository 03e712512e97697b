import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ColumnReader } from './column-reader.ts'
import { ColumnWriter } from './column-writer.ts'

const count = fc.oneof(fc.nat(300), fc.nat({ max: Number.MAX_SAFE_INTEGER }))
const moment = fc.option(fc.integer({ min: -4.4e15, max: 4.4e15 }))
const row = fc.record({
  count,
  moment,
  text: fc.option(fc.string({ unit: 'binary' })),
  plain: fc.stringMatching(/^[a-z0-9-]{0,40}$/),
  own: fc.string({ unit: 'binary' }),
  word: fc.option(fc.constantFrom('', 'sms', 'маркетинг', 'delivered')),
  few: fc.option(fc.record({ a: fc.string({ unit: 'binary' }), b: fc.nat() }), { freq: 10 }),
})

test('columns are read as they were written, batch after batch', () => {
  const writer = new ColumnWriter()
  const base = Date.parse('2026-03-10T12:00:00Z')
  fc.assert(
    fc.property(fc.array(row, { maxLength: 50 }), fc.string({ unit: 'binary' }), (rows, text) => {
      writer.clear()
      writer.count(rows.length)
      writer.counts(rows, (r) => r.count)
      writer.near(rows, base, (r) => r.moment)
      writer.texts(rows, (r) => r.text)
      writer.texts(rows, (r) => r.plain)
      writer.text(text)
      writer.texts(rows, (r) => r.own)
      writer.words(rows, (r) => r.word)
      writer.few(rows, (r) => r.few)
      writer.count(Number.MAX_SAFE_INTEGER)
      const reader = new ColumnReader(Buffer.from(writer.octets()))
      const length = reader.count()
      const read = {
        counts: reader.counts(length),
        moments: reader.near(length, base),
        texts: reader.texts(length),
        plain: reader.ownTexts(length),
        text: reader.text(),
        own: reader.ownTexts(length),
        words: reader.words(length),
        few: reader.few(length),
        end: reader.count(),
      }
      // What is half of a surrogate pair cannot be stored anywhere.
      const whole = <T extends string | null>(value: T): T => (value?.toWellFormed() ?? null) as T
      expect(read).toEqual({
        counts: rows.map((r) => r.count),
        moments: rows.map((r) => r.moment),
        texts: rows.map((r) => whole(r.text)),
        plain: rows.map((r) => r.plain),
        text: whole(text),
        own: rows.map((r) => whole(r.own)),
        words: rows.map((r) => r.word),
        few: rows.map((r) => r.few),
        end: Number.MAX_SAFE_INTEGER,
      })
    }),
  )
})

test('a column larger than the buffer fits', () => {
  const writer = new ColumnWriter()
  const texts = Array.from({ length: 20_000 }, (_, i) => `${i} до полуночи`)
  writer.texts(texts, (text) => text)
  writer.counts(texts, (text) => text.length)
  const reader = new ColumnReader(writer.octets())
  expect(reader.texts(texts.length)).toEqual(texts)
  expect(reader.counts(texts.length)).toEqual(texts.map((text) => text.length))
})
