import { expect, it } from 'vitest'
import { signsOf, zonesOf } from './abuse-scale.ts'

it('each level reaches up to the next one, the last to the end', () => {
  expect(zonesOf({ hold: 40, limit: { from: 60, pointsPerDay: '1' }, refuse: 90 })).toEqual([
    { level: 'free', from: 0, to: 40 },
    { level: 'hold', from: 40, to: 60 },
    { level: 'limit', from: 60, to: 90 },
    { level: 'refuse', from: 90, to: 100 },
  ])
  expect(zonesOf({ hold: 50 })).toEqual([
    { level: 'free', from: 0, to: 50 },
    { level: 'hold', from: 50, to: 100 },
  ])
})

it('a level that begins where the next one does has no place of its own', () => {
  expect(zonesOf({ hold: 50, refuse: 50 }).map(({ level }) => level)).toEqual(['free', 'refuse'])
})

it('signs stand by their weight', () => {
  const found = signsOf({
    signals: {
      velocity: [{ of: 'earned', withinHours: 1, times: 3, score: 20 }],
      manyToOne: { senders: 5, withinDays: 1, score: 70 },
      shared: [{ kind: 'device', on: ['a'], field: 'b', members: 2, withinDays: 1, score: 40 }],
    },
  })
  expect(found.map(({ sign, of, score }) => [sign, of, score])).toEqual([
    ['manyToOne', undefined, 70],
    ['shared', 'device', 40],
    ['velocity', 'earned', 20],
  ])
})
