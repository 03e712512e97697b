import { entriesOf, LmdbLogStore, RECORD_HEAD_BYTES } from '../src/platform/index.ts'
import { numberedBatch } from './log-batches.ts'

/*
 * A process of a test: appends more than the disk takes, and prints as JSON how each append ended. Its argument is the
 * folder of the log.
 */
const store = new LmdbLogStore(process.argv[2]!, { partitions: 2, runKeys: 4 })
const log = store.log('events')
const ended = (append: Promise<Uint8Array[]>): Promise<string> =>
  append.then(
    ([isNew]) => isNew!.join(''),
    (error: Error) => error.message,
  )

const atFirst = await ended(log.append([numberedBatch(1, 5)]))
const tooLarge = ended(log.append([numberedBatch(6, 7), numberedBatch(100, 200, 2 ** 18)]))
// This one begins while the one before is being stored, and repeats some of its records.
const behindIt = ended(
  new Promise((resolve) => setImmediate(() => resolve(log.append([numberedBatch(5, 8)])))),
)
const answers = { atFirst, tooLarge: await tooLarge, behindIt: await behindIt }
const afterwards = await ended(log.append([numberedBatch(4, 8)]))
const texts = [...entriesOf(await log.read(0, 0, 100))].map(({ record }) =>
  record.toString('utf8', RECORD_HEAD_BYTES),
)
console.log(
  JSON.stringify({ ...answers, afterwards, texts: texts.join(' '), otherEnd: await log.endOffset(1) }),
)
await store.close()
