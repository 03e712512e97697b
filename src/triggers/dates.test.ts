import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { type Database, json, newId } from '../platform/index.ts'
import { Audience } from './audience.ts'
import { periodAt } from './calendar.ts'
import type { Trigger } from './contract.ts'
import { type DatesResult, runDates } from './dates.ts'

const HOUR_MS = 3_600_000
const TENANT_ZONE = 'Europe/Berlin'
const zones = [TENANT_ZONE, 'America/Santiago', 'Asia/Tokyo', 'Australia/Lord_Howe', 'Pacific/Kiritimati']
const declarations = { birth: 'string', joined: 'timestamp', tier: 'string' } as const

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

type DateRule = Trigger & { date: NonNullable<Trigger['date']> }
type Person = { subscriberId: number; zone: string | null; birth: unknown; joined: unknown; tier: string }
type Pauses = { fromMs: number; toMs: number }[]

/** A tenant with its subscribers and date rules, and a clock that is told. */
class World {
  readonly tenantId = `t-${newId()}`
  readonly people: Person[] = []
  readonly pauses: Pauses = []
  readonly #audience = new Audience({
    database: stores.database,
    tenantId: this.tenantId,
    timeZone: TENANT_ZONE,
    refreshEveryMs: 0,
  })

  async add(given: Omit<Person, 'subscriberId'>[]): Promise<number[]> {
    const rows = await stores.database.tx(this.tenantId, (tx) =>
      tx.query<{ id: number }>(
        `insert into profiles.subscriber (tenant_id, attributes, time_zone, created_at)
         select current_setting('tenure.tenant_id'), attributes, zone, now()
         from unnest($1::jsonb[], $2::text[]) with ordinality as given (attributes, zone, place)
         order by place returning subscriber_id as id`,
        [
          given.map(({ birth, joined, tier }) => json({ birth, joined, tier })),
          given.map(({ zone }) => zone),
        ],
      ),
    )
    given.forEach((person, i) => this.people.push({ ...person, subscriberId: rows[i]!.id }))
    return rows.map(({ id }) => id)
  }

  async run(triggers: Trigger[], nowMs: number, database: Database = stores.database): Promise<DatesResult> {
    await this.#audience.refresh(triggers, declarations)
    const pausesOf = (): Pauses => this.pauses
    return runDates({
      database,
      tenantId: this.tenantId,
      audience: this.#audience,
      triggers,
      pausesOf,
      nowMs,
    })
  }

  async fired(): Promise<string[]> {
    const rows = await stores.database.tx(this.tenantId, (tx) =>
      tx.query<{ ruleId: string; id: number; at: Temporal.Instant; values: { date: string } }>(
        `select rule_id as "ruleId", subscriber_id as id, fired_at as at, values from triggers.firing`,
      ),
    )
    return rows.map((row) => `${row.ruleId} ${row.id} ${row.at.toString()} ${row.values.date}`).sort()
  }
}

/** The database of a process that dies behind its n-th statement of a transaction that writes. */
function dying(statements: number): Database {
  let left = statements
  const live = (): void => {
    if (left-- <= 0) throw new Error('killed')
  }
  return {
    ...stores.database,
    tx: (tenantId, work) =>
      stores.database.tx(tenantId, async (tx) => {
        const result = await work({
          ...tx,
          query: async (...call) => {
            const rows = await tx.query(...call)
            live()
            return rows as never
          },
          execute: (...call) => {
            tx.execute(...call)
            live()
          },
        })
        live()
        return result
      }),
  }
}

