import { setTimeout as wait } from 'node:timers/promises'
import { Admin, Producer } from '@platformatic/kafka'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasKafka, type KafkaBroker, startKafka } from '../../../test/kafka-broker.ts'
import { type SourceWorld, sourceWorld } from '../../../test/source-world.ts'
import type { SourceStatus } from './contract.ts'
import { flattened } from './flattened.ts'
import type { Intake } from './intake.ts'
import { sourceKind } from './source.ts'
import { createSources, type Sources } from './sources.ts'

describe.skipIf(!hasKafka())('on a real broker', () => {
  let kafka: KafkaBroker
  let world: SourceWorld
  let producer: Producer
  let topic: string
  let made = 0
  const open = new Set<Sources>()

  beforeAll(async () => {
    kafka = await startKafka()
    world = await sourceWorld([sourceKind])
    const schema = { type: 'object', properties: { volumeMb: { type: 'number' }, cell: { type: 'string' } } }
    await world.documents.apply(world.tenantId, [
      { kind: 'EventType', id: 'usage.recorded', subject: 'subscriber', schema },
    ])
    const rows = Array.from({ length: 100 }, (_, i) => ({ identities: { account: `a${i}` } }))
    await world.profiles.upsertSubscribers(world.tenantId, rows)
    producer = idempotentProducer()
  })
  afterAll(async () => {
    await producer?.close()
    await world?.close()
    await kafka?.stop()
  })
  beforeEach(async () => {
    topic = `usage-${made++}`
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: kafka.brokers })
    await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 })
    await admin.close()
  })
  afterEach(async () => {
    for (const sources of open) await sources.stop()
    open.clear()
    await apply({}, { paused: true })
  })

  const apply = async (rest: object = {}, head: object = {}) => {
    const given = { brokers: kafka.brokers, topic, ...rest }
    const [result] = await world.documents.apply(world.tenantId, [
      { kind: 'Source', id: 'feed', kafka: given, ...head },
    ])
    expect(result!.problems ?? []).toEqual([])
  }
  const start = async (events: Intake = world.events): Promise<Sources> => {
    const sources = createSources({ ...world, events, onError: console.error, retryMs: 100 })
    open.add(sources)
    await sources.start(world.tenantId)
    return sources
  }
  const statusOf = async (sources: Sources): Promise<SourceStatus> =>
    (await sources.status(world.tenantId))[0]!
  const until = async (done: () => Promise<boolean>, sources: Sources) => {
    for (let i = 0; i < 1_500; i++) {
      if (await done()) return
      await wait(20)
    }
    throw new Error(`never: ${JSON.stringify(await statusOf(sources))}`)
  }
  const produce = async (values: (string | object)[]) => {
    const messages = values.map((value, i) => ({
      topic,
      partition: i % 3,
      value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    }))
    // A broker takes at most 1 MB at once.
    for (let at = 0; at < messages.length; at += 3_000) {
      await producer.send({ messages: messages.slice(at, at + 3_000) })
    }
  }
  // A producer that repeats a message after a restart of the broker makes another message of it, and another letter.
  const idempotentProducer = (): Producer =>
    new Producer({ clientId: 'test', bootstrapBrokers: kafka.brokers, idempotent: true })
  const events = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      specversion: '1.0',
      id: `e${from + i}`,
      source: topic,
      type: 'usage.recorded',
      time: '2026-03-01T10:00:00Z',
      subject: `account:a${i % 100}`,
      data: { volumeMb: from + i },
    }))
  const logged = async (source = topic) => (await world.logged()).filter((event) => event.source === source)

  test('CloudEvents of a topic, also those of before; what is none waits in the dead letters', async () => {
    await produce(events(0, 3_000))
    await apply()
    const sources = await start()
    await until(async () => (await statusOf(sources)).accepted === 3_000, sources)
    await produce([JSON.stringify(events(3_000, 3_001)[0], undefined, 2), '{"broken\n":', ...events(0, 1)])
    await until(async () => (await statusOf(sources)).rejected > 0, sources)
    expect(await statusOf(sources)).toMatchObject({
      way: 'kafka',
      state: 'connected',
      accepted: 3_001,
      lastError: null,
      details: { partitions: 3 },
    })
    expect(await logged()).toHaveLength(3_001)
  })

  test('killed in the middle of a batch, before and after it is durable: nothing lost, nothing doubled', async () => {
    await apply()
    await produce(events(0, 20_000))
    for (const isDurable of [true, false, true]) {
      let killed = (): void => undefined
      const kill = new Promise<void>((resolve) => (killed = resolve))
      const dying: Intake = {
        ...world.events,
        openLines: async (tenantId) => {
          const lines = await world.events.openLines(tenantId)
          let batches = 0
          const die = (): never => {
            killed()
            throw new Error('killed')
          }
          return {
            write: (chunk) => (batches++ > 0 && !isDurable ? die() : lines.write(chunk)),
            flushed: async () => {
              const counts = await lines.flushed()
              return batches > 1 ? die() : counts
            },
          }
        },
      }
      const sources = await start(dying)
      await kill
      await sources.stop()
      open.delete(sources)
    }
    await produce(events(20_000, 21_000))
    const sources = await start()
    await until(async () => (await logged()).length >= 21_000, sources)
    await wait(300)
    expect(new Set((await logged()).map(({ id }) => id)).size).toBe(21_000)
    expect(await logged()).toHaveLength(21_000)
  })

  test('two members share a topic, one leaves, the broker dies and comes back', async () => {
    await apply()
    const first = await start()
    const second = await start()
    await until(async () => (await statusOf(second)).details['partitions']! > 0, second)
    await produce(events(0, 5_000))
    await until(async () => (await logged()).length === 5_000, first)
    await first.stop()
    open.delete(first)
    await produce(events(5_000, 6_000))
    await until(async () => (await logged()).length === 6_000, second)
    await kafka.restart()
    await producer.close()
    producer = idempotentProducer()
    await produce(events(5_500, 7_000))
    await until(async () => (await logged()).length === 7_000, second)
    expect((await statusOf(second)).state).toBe('connected')
  })

  test('JSON of any shape by a map', async () => {
    await apply({
      type: 'usage.recorded',
      map: {
        subject: { kind: 'account', column: 'who.account' },
        time: { column: 'ts', format: 'epochMs' },
        data: { volumeMb: { column: 'bytes.down', type: 'double' }, cell: 'cells.0' },
      },
    })
    const message = {
      who: { account: 'a1' },
      ts: 1_772_359_200_000,
      bytes: { down: 12.5 },
      cells: ['x', 'y'],
    }
    await produce([
      message,
      '[1]',
      { ...message, bytes: { down: 'much' } },
      { ...message, who: { account: 'nobody' } },
    ])
    const sources = await start()
    // A member that joins its group anew may be given a message again: that is the same event and the same letter.
    await until(async () => (await statusOf(sources)).rejected >= 3, sources)
    await until(async () => (await statusOf(sources)).accepted === 1, sources)
    const own = (await world.letters()).filter(({ event }) =>
      (event as { file?: string }).file?.startsWith(topic),
    )
    expect(own.map(({ problem }) => problem.code).sort()).toEqual([
      'cell_invalid',
      'event_subject_unknown',
      'line_invalid',
    ])
    expect(await logged('kafka/feed')).toHaveLength(1)
    expect((await logged('kafka/feed'))[0]).toMatchObject({
      id: `${topic}-0-0`,
      atMs: 1_772_359_200_000,
      data: { volumeMb: 12.5, cell: 'x' },
    })
  })
})

test('a JSON object becomes a row of texts', () => {
  expect(flattened('{"a":{"b":1,"c":null},"d":[true,{"e":"x"}]}')).toEqual({
    'a.b': '1',
    'd.0': 'true',
    'd.1.e': 'x',
  })
  expect(flattened('[1]')).toBeUndefined()
  expect(flattened('{')).toBeUndefined()
})
