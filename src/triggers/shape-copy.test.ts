import { expect, test } from 'vitest'
import { shapeCopy } from './shape-copy.ts'

const makeCounter = (step: number): { next(): number } => {
  let count = 0
  return { next: () => (count += step) }
}

test('a copy does what the function does; rules of a shape share it, and what it makes is their own', () => {
  const [first, second] = [shapeCopy(makeCounter, 'one'), shapeCopy(makeCounter, 'another')]
  expect(first).not.toBe(second)
  expect(first).not.toBe(makeCounter)
  expect(shapeCopy(makeCounter, 'one')).toBe(first)
  const [three, four, five, own] = [first(3), first(4), second(5), makeCounter(7)]
  expect([three.next(), four.next(), three.next(), five.next(), own.next()]).toEqual([3, 4, 6, 5, 7])
})
