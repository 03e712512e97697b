import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type SourceWorld, sourceWorld } from '../../../test/source-world.ts'
import { testFolder } from '../../../test/stores.ts'
import type { SourceFileView } from './contract.ts'
import type { Intake } from './intake.ts'
import { sourceKind } from './source.ts'
import { createSources, type Sources } from './sources.ts'

let world: SourceWorld
let path: string
let id: string
let made = 0
const open = new Set<Sources>()

beforeAll(async () => {
  world = await sourceWorld([sourceKind])
  await world.documents.apply(world.tenantId, [
    {
      kind: 'EventType',
      id: 'call.made',
      subject: 'subscriber',
      schema: {
        type: 'object',
        required: ['seconds'],
        properties: {
          seconds: { type: 'number' },
          place: { type: 'string' },
          costMinor: { type: 'integer' },
        },
      },
    },
  ])
  const rows = Array.from({ length: 100 }, (_, i) => ({ identities: { account: `a${i}` } }))
  await world.profiles.upsertSubscribers(world.tenantId, rows)
})
afterAll(() => world.close())

beforeEach(() => {
  path = testFolder()
  id = `cdr-${made++}`
  return async () => {
    for (const sources of open) await sources.stop()
    open.clear()
    await world.documents.apply(world.tenantId, [{ kind: 'Source', ...folder({}), paused: true }])
  }
})

const folder = (rest: object): { id: string; folder: Record<string, unknown> } => ({
  id,
  folder: {
    path,
    pattern: '*.csv',
    type: 'call.made',
    map: {
      subject: { kind: 'account', column: 'caller' },
      time: 'at',
      data: { seconds: { column: 'seconds', type: 'double' }, place: 'place' },
    },
    ...rest,
  },
})
const apply = async (rest: object = {}) => {
  const [result] = await world.documents.apply(world.tenantId, [{ kind: 'Source', ...folder(rest) }])
  expect(result).toMatchObject({ outcome: expect.not.stringMatching('refused') })
}
const start = async (events: Intake = world.events): Promise<Sources> => {
  const sources = createSources({
    ...world,
    events,
    onError: console.error,
    pollMs: 20,
    settleMs: 60,
    retryMs: 50,
  })
  open.add(sources)
  await sources.start(world.tenantId)
  return sources
}
const csv = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => from + i)
    .map((n) => `a${n % 100},2026-03-01 10:00:${String(n % 60).padStart(2, '0')},${n}.5,here\n`)
    .join('')
const header = 'caller,at,seconds,place\n'
const logged = async () => (await world.logged()).filter(({ source }) => source === `folder/${id}`)
const letters = async () =>
  (await world.letters()).filter(({ event }) => (event as { source?: string }).source === `folder/${id}`)
const files = (sources: Sources) => sources.files(world.tenantId, id, 100)
const until = async (sources: Sources, done: (files: SourceFileView[]) => boolean) => {
  for (let i = 0; i < 500; i++) {
    const found = await files(sources)
    if (done(found)) return found
    await wait(20)
  }
  throw new Error(`never: ${JSON.stringify([await files(sources), await sources.status(world.tenantId)])}`)
}
const finished =
  (...names: string[]) =>
  (found: SourceFileView[]) =>
    names.every((name) => found.some((file) => file.name === name && file.finishedAt !== null))