/** The same by counting forward from every date, and by looking at the clock every quarter of an hour. */
function expected(rule: DateRule, people: Person[], readings: [number, number][], pauses: Pauses): string[] {
  const { field, every, days, at } = rule.date
  const firings: string[] = []
  for (const person of people) {
    const zone = person.zone ?? TENANT_ZONE
    const first = plainDate(person[field === 'subscriber.birth' ? 'birth' : 'joined'], zone)
    if (first === undefined || (rule.subscriber !== undefined && person.tier !== 'gold')) continue
    const kept: number[] = []
    for (const [fromMs, toMs] of readings) {
      for (const { date, atMs } of momentsOf(at, zone, fromMs, toMs).slice(-3)) {
        const occurrence = date.subtract({ days })
        if (!occurrences(first, every, occurrence.year).includes(occurrence.toString())) continue
        if (rule.validFrom !== undefined && atMs < Date.parse(rule.validFrom)) continue
        if (rule.validTo !== undefined && atMs >= Date.parse(rule.validTo)) continue
        if (pauses.some((pause) => atMs >= pause.fromMs && atMs < pause.toMs)) continue
        if (rule.limit) {
          const { per, times } = rule.limit
          const fromPeriodMs = per === 'ever' ? 0 : periodAt(atMs, zone, per).fromMs
          if (kept.filter((ms) => ms >= fromPeriodMs).length >= times) continue
        }
        kept.push(atMs)
        const time = Temporal.Instant.fromEpochMilliseconds(atMs).toString()
        firings.push(`${rule.id} ${person.subscriberId} ${time} ${occurrence.toString()}`)
      }
    }
  }
  return firings
}

function plainDate(value: unknown, zone: string): Temporal.PlainDate | undefined {
  if (typeof value === 'number')
    return new Temporal.ZonedDateTime(BigInt(value) * 1_000_000n, zone).toPlainDate()
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(String(value))?.slice(1).map(Number)
  if (!parts) return undefined
  const [year, month, day] = parts as [number, number, number]
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
    ? new Temporal.PlainDate(year, month, day)
    : undefined
}

function occurrences(first: Temporal.PlainDate, every: string, year: number): string[] {
  if (every === 'once') return [first.toString()]
  const months = every === 'month' ? 1 : 12
  const found: string[] = []
  for (let n = Math.max(1, Math.floor(((year - first.year - 1) * 12) / months)); ; n++) {
    const date = first.add({ months: n * months })
    if (date.year > year) return found
    found.push(date.toString())
  }
}

const moments = new Map<string, { date: Temporal.PlainDate; atMs: number }[]>()

function momentsOf(
  at: string,
  zone: string,
  fromMs: number,
  toMs: number,
): { date: Temporal.PlainDate; atMs: number }[] {
  const key = `${at} ${zone} ${fromMs} ${toMs}`
  const known = moments.get(key)
  if (known) return known
  const found: { date: Temporal.PlainDate; atMs: number }[] = []
  const local = (ms: number): Temporal.PlainDateTime =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDateTime()
  let wanted = local(fromMs - 24 * HOUR_MS)
    .toPlainDate()
    .toPlainDateTime(at)
  for (let ms = Math.floor(fromMs / 900_000) * 900_000 - 48 * HOUR_MS; ms <= toMs; ms += 900_000) {
    while (Temporal.PlainDateTime.compare(local(ms), wanted) >= 0) {
      if (ms > fromMs) found.push({ date: wanted.toPlainDate(), atMs: ms })
      wanted = wanted.add({ days: 1 })
      // The next one is hours away.
      ms += 20 * HOUR_MS
    }
  }
  moments.set(key, found)
  return found
}

const starts = [
  '2024-02-25T11:10',
  '2023-02-25T00:00',
  '2024-03-28T23:50',
  '2024-10-01T09:20',
  '2023-12-28T06:00',
]
const anyWorld = fc.record({
  startMs: fc.constantFrom(...starts).map((text) => Date.parse(`${text}:00Z`)),
  hours: fc.array(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 130 })), {
    minLength: 2,
    maxLength: 8,
  }),
  deaths: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 6 }),
  pause: fc.option(fc.tuple(fc.integer({ min: 0, max: 96 }), fc.integer({ min: 1, max: 60 }))),
})
const anyRule = fc.record({
  field: fc.constantFrom('subscriber.birth', 'subscriber.joined'),
  every: fc.constantFrom('once', 'year', 'month'),
  days: fc.oneof(fc.constant(0), fc.integer({ min: -3, max: 3 }), fc.integer({ min: -366, max: 366 })),
  at: fc.constantFrom('00:00', '02:00', '02:15', '02:30', '10:00', '23:45'),
  limit: fc.option(
    fc.record({
      times: fc.integer({ min: 1, max: 2 }),
      per: fc.constantFrom('day', 'week', 'month', 'ever'),
    }),
    { nil: undefined, freq: 3 },
  ),
  isGoldOnly: fc.boolean(),
  validHours: fc.option(fc.tuple(fc.integer({ min: 0, max: 72 }), fc.integer({ min: 0, max: 200 })), {
    freq: 3,
  }),
})
const anyPerson = fc.record({
  zone: fc.constantFrom(null, ...zones),
  rule: fc.nat(),
  near: fc.integer({ min: -1, max: 9 }),
  yearsBack: fc.integer({ min: 0, max: 5 }),
  monthsBack: fc.integer({ min: 0, max: 3 }),
  hour: fc.integer({ min: 0, max: 23 }),
  special: fc.constantFrom(
    undefined,
    undefined,
    undefined,
    '2020-02-29',
    '2023-01-31',
    '2021-02-30',
    'unknown',
  ),
  tier: fc.constantFrom('gold', 'basic'),
})

