import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'

import { activatedOn, baseCsv, makeBase } from './base.ts'
import { readBase } from './base-file.ts'
import { defaultBehaviour as b } from './behaviour.ts'
import { Calendar } from './calendar.ts'
import { due, Schedule } from './schedule.ts'

const fromMs = Date.parse('2026-01-05T00:00:00Z')
const mapPath = resolve(import.meta.dirname, '../../demo/telco-churn.map.yaml')

test('the same seed makes the same base; numbers are unique E.164', () => {
  const rows = makeBase(20_000, 5, fromMs, b)
  expect(makeBase(20_000, 5, fromMs, b)).toEqual(rows)
  expect(new Set(rows.map((row) => row.msisdn)).size).toBe(20_000)
  for (const row of rows) expect(row.msisdn).toMatch(/^\+7999\d{7}$/)
  for (const row of rows) expect(Date.parse(row.activatedOn)).toBeLessThanOrEqual(fromMs)
  const russian = rows.filter((row) => row.language === 'ru').length / rows.length
  expect(russian).toBeCloseTo(0.86, 1)
  expect(() => makeBase(0, 5, fromMs, b)).toThrow('out of range')
})

test('activation counts back whole months', () => {
  expect(activatedOn(fromMs, 0, 0)).toBe('2026-01-01')
  expect(activatedOn(fromMs, 0, 0.99)).toBe('2025-12-28')
  expect(activatedOn(fromMs, 13, 0)).toBe('2024-12-01')
})

const header =
  'customerID,tenure,InternetService,StreamingTV,StreamingMovies,Contract,MonthlyCharges,TotalCharges,Note'

test('a base from a file: columns shape the subscriber, blanks have their rule, originals stay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'base-'))
  const csvPath = join(folder, 'base.csv')
  const lines = ['a-1,34,Fiber optic,Yes,No,One year,70.35,1889.5,"x, y"', 'a-2,0,No,No,No,Two year,20,,']
  writeFileSync(csvPath, `${[header, ...lines].join('\n')}\n`)
  const [first, second] = readBase({ csvPath, mapPath }, 1, fromMs, b)
  expect(first).toMatchObject({ key: 'a-1', tenureMonths: 34, packageMb: 2000, monthlyFeeMinor: 35_000 })
  expect(first?.needRatio).toBeCloseTo(0.92, 10)
  expect(second).toMatchObject({ packageMb: 300, monthlyFeeMinor: 10_000, openingBalanceMinor: 1500 })
  const csv = [...baseCsv([first!, second!])].join('')
  const back = parse(csv, { columns: true }) as Record<string, string>[]
  expect(back[0]).toMatchObject({ customerID: 'a-1', Note: 'x, y', packageMb: '2000', account: 'A00000001' })
  writeFileSync(csvPath, `${header}\na-1,1,Satellite,No,No,One year,20,20,\n`)
  expect(() => readBase({ csvPath, mapPath }, 1, fromMs, b)).toThrow('Line 2 gives no')
  rmSync(folder, { recursive: true })
})

const shared = process.env['TENURE_SHARED_DATA'] ?? resolve(import.meta.dirname, '../../../shared/data')
const table = join(shared, 'telco-customer-churn.csv')
const isRequired = process.env['CI'] === 'true' || Boolean(process.env['TENURE_REQUIRE_SHARED_DATA'])
const isLeftOut = !existsSync(table) && !isRequired
if (isLeftOut) {
  const where = `${table} is not there (TENURE_SHARED_DATA names its folder)`
  process.stderr.write(`\nLEFT OUT: the base of 7,043 real subscribers, because ${where}\n`)
}

test.skipIf(isLeftOut)('the whole table of 7,043 subscribers is read, 11 blanks among them', () => {
  expect(existsSync(table), `${table} is required here`).toBe(true)
  const rows = readBase({ csvPath: table, mapPath }, 1, fromMs, b)
  expect(rows.length).toBe(7043)
  expect(rows.filter((row) => row.original?.['TotalCharges']?.trim() === '').length).toBe(11)
  expect(new Set(rows.map((row) => row.packageMb))).toEqual(new Set([300, 1000, 2000]))
})

test('the weekly rhythm: local evenings see more than nights, and time always moves on', () => {
  const calendar = new Calendar(['Asia/Vladivostok'], b)
  const seen = Array.from({ length: 24 }, () => 0)
  let at = fromMs
  for (let i = 0; i < 5000; i++) {
    const next = calendar.afterActivity(0, at, ((i * 7919) % 1000) / 500)
    expect(next).toBeGreaterThan(at)
    at = next
    seen[Math.floor(calendar.localHour(0, at))]!++
  }
  expect(seen[20]!).toBeGreaterThan(3 * seen[3]!)
  const days = (at - fromMs) / 86_400_000
  expect(days).toBeCloseTo((5000 * 0.999) / 24, -1)
})

test('months renew at local midnight', () => {
  const calendar = new Calendar(['Europe/Kyiv'], b)
  const winter = calendar.nextMonthDay(0, fromMs, 5, 0)
  expect(new Date(winter).toISOString()).toBe('2026-02-04T22:00:00.000Z')
  expect(new Date(calendar.nextMonthDay(0, Date.parse('2026-06-10T00:00:00Z'), 5, 30)).toISOString()).toBe(
    '2026-07-04T21:30:00.000Z',
  )
})

test('the schedule gives items back by time, then subscriber', () => {
  const schedule = new Schedule()
  const expected: [number, number][] = []
  for (let i = 0; i < 3000; i++) {
    const item: [number, number] = [(i * 7919) % 1009, i % 7]
    expected.push(item)
    schedule.add(item[0], item[1], due.session)
  }
  expected.sort(([a, c], [d, e]) => a - d || c - e)
  const item = { atMs: 0, subscriber: 0, kind: 0, act: undefined }
  const taken: [number, number][] = []
  while (schedule.take(2000, item)) taken.push([item.atMs, item.subscriber])
  expect(taken).toEqual(expected)
})
