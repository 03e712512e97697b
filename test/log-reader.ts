import { parentPort, workerData } from 'node:worker_threads'
import { entriesOf, LmdbLogStore } from '../src/platform/index.ts'
import { numberedBatch } from './log-batches.ts'

/** A thread of a test: reads the log that another thread appends to, and appends to one of its own. */
const store = new LmdbLogStore(workerData as string, { partitions: 2 })
const log = store.log('events')
const port = parentPort!
port.on('message', async (asked: string) => {
  if (asked === 'append') {
    port.postMessage(await store.log('from the worker').append([numberedBatch(1)]))
  } else if (asked === 'read') {
    const ends = [await log.endOffset(0), await log.endOffset(1)]
    const counts = []
    for (const partition of [0, 1]) counts.push([...entriesOf(await log.read(partition, 0, 100))].length)
    port.postMessage({ ends, counts })
  } else {
    await store.close()
    port.close()
  }
})