test('a file is read once; under another name and after a restart it has no effect', async () => {
  await apply()
  let sources = await start()
  writeFileSync(join(path, 'notes.txt'), 'no csv')
  writeFileSync(join(path, 'half.csv.part'), header + csv(0, 5))
  writeFileSync(join(path, 'one.csv'), header + csv(0, 12_000))
  const [one] = await until(sources, finished('one.csv'))
  expect(one).toMatchObject({ rows: 12_000, accepted: 12_000, duplicates: 0, rejected: 0, sameAs: null })
  expect(one!.readBytes).toBe(one!.sizeBytes)
  const events = await logged()
  expect(events).toHaveLength(12_000)
  expect(events.find(({ data }) => data['seconds'] === 7.5)).toMatchObject({
    type: 'call.made',
    atMs: Date.UTC(2026, 2, 1, 10, 0, 7),
    data: { seconds: 7.5, place: 'here' },
  })
  expect(await sources.status(world.tenantId)).toContainEqual(
    expect.objectContaining({ id, way: 'folder', state: 'connected', accepted: 12_000, lastError: null }),
  )

  renameSync(join(path, 'one.csv'), join(path, 'two.csv'))
  expect(await until(sources, finished('two.csv'))).toContainEqual(
    expect.objectContaining({ name: 'two.csv', sameAs: 'one.csv', accepted: 0, duplicates: 0 }),
  )
  renameSync(join(path, 'half.csv.part'), join(path, 'half.csv'))
  await until(sources, finished('half.csv'))
  await sources.stop()
  sources = await start()
  writeFileSync(join(path, 'three.csv'), header + csv(20_000, 20_003))
  await until(sources, finished('three.csv'))
  expect(await logged()).toHaveLength(12_008)
  expect((await files(sources)).map(({ name, accepted }) => [name, accepted]).sort()).toEqual([
    ['half.csv', 5],
    ['one.csv', 12_000],
    ['three.csv', 3],
    ['two.csv', 0],
  ])
})

test('killed in the middle of a file, before and after a batch is durable: nothing lost, nothing doubled', async () => {
  await apply()
  writeFileSync(join(path, 'big.csv'), header + csv(0, 23_000))
  for (const [isDurable, survives] of [
    [true, 1],
    [false, 1],
    [true, 0],
    [false, 2],
  ] as const) {
    let batches = 0
    let killed = (): void => undefined
    const kill = new Promise<void>((resolve) => (killed = resolve))
    const dying: Intake = {
      ...world.events,
      ingest: async (tenantId, events) => {
        if (batches++ < survives) return world.events.ingest(tenantId, events)
        if (isDurable) await world.events.ingest(tenantId, events)
        killed()
        throw new Error('killed')
      },
    }
    const sources = await start(dying)
    await kill
    await sources.stop()
  }
  const sources = await start()
  const [big] = await until(sources, finished('big.csv'))
  expect(big).toMatchObject({ rows: 23_000, rejected: 0 })
  expect(big!.accepted + big!.duplicates).toBe(23_000)
  expect(big!.duplicates).toBeGreaterThanOrEqual(5_000)
  const seconds = (await logged()).map(({ data }) => data['seconds'] as number)
  expect(seconds).toHaveLength(23_000)
  expect(new Set(seconds).size).toBe(23_000)
})

test('a file that grows goes on where it ended, and two that began alike stay two', async () => {
  await apply()
  const sources = await start()
  writeFileSync(join(path, 'day-1.csv'), header)
  writeFileSync(join(path, 'day-2.csv'), header)
  await until(sources, finished('day-1.csv', 'day-2.csv'))
  appendFileSync(join(path, 'day-1.csv'), csv(0, 30))
  appendFileSync(join(path, 'day-2.csv'), csv(100, 140))
  await until(sources, (found) => found.reduce((sum, file) => sum + file.accepted, 0) === 70)
  appendFileSync(join(path, 'day-1.csv'), csv(30, 50))
  const found = await until(sources, (now) => now.reduce((sum, file) => sum + file.accepted, 0) === 90)
  expect(found.reduce((sum, file) => sum + file.duplicates + file.rejected, 0)).toBe(0)
  expect(new Set((await logged()).map(({ data }) => data['seconds'])).size).toBe(90)
})

test('bad rows wait in the dead letters with file and line, the rest is taken', async () => {
  await apply()
  const sources = await start()
  const rows = [
    'a1,2026-03-01 10:00:00,1,ok',
    'a1,2026-03-01 10:00:00,many,x',
    'a1,yesterday,1,x',
    'a1,2026-03-01 10:00:00',
    'nobody,2026-03-01 10:00:00,1,x',
    '',
    'a1,2026-03-01 10:00:00,2,"two ""quoted"" words, and a comma"',
    'a1,2026-03-01 10:00:00,3,end',
  ]
  writeFileSync(join(path, 'bad.csv'), header + rows.join('\r\n'))
  const [bad] = await until(sources, finished('bad.csv'))
  expect(bad).toMatchObject({ rows: 7, accepted: 3, rejected: 4, error: null })
  expect((await logged()).map(({ data }) => data['place'])).toEqual([
    'ok',
    'two "quoted" words, and a comma',
    'end',
  ])
  const found = (await letters())
    .map(({ event, problem }) => ({ ...(event as { file: string; line: number; data: object }), ...problem }))
    .sort((a, b) => a.line - b.line)
  expect(found.map(({ file, line, code }) => [file, line, code])).toEqual([
    ['bad.csv', 3, 'cell_invalid'],
    ['bad.csv', 4, 'cell_invalid'],
    ['bad.csv', 5, 'columns_mismatch'],
    ['bad.csv', 6, 'event_subject_unknown'],
  ])
  expect(found[0]).toMatchObject({
    type: 'call.made',
    subject: 'account:a1',
    data: { seconds: 'many', place: 'x' },
    found: 'many',
    field: 'seconds',
  })
})

