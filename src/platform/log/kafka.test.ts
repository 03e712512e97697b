import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventLogSuite } from '../../../test/event-log-suite.ts'
import { hasKafka, type KafkaBroker, startKafka } from '../../../test/kafka-broker.ts'
import { entriesOf, type EventLog, RECORD_HEAD_BYTES, RecordBatch } from './event-log.ts'
import { type KafkaLogOptions, type KafkaLogStore, topicName } from './kafka.ts'
import { openKafkaLog } from './on-kafka.ts'

/** One batch for each partition; keys go to partition `key % partitions`. */
function batchesOf(log: EventLog, keys: number[]): RecordBatch[] {
  const batches = Array.from({ length: log.partitions }, () => new RecordBatch(64))
  for (const key of keys) {
    const record = Buffer.alloc(RECORD_HEAD_BYTES + 8)
    record.writeUInt32LE(key, 0)
    record.writeUInt32LE(key % log.partitions, RECORD_HEAD_BYTES)
    record.writeUInt32LE(key, RECORD_HEAD_BYTES + 4)
    batches[key % log.partitions]!.add(record)
  }
  return batches
}

/** The keys of a partition, read to its end. */
async function keysOf(log: EventLog, partition: number, from = 0, limit = 500): Promise<number[]> {
  const keys: number[] = []
  for (let at = from; ;) {
    const chunks = await log.read(partition, at, limit)
    if (chunks.length === 0) return keys
    for (const { record } of entriesOf(chunks)) keys.push(record.readUInt32LE(RECORD_HEAD_BYTES + 4))
    const last = chunks.at(-1)!
    at = last.firstOffset + last.count
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

test('names of topics are what Kafka allows, and differ where names of logs differ', () => {
  expect(topicName('tenure', 'events/acme-mobile')).toBe('tenure.events.acme-mobile')
  const names = ['a/b', 'a.b', 'a_b', 'a_2eb', 'a b', 'a%b', 'ä', 'a\u0308', '😀']
  const topics = names.map((name) => topicName('t', name))
  expect(new Set(topics).size).toBe(names.length)
  for (const topic of topics) expect(topic).toMatch(/^[A-Za-z0-9._-]+$/)
})

describe.skipIf(!hasKafka())('on a real broker', () => {
  let kafka: KafkaBroker
  let count = 0
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka?.stop())

  const storeOf = (options: Partial<KafkaLogOptions> = {}): Promise<KafkaLogStore> =>
    openKafkaLog({
      brokers: kafka.brokers,
      prefix: 'tenure',
      partitions: 3,
      clientId: 'test',
      ...options,
    })

  eventLogSuite('Kafka', async () => {
    const name = `events/${count++}`
    let store = await storeOf()
    return {
      log: store.log(name),
      reopen: async () => {
        await store.close()
        store = await storeOf()
        return store.log(name)
      },
      close: () => store.close(),
    }
  })

  test('what two processes both store is read once, wherever reading begins', async () => {
    const options = { horizonRecords: 1000, partitions: 2 }
    const [one, two] = await Promise.all([storeOf(options), storeOf(options)])
    const name = `events/${count++}`
    const [first, second] = [one.log(name), two.log(name)]
    // Both learn the empty log before either has stored anything, so neither knows of the other's records.
    await Promise.all([first.append(batchesOf(first, [])), second.append(batchesOf(second, []))])
    const keys = range(1, 5001)
    for (let at = 0; at < keys.length; at += 500) {
      const answers = await first.append(batchesOf(first, keys.slice(at, at + 500)))
      expect(answers.every((bytes) => bytes.every((byte) => byte === 1))).toBe(true)
      await second.append(batchesOf(second, keys.slice(Math.max(0, at - 250), at + 250)))
    }
    expect(await first.append(batchesOf(first, [4999, 5001]))).toEqual([
      new Uint8Array(0),
      new Uint8Array([0, 1]),
    ])

    const whole = await Promise.all([0, 1].map((partition) => keysOf(first, partition)))
    expect(whole.flat().toSorted((a, b) => a - b)).toEqual(range(1, 5002))
    expect(await second.endOffset(1)).toBeGreaterThan(whole[1]!.length)
    // Places are looked up from the front, from the back and again, by a store that has read nothing yet.
    const third = await storeOf(options)
    const log = third.log(name)
    for (const from of [4000, 12, 2500, 0, 4990, 2400, 1]) {
      const before = await entriesBefore(log, 1, from)
      expect(await keysOf(log, 1, from, 77)).toEqual(whole[1]!.slice(before))
    }
    await Promise.all([one.close(), two.close(), third.close()])
  })

  test('a broker that is killed under load loses nothing that was acknowledged', async () => {
    const [store, hasty] = await Promise.all([storeOf({ giveUpMs: 120_000 }), storeOf({ giveUpMs: 500 })])
    const name = `events/${count++}`
    const log = store.log(name)
    await log.append(batchesOf(log, []))
    const stored: number[] = []
    const load = async (until: () => boolean): Promise<void> => {
      while (!until()) {
        const keys = range(stored.length + 1, stored.length + 101)
        await log.append(batchesOf(log, keys))
        stored.push(...keys)
      }
    }
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      let isBack = false
      const loaded = load(() => isBack)
      await kafka.restart(signal, 500)
      isBack = true
      await loaded
      await load(() => stored.length % 5000 === 0)
    }

    // Whoever does not want to wait so long is refused, and may say the same again.
    const other = hasty.log(name)
    await other.append(batchesOf(other, [1_000_000]))
    const restarted = kafka.restart('SIGKILL', 2000)
    await expect(other.append(batchesOf(other, range(2_000_000, 2_000_010)))).rejects.toThrow('within 500 ms')
    await restarted
    const again = async (): Promise<unknown> =>
      other.append(batchesOf(other, range(2_000_000, 2_000_010))).catch(() => again())
    await again()

    const read = (await Promise.all([0, 1, 2].map((partition) => keysOf(log, partition)))).flat()
    expect(read.toSorted((a, b) => a - b)).toEqual([...stored, 1_000_000, ...range(2_000_000, 2_000_010)])
    await Promise.all([store.close(), hasty.close()])
  }, 180_000)
})

/** How many records a reader from the beginning has had before an offset. */
async function entriesBefore(log: EventLog, partition: number, offset: number): Promise<number> {
  let entries = 0
  for (let at = 0; at < offset;) {
    const chunks = await log.read(partition, at, Math.min(100, offset - at))
    for (const entry of entriesOf(chunks)) if (entry.offset < offset) entries++
    const last = chunks.at(-1)
    if (!last) break
    at = last.firstOffset + last.count
  }
  return entries
}
