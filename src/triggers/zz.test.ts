import { afterAll, beforeAll, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { World } from '../../test/trigger-world.ts'
let stores: TestDatabase
beforeAll(async () => { stores = await testDatabase() })
afterAll(() => stores.close())
test('x', async () => {
  const START = Date.parse('2020-01-01T00:00:00Z')
  let bad = 0
  for (const sizes of [[2], [3], [2, 2], [3, 3], [1, 3], [5, 5]]) { const n = sizes.reduce((a, b) => a + b)
  for (const checkpointEvents of [...new Set([1, 2, n - 1, n, 2 * n - 1, 2 * n])]) for (const pos of [0, 1, 2]) for (const fault of ['before', 'after', 'death'] as const) for (const where of ['event.amount > -1.0', `event.amount > ${n - 1}.0`]) {
    const world = new World(stores, { startMs: START, latenessMs: 3600_000, batchEvents: 1, checkpointEvents, sliceBits: 0 })
    const ev = (i: number) => ({ id: `${i}`, source: 's', type: 'a', atMs: START + i, receivedMs: 0, subscriberId: i % 3 === 1 ? 1 : 3, isReplayed: false, data: { amount: i } })
    let i = 1
    for (const size of sizes) await world.append(...Array.from({ length: size }, () => ev(i++)))
    await world.save({ kind: 'Trigger', id: 'd', on: 'a', match: {}, where, backfill: true })
    world.faults = [...Array.from({ length: pos }, () => 'none' as const), fault].reverse()
    await world.run()
    const found = (await world.causes('d')).join(' ')
    if (!found.endsWith(String(n))) { bad++; console.log('BAD', sizes, checkpointEvents, fault, where, pos, 'found', found) }
    await world.close()
    if (bad > 12) return
  }}
}, 200000)
