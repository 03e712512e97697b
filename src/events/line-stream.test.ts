import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IngestionFixture, ingestionFixture } from '../../test/ingestion-fixture.ts'
import { MAX_LINE_BYTES } from './line.ts'
import type { EventType } from './event-type.ts'

let world: IngestionFixture
beforeAll(async () => {
  world = await ingestionFixture()
})
afterAll(() => world.close())

const usage = {
  id: 'usage.recorded',
  subject: 'subscriber',
  schema: { type: 'object', required: ['volumeMb'], properties: { volumeMb: { type: 'number' } } },
} as Omit<EventType, 'kind'>

const line = (i: number, rest: object = {}): string =>
  JSON.stringify({
    specversion: '1.0',
    id: `e${i}`,
    source: 'pcrf',
    type: 'usage.recorded',
    time: '2026-03-01T10:00:00Z',
    subject: `+${79990000001 + (i % 5)}`,
    ...rest,
    data: { volumeMb: i },
  })

const tooLong = line(1, { x: 'y'.repeat(MAX_LINE_BYTES) })
const noUtf8 = Buffer.from(line(2, { id: 'bad-?' }))
noUtf8[noUtf8.indexOf('?')] = 0xc3
const given: (string | Buffer)[] = [
  `\ufeff${line(10)}`,
  line(11),
  '',
  `  ${line(12)} \r`,
  '{"half":',
  noUtf8,
  line(13, { subject: '+79998887766' }),
  line(11),
  tooLong,
  line(14, { time: '2026-03-01T13:00:01Z' }),
  ' \t\r',
  line(15, { source: 'ö\n' }),
  line(16, { source: 'pcr\u0066' }).replace('pcrf', 'pcr\\u0066'),
  '[]',
]
const refused = [
  [3, 'line_invalid'],
  [4, 'event_malformed'],
  [5, 'event_subject_unknown'],
  [7, 'event_too_large'],
  [8, 'event_time_future'],
  [9, 'event_source_invalid'],
  [11, 'event_malformed'],
]
const body = Buffer.concat(given.flatMap((one, i) => [Buffer.from(i === 0 ? '' : '\n'), Buffer.from(one)]))

test('wherever a stream is cut, each line is taken or refused in its place', async () => {
  const cuts = fc.array(fc.oneof(fc.nat(body.length), fc.nat(1_500)), { maxLength: 6 })
  const property = fc.asyncProperty(cuts, fc.boolean(), async (places, isWaiting) => {
    const tenantId = await world.tenant([usage], 5)
    const lines = world.events.openLines(tenantId)
    const sorted = [0, ...places.sort((a, b) => a - b), body.length]
    for (let i = 1; i < sorted.length; i++) {
      // The chunk is used again for something else as soon as the write has resolved.
      const chunk = Buffer.from(body.subarray(sorted[i - 1], sorted[i]))
      await lines.write(chunk)
      chunk.fill('"')
      if (isWaiting) await lines.flushed()
    }
    const answer = await lines.end()
    expect(answer).toMatchObject({ accepted: 4, duplicates: 1, rejectedCount: 7 })
    expect(answer.rejected.map(({ index, problem }) => [index, problem.code])).toEqual(refused)
    const logged = await world.logged(tenantId)
    expect(logged.map(({ id }) => id).sort()).toEqual(['e10', 'e11', 'e12', 'e16'])
    const letters = await world.events.listDeadLetters(tenantId, { state: 'open', limit: 100 })
    expect(letters.deadLetters.map(({ deadLetterId }) => deadLetterId).sort()).toEqual(
      answer.rejected.map(({ deadLetterId }) => deadLetterId).sort(),
    )
    const long = letters.deadLetters.find(({ problem }) => problem.code === 'event_too_large')
    expect(String(long!.event).length).toBe(2_000)
  })
  await fc.assert(property, { numRuns: 12 })
})

test('a line without an end takes no memory beyond its bound', async () => {
  const tenantId = await world.tenant([usage], 5)
  const lines = world.events.openLines(tenantId)
  const piece = Buffer.alloc(2 ** 20, 'x')
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 64; i++) await lines.write(piece)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20)
  await lines.write(Buffer.from(`\n${line(1)}\n`))
  expect(await lines.end()).toMatchObject({
    accepted: 1,
    rejected: [{ index: 0, problem: { code: 'event_too_large', found: 64 * 2 ** 20 } }],
  })
})

test('streams and requests of one moment share appends, and each learns what became of its own', async () => {
  const tenantId = await world.tenant([usage], 5)
  world.woken.length = 0
  const streams = Array.from({ length: 8 }, () => world.events.openLines(tenantId))
  const answers = await Promise.all([
    ...streams.map(async (lines, s) => {
      for (let i = 0; i < 300; i += 50) {
        const some = Array.from({ length: 50 }, (_, k) => line((s >> 1) * 1_000 + i + k))
        await lines.write(Buffer.from(`${some.join('\n')}\n`))
      }
      return lines.end()
    }),
    world.events.ingest(tenantId, [JSON.parse(line(1)), JSON.parse(line(90_000)), JSON.parse(line(90_000))]),
  ])
  const sum = (of: 'accepted' | 'duplicates'): number => answers.reduce((total, one) => total + one[of], 0)
  expect([sum('accepted'), sum('duplicates')]).toEqual([1_201, 1_202])
  expect((await world.logged(tenantId)).length).toBe(1_201)
  expect(world.woken.filter((id) => id === tenantId).length).toBeGreaterThan(0)
  const counters = world.events.counters(tenantId)
  expect(counters.byType.get('usage.recorded')).toEqual({ events: 2_403 })
  expect(counters).toMatchObject({ duplicates: 1_202, refused: 0, newestMs: Date.UTC(2026, 2, 1, 10) })
})

test('flushed tells the counts of what is durable, line by line', async () => {
  const tenantId = await world.tenant([usage], 5)
  const lines = world.events.openLines(tenantId)
  await lines.write(Buffer.from(`${line(1)}\n${line(2)}`))
  expect(await lines.flushed()).toEqual({ accepted: 1, duplicates: 0, rejected: 0 })
  await lines.write(Buffer.from(`\n${line(1)}\nno\n`))
  expect(await lines.flushed()).toEqual({ accepted: 2, duplicates: 1, rejected: 1 })
  expect(await lines.end()).toMatchObject({ accepted: 2, duplicates: 1, rejectedCount: 1 })
})