test('fires as counting forward from every date does, with clock changes, leap days, standstills and kills', async () => {
  let all = 0
  await fc.assert(
    fc.asyncProperty(
      anyWorld,
      fc.array(anyRule, { minLength: 1, maxLength: 4 }),
      fc.array(anyPerson, { minLength: 10, maxLength: 60 }),
      async ({ startMs, hours, deaths, pause }, ruleParts, personParts) => {
        const rules = ruleParts.map(({ isGoldOnly, validHours, limit, ...date }, i): DateRule => {
          const at = (n: number): string => new Date(startMs + n * HOUR_MS).toISOString()
          return {
            kind: 'Trigger',
            id: `rule-${i}`,
            date,
            ...(limit && { limit }),
            ...(isGoldOnly && { subscriber: 'subscriber.tier == "gold"' }),
            ...(validHours && { validFrom: at(validHours[0]), validTo: at(validHours[0] + validHours[1]) }),
          }
        })
        const people = personParts.map(({ zone, rule, near, yearsBack, monthsBack, hour, special, tier }) => {
          const { days, every } = ruleParts[rule % ruleParts.length]!
          const back =
            every === 'once' ? { years: 0 } : { years: yearsBack, months: every === 'month' ? monthsBack : 0 }
          const today = Temporal.Instant.fromEpochMilliseconds(startMs)
            .toZonedDateTimeISO('UTC')
            .toPlainDate()
          const date = today.add({ days: near - days }).subtract(back)
          const joined = Date.parse(`${date.toString()}T00:00:00Z`) + hour * HOUR_MS
          return { zone, birth: special ?? date.toString(), joined, tier }
        })
        const world = new World()
        await world.add(people)
        if (pause) {
          const fromMs = startMs + pause[0] * HOUR_MS
          world.pauses.push({ fromMs, toMs: fromMs + pause[1] * HOUR_MS })
        }
        await world.run(rules, startMs)
        const readings: [number, number][] = []
        let nowMs = startMs
        let [fired, due] = [0, 0]
        for (const [i, step] of hours.entries()) {
          const fromMs = nowMs
          nowMs += step * HOUR_MS + i * 60_000
          readings.push([fromMs, nowMs])
          const death = deaths[i]
          // A process that dies in one rule has stored the rules before it: they fire now, and not again.
          if (death !== undefined)
            fired += (await world.run(rules, nowMs, dying(death)).catch(() => undefined))?.fired ?? 0
          const result = await world.run(rules, nowMs)
          expect((await world.run(rules, nowMs)).fired).toBe(0)
          fired += result.fired
          due = result.nextDueMs!
        }
        const found = await world.fired()
        expect(found).toEqual(
          rules.flatMap((rule) => expected(rule, world.people, readings, world.pauses)).sort(),
        )
        // Of what a dying process stored nobody was told the count.
        expect(fired).toBeLessThanOrEqual(found.length)
        expect(deaths.length > 0 || fired === found.length).toBe(true)
        const nexts = rules.flatMap(({ date }) =>
          [...new Set([TENANT_ZONE, ...people.map(({ zone }) => zone ?? TENANT_ZONE)])].map(
            (zone) => momentsOf(date.at, zone, nowMs, nowMs + 50 * HOUR_MS)[0]!.atMs,
          ),
        )
        expect(due).toBe(Math.min(...nexts))
        all += found.length
      },
    ),
    { numRuns: 20 },
  )
  expect(all).toBeGreaterThan(30)
}, 120_000)

