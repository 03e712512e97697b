import { expect, test } from 'vitest'
import { makeFormat } from '../format/format.ts'
import { readableValues } from './readable.ts'

test('what decided is told without brackets and in the reader\u2019s own time', () => {
  const format = makeFormat('en', { currency: 'RUB', currencyDecimals: 2, timeZone: 'Europe/Moscow' })
  const values = {
    from: { times: 8 },
    clubs: ['gamers', 'early'],
    rules: [{ per: 'day' }],
    until: '2026-03-30T09:20:00Z',
    sum: 170,
  }
  expect(readableValues(values, format)).toEqual({
    from: 'times 8',
    clubs: 'gamers, early',
    rules: 'per day',
    until: '30 Mar 2026, 12:20',
    sum: 170,
  })
})
