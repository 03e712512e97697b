import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { eventLogSuite, textsOf } from '../../../test/event-log-suite.ts'
import { numberedBatch as batch } from '../../../test/log-batches.ts'
import { testFolder } from '../../../test/stores.ts'
import { LmdbLogStore } from './lmdb.ts'

for (const { partitions, runKeys } of [
  { partitions: 1, runKeys: 16 },
  { partitions: 3, runKeys: 100_000 },
]) {
  eventLogSuite(`LMDB, ${partitions} partitions, runs of ${runKeys} keys`, async () => {
    const folder = testFolder()
    let store = new LmdbLogStore(folder, { partitions, runKeys })
    return {
      log: store.log('events'),
      async reopen() {
        await store.close()
        // An existing log keeps its own number of partitions.
        store = new LmdbLogStore(folder, { partitions: 7, runKeys })
        return store.log('events')
      },
      close: () => store.close(),
    }
  })
}

test('appends are under way together: later ones see what earlier ones bring, closing waits for all', async () => {
  const folder = testFolder()
  const store = new LmdbLogStore(folder, { partitions: 1 })
  const log = store.log('events')
  const answers = Promise.all(
    [batch(1, 3), batch(2, 4), batch(1, 4), batch(5)].map((one) => log.append([one])),
  )
  await store.close()
  expect((await answers).map(([isNew]) => isNew!.join(''))).toEqual(['111', '001', '0000', '1'])
  const again = new LmdbLogStore(folder)
  expect(await textsOf(again.log('events'), 0)).toEqual(['1', '2', '3', '4', '5'])
  await again.close()
})

test('what could not be stored was not seen, nor was anything that came behind it', () => {
  // A process whose files may not grow stands for a disk that is full.
  const script = fileURLToPath(new URL('../../../test/log-on-full-disk.ts', import.meta.url))
  const { stdout } = spawnSync(
    'sh',
    ['-c', 'ulimit -f 8192; exec "$0" "$@"', process.execPath, script, testFolder()],
    {
      encoding: 'utf8',
    },
  )
  expect(JSON.parse(stdout)).toEqual({
    atFirst: '11111',
    tooLarge: 'records could not be stored',
    behindIt: 'records could not be stored',
    afterwards: '00111',
    texts: '1 2 3 4 5 6 7 8',
    otherEnd: 0,
  })
})

test('another thread reads what this one appends, and the other way round', async () => {
  const folder = testFolder()
  const store = new LmdbLogStore(folder, { partitions: 2 })
  const log = store.log('events')
  await log.append([batch(1), batch(2)])
  const worker = new Worker(new URL('../../../test/log-reader.ts', import.meta.url), { workerData: folder })
  const ask = async (request: string): Promise<unknown> => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(request)
    return (await once(worker, request === 'close' ? 'exit' : 'message'))[0]
  }
  expect(await ask('read')).toEqual({ ends: [1, 1], counts: [1, 1] })
  await log.append([batch(3, 9), batch(10)])
  expect(await ask('read')).toEqual({ ends: [8, 2], counts: [8, 2] })
  await log.append([batch(11)])
  expect(await ask('read')).toEqual({ ends: [9, 2], counts: [9, 2] })
  await ask('append')
  const other = store.log('from the worker')
  expect(await other.endOffset(0)).toBe(1)
  await ask('close')
  expect(await textsOf(log, 0)).toEqual(['1', '3', '4', '5', '6', '7', '8', '9', '11'])
  await store.close()
})
