import { expect, test } from 'vitest'
import { ownCopy } from './own-copy.ts'

const makeCounter = (step: number): { next(): number } => {
  let count = 0
  return { next: () => (count += step) }
}

test('a copy does what the function does, and shares nothing with it or with other copies', () => {
  const [first, second] = [ownCopy(makeCounter), ownCopy(makeCounter)]
  expect(first).not.toBe(second)
  expect(first).not.toBe(makeCounter)
  const [three, five, own] = [first(3), second(5), makeCounter(7)]
  expect([three.next(), three.next(), five.next(), own.next()]).toEqual([3, 6, 5, 7])
})
