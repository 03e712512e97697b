import { expect, it } from 'vitest'
import { durationOf, partsIn, partsOf } from './duration.ts'

it('shows a duration in its largest whole unit and writes it back', () => {
  expect(partsOf('PT15M')).toEqual({ count: 15, unit: 'minute' })
  expect(partsOf('PT23H')).toEqual({ count: 23, unit: 'hour' })
  expect(partsOf('P1DT12H')).toEqual({ count: 36, unit: 'hour' })
  expect(partsOf('PT120M')).toEqual({ count: 2, unit: 'hour' })
  expect(partsOf('PT48H')).toEqual({ count: 2, unit: 'day' })
  for (const text of ['PT15M', 'PT36H', 'P2D']) expect(durationOf(partsOf(text)!)).toBe(text)
  expect(partsOf('PT30S')).toBeUndefined()
})

it('stays in the unit in which somebody writes, where that is whole', () => {
  expect(partsIn({ count: 1, unit: 'day' }, 'hour')).toEqual({ count: 24, unit: 'hour' })
  expect(partsIn({ count: 0, unit: 'day' }, 'hour')).toEqual({ count: 0, unit: 'hour' })
  expect(partsIn({ count: 90, unit: 'minute' }, 'hour')).toEqual({ count: 90, unit: 'minute' })
})