test('CDRs of an older switch: windows-1251, semicolons, decimal commas, dates of their own, no header', async () => {
  await apply({
    columns: ['caller', 'at', 'seconds', 'place', 'cost', 'ref'],
    delimiter: ';',
    quotes: false,
    encoding: 'windows-1251',
    decimal: ',',
    format: 'dd.MM.yyyy HH:mm:ss',
    zone: 'Europe/Kyiv',
    map: {
      subject: { kind: 'account', column: 'caller' },
      time: 'at',
      id: { columns: ['ref'] },
      source: `folder/${id}`,
      data: {
        seconds: { column: 'seconds', type: 'double' },
        place: 'place',
        costMinor: { column: 'cost', type: 'minor' },
      },
    },
  })
  const sources = await start()
  const place = Buffer.from([0xca, 0xe8, 0xbf, 0xe2, 0x20, 0x22]) // Київ "
  const line = (ref: string) =>
    Buffer.concat([Buffer.from('a1;01.03.2026 12:00:00;1 234,5;'), place, Buffer.from(`;12,30;${ref}\n`)])
  writeFileSync(join(path, 'old.csv'), Buffer.concat([line('r1'), line('r2'), line('r1')]))
  const [old] = await until(sources, finished('old.csv'))
  expect(old).toMatchObject({ rows: 3, accepted: 2, duplicates: 1, rejected: 0 })
  expect((await logged())[0]).toMatchObject({
    id: 'r1',
    atMs: Date.UTC(2026, 2, 1, 10),
    data: { seconds: 1234.5, place: 'Київ "', costMinor: 1230 },
  })
})

test('a file or folder that cannot be read is told, and the rest goes on', async () => {
  await apply({ path: join(path, 'later') })
  const sources = await start()
  for (let i = 0; i < 200 && (await statusOf(sources))?.state !== 'failed'; i++) await wait(20)
  expect((await statusOf(sources))?.lastError?.message).toMatch(/ENOENT/)
  path = join(path, 'later')
  mkdirSync(path)
  writeFileSync(join(path, 'a.csv'), 'other,columns\n1,2\n')
  writeFileSync(join(path, 'b.csv'), `${header}a1,2026-03-01 10:00:00,1,"nobody closes this\n${csv(0, 3)}`)
  writeFileSync(join(path, 'c.csv'), header + csv(0, 3))
  writeFileSync(join(path, 'd.csv'), '')
  const found = await until(
    sources,
    (now) => finished('c.csv', 'd.csv')(now) && now.filter(({ error }) => error !== null).length === 2,
  )
  expect(found.find(({ name }) => name === 'a.csv')?.error).toMatch(/no column "at"/)
  expect(found.find(({ name }) => name === 'b.csv')?.error).toMatch(/quote/i)
  expect(await logged()).toHaveLength(3)
})

const statusOf = async (sources: Sources) =>
  (await sources.status(world.tenantId)).find((one) => one.id === id)

test('the folder must lie below the root where there is one', async () => {
  await apply()
  const options = { ...world, onError: console.error, pollMs: 20, settleMs: 20, folderRoot: testFolder() }
  const sources = createSources(options)
  open.add(sources)
  await sources.start(world.tenantId)
  for (let i = 0; i < 200 && (await statusOf(sources))?.state !== 'failed'; i++) await wait(20)
  expect((await statusOf(sources))?.lastError?.code).toBe('folder_forbidden')
})
