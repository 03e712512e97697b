import { expect, test } from 'vitest'
import { parseMoment } from './moment.ts'

test.for([
  ['2020-01-01 00:01:15', {}, '2020-01-01T00:01:15Z'],
  ['2020-01-01T00:01:15.25', { zone: 'Europe/Kyiv' }, '2019-12-31T22:01:15.25Z'],
  ['2020-07-01', { zone: 'Europe/Kyiv' }, '2020-06-30T21:00:00Z'],
  ['2020-01-01T03:00:00+03:00', { zone: 'Europe/Kyiv' }, '2020-01-01T00:00:00Z'],
  ['2020-01-01T00:00:00Z', {}, '2020-01-01T00:00:00Z'],
  ['31.12.2019 23:59', { format: 'dd.MM.yyyy HH:mm' }, '2019-12-31T23:59:00Z'],
  ['20191231235959', { format: 'yyyyMMddHHmmss' }, '2019-12-31T23:59:59Z'],
  ['1577836875000', { format: 'epochMs' }, '2020-01-01T00:01:15Z'],
  ['1577836875', { format: 'epochSeconds' }, '2020-01-01T00:01:15Z'],
] as const)('%s with %j is %s', ([text, rules, expected]) => {
  expect(parseMoment(text, rules)).toBe(expected)
})

test.for([
  ['yesterday', {}],
  ['2020-02-30 00:00:00', {}],
  ['31.02.2020', { format: 'dd.MM.yyyy' }],
  ['1.2.2020', { format: 'dd.MM.yyyy' }],
  ['01-02-2020', { format: 'dd.MM.yyyy' }],
  ['-5', { format: 'epochMs' }],
  ['2020-01-01 00:00:00', { zone: 'Mars/Olympus' }],
] as const)('%s with %j is no moment', ([text, rules]) => {
  expect(parseMoment(text, rules)).toBeUndefined()
})
