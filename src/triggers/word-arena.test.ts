import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WordArena } from './word-arena.ts'

test('runs that are in use never share a word, whatever was given back between them', () => {
  const anySteps = fc.array(
    fc.record({ words: fc.integer({ min: 1, max: 5_000 }), gives: fc.option(fc.nat(), { nil: null }) }),
    { maxLength: 80 },
  )
  fc.assert(
    fc.property(anySteps, (steps) => {
      const arena = new WordArena()
      const held: { run: Float64Array<ArrayBuffer>; mark: number }[] = []
      for (const [mark, { words, gives }] of steps.entries()) {
        if (gives !== null && held.length > 0) arena.give(held.splice(gives % held.length, 1)[0]!.run)
        const run = arena.take(words)
        expect(run.length).toBeGreaterThanOrEqual(words)
        run.fill(mark)
        held.push({ run, mark })
      }
      for (const { run, mark } of held) expect(run.every((word) => word === mark)).toBe(true)
    }),
  )
})

test('what was given back is put together and taken again: a buffer is not made twice', () => {
  const arena = new WordArena()
  const small = Array.from({ length: 32 }, () => arena.take(2 ** 8))
  const buffers = new Set(small.map((run) => run.buffer))
  for (const run of small) arena.give(run)
  const largest = Math.max(...[...buffers].map((buffer) => buffer.byteLength / 8))
  expect(buffers.has(arena.take(largest).buffer)).toBe(true)
})

test('a run longer than a chunk has a buffer of its own', () => {
  const arena = new WordArena()
  const long = arena.take(2 ** 20 + 1)
  expect(long.length).toBe(2 ** 21)
  arena.give(long)
  expect(arena.take(2 ** 20 + 1).buffer).not.toBe(long.buffer)
})
