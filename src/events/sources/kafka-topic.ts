import { setTimeout as wait } from 'node:timers/promises'
import { Consumer, type Message, type MessagesStream } from '@platformatic/kafka'
import type { IngestCounts } from './contract.ts'
import { flattened } from './flattened.ts'
import type { Intake, Lines } from './intake.ts'
import { type PlacedRow, type RowTools, takeRows } from './mapped-rows.ts'
import { Progress, type Running } from './running.ts'
import type { KafkaSource } from './source.ts'

export type TopicTools = RowTools & {
  events: Intake
  /** How long a broken connection rests before the next try, machine time. */
  retryMs?: number | undefined
}

/** Messages that are taken in together, and whose offsets are committed together. */
const BATCH_MESSAGES = 5_000

/** After how long a silent member has left its group, and its partitions are the others'. */
const SESSION_MS = 10_000

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>

/**
 * Consumes a topic as a member of a consumer group. Offsets are committed only when the events of the batch are durable,
 * so a batch whose commit was lost comes again and has no effect: the events' ids say that they are the same.
 */
export function consumeTopic(sourceId: string, kafka: KafkaSource, tools: TopicTools): Running {
  const progress = new Progress(tools.clock)
  const stopping = new AbortController()
  let stream: Stream | undefined
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const consumer = consumerOf(sourceId, kafka, tools.tenantId)
      consumer.on('consumer:group:join', () => countPartitions(consumer, progress))
      try {
        stream = await consumer.consume({
          topics: [kafka.topic],
          mode: 'committed',
          fallbackMode: 'earliest',
        })
        progress.become('connected')
        if (stopping.signal.aborted) await stream.close()
        await consume(stream, sourceId, kafka, tools, progress)
      } catch (error) {
        if (!stopping.signal.aborted) {
          progress.fail(error)
          progress.become('failed')
        }
      }
      await (consumer.close(true) as unknown as Promise<void>).catch(() => undefined)
      const { retryMs = 2_000 } = tools
      await wait(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
    progress.become('stopped')
  }
  const working = work()
  return {
    progress,
    async stop() {
      stopping.abort()
      await Promise.resolve(stream?.close()).catch(() => undefined)
      await working
    },
  }
}

function consumerOf(
  sourceId: string,
  { brokers, group }: KafkaSource,
  tenantId: string,
): Consumer<Buffer, Buffer, Buffer, Buffer> {
  return new Consumer({
    clientId: `tenure-${sourceId}`,
    groupId: group ?? `tenure-${tenantId}-${sourceId}`,
    bootstrapBrokers: brokers,
    autocommit: false,
    maxWaitTime: 500,
    highWaterMark: BATCH_MESSAGES * 2,
    sessionTimeout: SESSION_MS,
    rebalanceTimeout: SESSION_MS,
    // Who joins waits for members that died, until their session ends; a shorter patience would join for ever.
    requestTimeout: SESSION_MS * 2,
  })
}

function countPartitions(
  { assignments }: Consumer<Buffer, Buffer, Buffer, Buffer>,
  progress: Progress,
): void {
  progress.details['partitions'] = (assignments ?? []).reduce(
    (sum, { partitions }) => sum + partitions.length,
    0,
  )
}

async function consume(
  stream: Stream,
  sourceId: string,
  kafka: KafkaSource,
  tools: TopicTools,
  progress: Progress,
): Promise<void> {
  const take = kafka.map ? takerOfMapped(sourceId, kafka, tools) : await takerOfLines(tools)
  let batch: Message<Buffer, Buffer, Buffer, Buffer>[] = []
  for await (const message of stream) {
    batch.push(message)
    // A lull is no reason to wait: what has come so far is the batch.
    if (batch.length < BATCH_MESSAGES && stream.readableLength > 0) continue
    progress.add(await take(batch))
    await commit(batch, progress)
    batch = []
  }
}

type Taker = (batch: Message<Buffer, Buffer, Buffer, Buffer>[]) => Promise<IngestCounts>

/** The group remembers the last message of each partition. */
async function commit(batch: Message<Buffer, Buffer, Buffer, Buffer>[], progress: Progress): Promise<void> {
  const last = new Map(batch.map((message) => [message.partition, message]))
  try {
    await Promise.all([...last.values()].map((message) => message.commit()))
  } catch (error) {
    // The partition may have gone to another member, who takes these messages again as duplicates.
    progress.fail(error)
  }
}

const NEWLINE = Buffer.from('\n')

async function takerOfLines({ tenantId, events }: TopicTools): Promise<Taker> {
  const lines: Lines = await events.openLines(tenantId)
  let before: IngestCounts = { accepted: 0, duplicates: 0, rejected: 0 }
  return async (batch) => {
    const parts = batch.flatMap(({ value }) => (value ? [lineOf(value), NEWLINE] : []))
    await lines.write(Buffer.concat(parts))
    const now = await lines.flushed()
    const news = {
      accepted: now.accepted - before.accepted,
      duplicates: now.duplicates - before.duplicates,
      rejected: now.rejected - before.rejected,
    }
    before = { ...now }
    return news
  }
}

/** JSON may be written over several lines; between its tokens, the only place for one, a line end is a blank. */
function lineOf(value: Buffer): Buffer {
  if (!value.includes(10)) return value
  const line = Buffer.from(value)
  for (let i = line.indexOf(10); i >= 0; i = line.indexOf(10, i)) line[i] = 32
  return line
}

function takerOfMapped(sourceId: string, { topic, type, map }: KafkaSource, tools: TopicTools): Taker {
  const rules = { map: map!, type: type!, source: `kafka/${sourceId}` }
  return (batch) => {
    const rows = batch.flatMap(({ value, partition, offset }): PlacedRow[] => {
      if (!value) return []
      const place = {
        rowId: `${topic}-${partition}-${offset}`,
        file: `${topic}/${partition}`,
        line: Number(offset),
      }
      const row = flattened(value.toString())
      if (row) return [{ row, ...place }]
      const broken = {
        code: 'line_invalid',
        message: 'the message is no JSON object',
        expected: 'a JSON object',
      }
      return [{ row: { text: value.toString().slice(0, 10_000) }, ...place, broken }]
    })
    return takeRows(tools, rows, rules)
  }
}