const START = Date.parse('2026-05-10T00:00:00Z')
const birthday = (id: string, more: Partial<Trigger> = {}): Trigger => ({
  kind: 'Trigger',
  id,
  date: { field: 'subscriber.birth', days: 0, at: '10:00', every: 'year' },
  ...more,
})
const person = (birth: string, zone: string | null = null): Omit<Person, 'subscriberId'> => ({
  zone,
  birth,
  joined: null,
  tier: 'gold',
})

test('after a standstill the last three days are made up for, and the others are told', async () => {
  const world = new World()
  await world.add(['11', '12', '13', '14', '15'].map((day) => person(`1990-05-${day}`)))
  await world.run([birthday('b')], START)
  const result = await world.run([birthday('b')], Date.parse('2026-05-15T12:00:00Z'))
  expect(result).toMatchObject({ fired: 3, skipped: [{ ruleId: 'b', days: 3 }] })
  const dates = (await world.fired()).map((line) => line.slice(-10))
  expect(dates.sort()).toEqual(['2026-05-13', '2026-05-14', '2026-05-15'])
})

test('a rule begins when it is saved, and anew when it was gone', async () => {
  const world = new World()
  await world.add([person('1990-05-10'), person('1990-05-11')])
  await world.run([birthday('b')], Date.parse('2026-05-10T12:00:00Z'))
  await world.run([], Date.parse('2026-05-11T07:00:00Z'))
  const result = await world.run([birthday('b')], Date.parse('2026-05-11T09:00:00Z'))
  expect(result.fired).toBe(0)
  expect(await world.fired()).toEqual([])
})

test('a subscriber in a zone that nobody had before is not forgotten, and one who moves fires once', async () => {
  const world = new World()
  const [first] = await world.add([person('1990-05-10')])
  await world.run([birthday('b')], START)
  const [second] = await world.add([person('1990-05-10', 'Asia/Tokyo')])
  expect((await world.run([birthday('b')], START + 2 * HOUR_MS)).fired).toBe(1)
  expect((await world.run([birthday('b')], START + 9 * HOUR_MS)).fired).toBe(1)
  await stores.database.tx(world.tenantId, (tx) =>
    tx.query(`update profiles.subscriber set time_zone = 'America/Santiago', txid = pg_current_xact_id()`),
  )
  expect((await world.run([birthday('b')], START + 20 * HOUR_MS)).fired).toBe(0)
  expect(await world.fired()).toEqual([
    `b ${first} 2026-05-10T08:00:00Z 2026-05-10`,
    `b ${second} 2026-05-10T01:00:00Z 2026-05-10`,
  ])
})

test('a rule that fires for everybody is stopped at its ceiling', async () => {
  const world = new World()
  await world.add(Array.from({ length: 7 }, () => person('1990-05-10')))
  const rule = birthday('b', { ceilingPerHour: 5 })
  await world.run([rule], START)
  const result = await world.run([rule], START + 9 * HOUR_MS)
  expect(result).toMatchObject({ fired: 5, stopped: ['b'] })
  const pauses = await stores.database.tx(world.tenantId, (tx) =>
    tx.query('select rule_id as id, paused_at as at, reason, resumed_at as until from triggers.pause'),
  )
  const at = Temporal.Instant.from('2026-05-10T08:00:00Z')
  expect(pauses).toEqual([{ id: 'b', at, reason: 'ceiling', until: null }])
})

test('a condition that no longer fits stops its own rule, which makes up for it when it fits again', async () => {
  const world = new World()
  await world.add([person('1990-05-10')])
  const good = birthday('good')
  const bad = birthday('bad', { subscriber: 'subscriber.nothing > 1' })
  await world.run([good, bad], START)
  const result = await world.run([good, bad], START + 9 * HOUR_MS)
  expect(result).toMatchObject({ fired: 1, problems: [{ ruleId: 'bad' }] })
  const mended = birthday('bad', { subscriber: 'subscriber.tier == "gold"' })
  expect(await world.run([good, mended], START + 10 * HOUR_MS)).toMatchObject({ fired: 1, problems: [] })
})
