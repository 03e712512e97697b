import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { smsText, sms, World } from '../test/messaging-world.ts'
import { type TestDatabase, testDatabase } from '../test/stores.ts'
import { runCli } from './program.ts'

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

test('a message is explained with the reason and the values of each step', async () => {
  const step = { channel: 'sms', template: 'text', until: 'answered', wait: 'PT1H' }
  const world = await World.with(stores, [
    smsText('other', 'Once more'),
    sms('offer', {}, { steps: [step, { ...step, template: 'other' }] }),
    { kind: 'ContactPolicy', id: 'default', caps: [{ channel: 'sms', limit: 1, period: 'P1D' }] },
  ])
  await world.start('offer')
  await world.pass(61 * 60_000)
  await world.http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = world.http.server.address() as AddressInfo
  const env = { TENURE_URL: `http://127.0.0.1:${port}`, TENURE_API_KEY: world.key }
  const tenure = async (...args: string[]) => {
    const out: string[] = []
    const err: string[] = []
    const terminal = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) }
    const code = await runCli(args, { ...terminal, isWatched: false, env })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  const held = (await world.messages()).find(({ state }) => state === 'held')!
  const told = await tenure('explain', 'message', String(held['message_id']))
  expect(told).toMatchObject({ code: 0, err: '' })
  expect(told.out).toMatch(/^ {2}cascade offer, version 1, for campaign camp, arm a, began 2026-03-10T12:00/m)
  expect(told.out).toMatch(/^ {2}sms, text: submitted$/m)
  expect(told.out).toMatch(/^→ sms, other: held, cap_reached$/m)
  expect(told.out).toMatch(/^ {4}limit +1$/m)
  const json = await tenure('explain', 'message', String(held['message_id']), '--json')
  expect(JSON.parse(json.out)).toMatchObject({ steps: [{ state: 'submitted' }, { saw: { counted: 1 } }] })
  const unknown = await tenure('explain', 'message', '01890000-0000-7000-8000-000000000000')
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('no message') })
  await world.stop()
})
