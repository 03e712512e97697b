import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliWorld, startCliWorld } from '../test/cli-world.ts'

const root = join(import.meta.dirname, '..')
const shared = process.env['TENURE_SHARED_DATA'] ?? join(root, '../shared/data')

let world: CliWorld
let folder: string
let newTenant: CliWorld['newTenant']
let file: CliWorld['file']

beforeAll(async () => {
  world = await startCliWorld()
  ;({ folder, newTenant, file } = world)
})
afterAll(() => world.close())

/** A server that takes connections and never answers. */
function createSilentServer() {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  return {
    server,
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const rechargeType = `kind: EventType
id: account.recharged
subject: subscriber
schema:
  type: object
  required: [amount]
  additionalProperties: false
  properties:
    amount: { type: integer, minimum: 1 }
`

test('subscribers are imported; bad rows are told, written with their columns, and mended rows go in', async () => {
  const { tenure, countSubscribers } = await newTenant('subs')
  const csv = file(
    'base.csv',
    '\ufeffphone,tenure,note\n89991234567,12,"said ""yes"", then no"\n12,5,short\n+79990000001,many,x\n+79990000002,3,y,extra\n+79990000003,,\n',
  )
  const rejectsFile = join(folder, 'rejects.csv')
  const map = [
    '--map',
    'identities.msisdn=phone',
    'attributes.tenureMonths=tenure:int',
    'timeZone==Europe/Moscow',
  ]
  const dry = await tenure('import', 'subscribers', csv, ...map, '--dry-run')
  expect(dry).toMatchObject({
    code: 0,
    out: 'subscribers (dry run): 5 rows, 2 inserted, 0 updated, 3 rejected',
  })
  expect(await countSubscribers()).toBe(0)

  const real = await tenure('import', 'subscribers', csv, ...map, '--rejects', rejectsFile)
  expect(real).toMatchObject({ code: 0, out: 'subscribers: 5 rows, 2 inserted, 0 updated, 3 rejected' })
  expect(real.err).toContain('row 3: column "tenure" does not hold a whole number')
  expect(await countSubscribers()).toBe(2)
  const rejected = readFileSync(rejectsFile, 'utf8').trimEnd().split('\n')
  expect(rejected[0]).toBe(
    'phone,tenure,note,problem_row,problem_code,problem_field,problem_message,problem_found,problem_expected',
  )
  expect(
    rejected
      .slice(1)
      .map((line) => line.split(',').slice(0, 5))
      .sort(),
  ).toEqual([
    ['+79990000001', 'many', 'x', '3', 'cell_invalid'],
    ['+79990000002', '3', 'y', '4', 'row_broken'],
    ['12', '5', 'short', '2', 'identity_invalid'],
  ])

  const mended = file('mended.csv', rejected.join('\n').replace('many', '7').replace('12,5', '89990000009,5'))
  const again = await tenure('import', 'subscribers', mended, ...map, '--rejects', join(folder, 'second.csv'))
  expect(again).toMatchObject({ code: 0, out: 'subscribers: 3 rows, 3 inserted, 0 updated, 0 rejected' })
  expect(existsSync(join(folder, 'second.csv'))).toBe(false)
  expect((await tenure('import', 'subscribers', csv, ...map)).out).toContain('0 inserted, 2 updated')
})

test('an import where nothing goes in ends with code 1, as does one that cannot begin', async () => {
  const { tenure } = await newTenant('none')
  const bad = file('bad.csv', 'phone\n1\n2\n')
  const map = ['--map', 'identities.msisdn=phone']
  expect((await tenure('import', 'subscribers', bad, ...map)).code).toBe(1)
  expect(await tenure('import', 'subscribers', file('header.csv', 'phone\n'), ...map)).toMatchObject({
    code: 0,
    out: 'subscribers: 0 rows, 0 inserted, 0 updated, 0 rejected',
  })
  expect((await tenure('import', 'subscribers', bad, '--map', 'identities.msisdn=fone')).err).toContain(
    'has no column "fone"; it has phone',
  )
  expect((await tenure('import', 'subscribers', join(folder, 'gone.csv'), ...map)).err).toContain('ENOENT')
  expect((await tenure('import', 'subscribers', file('empty.csv', ''), ...map)).err).toContain('is empty')
  const wrongKey = await tenure('--key', 'tk_wrong', 'import', 'subscribers', bad, ...map)
  expect(wrongKey).toMatchObject({ code: 1 })
  expect(wrongKey.err).toContain('401 key_unauthenticated')
  const dryWrongKey = await tenure('--key', 'tk_wrong', 'import', 'subscribers', bad, ...map, '--dry-run')
  expect(dryWrongKey.err).toContain('401 key_unauthenticated')
  const nowhere = await tenure('--url', 'http://127.0.0.1:2', 'import', 'subscribers', bad, ...map)
  expect(nowhere.err).toContain('cannot reach http://127.0.0.1:2: ECONNREFUSED')
})

test('documents are applied, shown as a difference, and exported; a refused one is told by its place', async () => {
  const { tenure } = await newTenant('docs')
  const docs = join(folder, 'docs')
  file(
    'docs/b.yaml',
    `${rechargeType}---\nkind: Attributes\nid: subscriber\nattributes: { tenureMonths: int }\n`,
  )
  expect(await tenure('apply', '-f', docs, '--dry-run')).toMatchObject({ code: 0 })
  expect((await tenure('export')).out).toBe('')
  expect(await tenure('apply', '-f', docs)).toMatchObject({
    code: 0,
    out: 'created   EventType/account.recharged (version 1)\ncreated   Attributes/subscriber (version 1)',
  })
  expect(await tenure('diff', '-f', docs)).toMatchObject({ code: 0, out: '' })

  file('docs/b.yaml', `${rechargeType.replace('minimum: 1', 'minimum: 5')}`)
  const changed = await tenure('diff', '-f', docs)
  expect(changed.code).toBe(1)
  expect(changed.out).toContain('updated   EventType/account.recharged (version 2)')
  expect(changed.out).toMatch(/^- .*minimum: 1$/m)
  expect(changed.out).toMatch(/^\+ .*minimum: 5$/m)

  const broken = file(
    'docs/c.yaml',
    '# a list\nkind: Attributes\nid: subscriber\nattributes:\n  tenureMonths: number\n',
  )
  const refused = await tenure('apply', '-f', broken)
  expect(refused.code).toBe(1)
  expect(refused.err).toContain(`${broken}:5:17: attributes.tenureMonths:`)
  expect(refused.err).toContain('nothing was saved')
  const syntax = file('syntax.yaml', 'kind: Attributes\nid: [\n')
  expect((await tenure('apply', '-f', syntax)).err).toMatch(/syntax\.yaml:\d+:\d+: /)
  expect((await tenure('apply', '-f', join(folder, 'no-such'))).err).toContain('no such file or folder')

  const target = join(folder, 'exported')
  expect((await tenure('export', '-o', target)).out).toContain('2 documents')
  expect(readdirSync(join(target, 'EventType'))).toEqual(['account.recharged.yaml'])
  expect(await tenure('diff', '-f', target)).toMatchObject({ code: 0, out: '' })
})

test('events are imported once, dead letters are listed, mended in a file and replayed', async () => {
  const { tenure, logged } = await newTenant('events')
  await tenure('apply', '-f', file('type.yaml', rechargeType))
  await tenure('import', 'subscribers', file('s.csv', 'id\n1\n2\n'), '--map', 'identities.external=id')
  const csv = file(
    'r.csv',
    'who,sum,at\n1,96,2020-01-01 00:02:47\n9,5,2020-01-01 00:03:00\n2,0,2020-01-01 00:04:00\n',
  )
  const args = ['import', 'events', csv, '--type', 'account.recharged', '--map']
  const map = ['subject.external=who', 'time=at', 'data.amount=sum:int']
  expect(await tenure(...args, ...map)).toMatchObject({
    code: 0,
    out: 'events: 3 rows, 1 accepted, 0 duplicates, 2 rejected',
  })
  expect((await tenure(...args, ...map)).out).toBe('events: 3 rows, 0 accepted, 1 duplicates, 2 rejected')

  const listed = await tenure('dead-letters', 'list')
  expect(listed.out).toContain('event_subject_unknown  subject')
  expect(listed.out).toContain('event_data_invalid  data.amount')
  const lines = (await tenure('dead-letters', 'list', '--json')).out.split('\n')
  expect(lines).toHaveLength(2)
  const mended = file('mended.ndjson', lines.join('\n').replace('"external:9"', '"external:2"'))
  const replayed = await tenure('dead-letters', 'replay', '--file', mended)
  expect(replayed.code).toBe(0)
  expect(replayed.err).toContain('data.amount')
  expect(await logged()).toHaveLength(2)
  expect((await tenure('dead-letters', 'replay', '--all')).code).toBe(1)
  expect((await tenure('dead-letters', 'replay')).err).toContain('give ids, or --all, or --code, or --file')
})

test('doctor tells what is well and what is not', async () => {
  const { tenure, env } = await newTenant('doctor')
  const well = await tenure('doctor')
  expect(well.code).toBe(0)
  expect(well.out).toContain('role admin, tenant doctor (T)')
  const ill = await tenure('doctor', '--help')
  expect(ill.code).toBe(0)
  const wrong = await tenure('--key', `${env.TENURE_API_KEY}x`, 'doctor')
  expect(wrong.code).toBe(1)
  expect(wrong.out).toContain('✗ connection')
  expect((await tenure('report', 'no-such')).err).toContain('404')
  expect((await tenure('reprot')).code).toBe(1)
})

const hasShared = existsSync(join(shared, 'subscribers.csv'))
if (!hasShared) {
  process.stderr.write(
    `\n!!! LEFT OUT: no real data in ${shared}; the imports of real files are NOT tested !!!\n\n`,
  )
}

test.skipIf(!hasShared)('the real base and its recharges are imported whole, and once', async () => {
  const { tenure, countSubscribers, logged, tenantId } = await newTenant('real')
  await tenure('apply', '-f', file('recharge.yaml', rechargeType))
  const base = join(shared, 'subscribers.csv')
  const recharges = join(shared, 'recharges.csv')
  const baseArgs = [
    'import',
    'subscribers',
    base,
    '--map',
    'identities.external=subscriber_id',
    'timeZone==UTC',
  ]
  expect((await tenure(...baseArgs, '--dry-run')).out).toContain('inserted')
  expect(await countSubscribers()).toBe(0)
  expect((await tenure(...baseArgs)).code).toBe(0)
  const ids = new Set(
    readFileSync(base, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim()),
  )
  expect(await countSubscribers()).toBe(ids.size)

  const map = [
    '--map',
    'subject.external=caller_id',
    'time=timestamp',
    'time.zone==UTC',
    'data.amount=amount:int',
  ]
  const args = ['import', 'events', recharges, '--type', 'account.recharged', ...map]
  const rejects = join(folder, 'recharges-rejects.csv')
  const first = await tenure(...args, '--rejects', rejects)
  const rows = readFileSync(recharges, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(','))
  const known = rows.filter(([caller, amount]) => ids.has(caller!) && Number(amount) >= 1)
  expect(known.length).toBeGreaterThan(1_000)
  expect(first.out.replaceAll('\u2009', '')).toBe(
    `events: ${rows.length} rows, ${known.length} accepted, 0 duplicates, ${rows.length - known.length} rejected`,
  )
  expect((await tenure(...args)).out.replaceAll('\u2009', '')).toContain(
    `0 accepted, ${known.length} duplicates`,
  )
  const numbers = await world.profiles.resolveIdentities(
    tenantId,
    known.map(([caller]) => `external:${caller}`),
  )
  // Each subscriber's events lie in one partition, in the order of the file.
  const inLog = (await logged()).map(
    (event) => [event.subscriberId, event.atMs, event.data['amount']] as const,
  )
  const inFile = known.map(
    ([, amount, at], i) => [numbers[i], Date.parse(`${at!.replace(' ', 'T')}Z`), Number(amount)] as const,
  )
  expect(inLog.toSorted(([a], [b]) => a! - b!)).toEqual(inFile.toSorted(([a], [b]) => a! - b!))
})

test('the program starts on the project’s own Node, gives the exit code on and passes signals', async () => {
  const { env } = await newTenant('program')
  const program = join(root, 'bin/tenure.js')
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [program, ...args], { env: { ...process.env, ...env } })
  expect((await run('doctor')).stdout).toContain('✓ version: 0.1.0')
  await expect(run('--key', 'tk_wrong', 'doctor')).rejects.toMatchObject({ code: 1 })

  const silent = createSilentServer()
  await once(silent.server, 'listening')
  const child = spawn(process.execPath, [program, '--url', silent.url(), 'doctor'], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  })
  await once(silent.server, 'connection')
  child.kill('SIGTERM')
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal ?? code).toBe('SIGTERM')
  silent.close()
})
