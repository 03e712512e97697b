import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LinkCodes, NUMBERS } from './codes.ts'

const codes = new LinkCodes(Buffer.alloc(32, 7))
const number = fc.oneof(fc.integer({ min: 0, max: NUMBERS - 1 }), fc.integer({ min: 0, max: 100_000 }))

test('each number has a code of eight letters and digits, and the code gives it back', () => {
  fc.assert(
    fc.property(number, (n) => {
      const [code] = codes.encode(n, 1)
      expect(code).toMatch(/^[0-9A-Za-z]{8}$/)
      expect(codes.decode(code!)).toBe(n)
    }),
  )
})

test('codes made together are those made one by one, and none comes twice', () => {
  const together = codes.encode(8_388_600, 5_000)
  expect(together.slice(0, 20)).toEqual(
    Array.from({ length: 20 }, (_, i) => codes.encode(8_388_600 + i, 1)[0]),
  )
  expect(new Set(together).size).toBe(5_000)
})

test('neighbours and keys have nothing in common', () => {
  const first = codes.encode(0, 2_000)
  const same = first.filter((code, i) => i > 0 && code.slice(0, 3) === first[i - 1]!.slice(0, 3))
  expect(same.length).toBeLessThan(3)
  const others = new Set(new LinkCodes(Buffer.alloc(32, 8)).encode(0, 2_000))
  expect(first.filter((code) => others.has(code))).toEqual([])
})

test('codes that were tried at random hardly ever lead to one of ten million links in use', () => {
  const guesses = fc.sample(fc.stringMatching(/^[0-9A-Za-z]{8}$/), 2_000)
  const found = guesses.filter((guess) => (codes.decode(guess) ?? NUMBERS) < 10_000_000)
  // One try in seven million: once in some thousand runs of this test there is one, and never two.
  expect(found.length).toBeLessThan(2)
})

test.for(['', 'short', 'toolong12', 'with-sig', 'zzzzzzzz', 'Привет12'])('"%s" is no code', (text) => {
  expect(codes.decode(text)).toBeUndefined()
})
