import {
  type Admin,
  Consumer,
  ConfigResourceTypes,
  FetchIsolationLevels,
  type ClusterMetadata,
  type GenericError,
  type RecordsBatch,
} from '@platformatic/kafka'
import { FRAME_BYTES } from './event-log.ts'

export type KafkaConnection = { brokers: string[]; clientId: string }

/** Bytes that a record batch may have in a topic made here: a group of appends is one batch, visible as a whole. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024
const FETCH_BYTES = 8 * 1024 * 1024
const EARLIEST = -2n
const FETCH_TRIES = 5

/**
 * Records that stand one behind another in a partition, packed as in a RecordBatch. `starts[i]` is where record i's
 * frame begins; the last entry is the end. `endOffset` is the partition's end as known then.
 */
export type Block = {
  firstOffset: number
  count: number
  starts: Uint32Array
  bytes: Buffer
  endOffset: number
}

/** The error of this name that the broker answered with, anywhere in what was thrown. */
export function kafkaError(error: unknown, name: string): GenericError | undefined {
  const found = error instanceof Error && (error as GenericError).findBy?.('apiId', name)
  return found ? (found as GenericError) : undefined
}

/**
 * Partitions of each topic whose name begins so. The number of a topic's partitions is fixed when it is made: a
 * record's place follows from it.
 */
export async function listTopics(admin: Admin, prefix: string): Promise<Map<string, number>> {
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
  if (topics.length === 0) return new Map()
  const metadata = await admin.metadata({ topics })
  return new Map([...metadata.topics].map(([topic, { partitionsCount }]) => [topic, partitionsCount]))
}

/**
 * Makes the topic unless it is there; returns the number of its partitions. Records are kept for ever, as the embedded
 * log keeps them, until the operator sets another retention. Replicas: the cluster's default.
 */
export async function ensureTopic(admin: Admin, topic: string, partitions: number): Promise<number> {
  const configs = [
    { name: 'retention.ms', value: '-1' },
    { name: 'retention.bytes', value: '-1' },
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'max.message.bytes', value: String(MAX_BATCH_BYTES) },
  ]
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: -1, configs })
  } catch (error) {
    if (!kafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error
  }
  const metadata = await admin.metadata({ topics: [topic], forceUpdate: true })
  return metadata.topics.get(topic)!.partitionsCount
}

/** How many bytes one record batch of the topic may have. */
export async function maxBatchBytes(admin: Admin, topic: string): Promise<number> {
  const [found] = await admin.describeConfigs({
    resources: [
      {
        resourceType: ConfigResourceTypes.TOPIC,
        resourceName: topic,
        configurationKeys: ['max.message.bytes'],
      },
    ],
  })
  return Number(found?.configs.find(({ name }) => name === 'max.message.bytes')?.value ?? 1_048_588)
}

/** Reads one topic by offset, outside of any consumer group. */
export class TopicReader {
  readonly #topic: string
  readonly #consumer: Consumer

  constructor(topic: string, { brokers, clientId }: KafkaConnection) {
    this.#topic = topic
    // The client wants a group's name; nobody joins one here.
    const groupId = `${clientId}-reader`
    this.#consumer = new Consumer({ clientId, groupId, bootstrapBrokers: brokers, retryDelay: 250 })
    this.#consumer.topics.track(topic)
  }

  /** The offset behind the last record that is safe on the replicas. */
  endOffset(partition: number): Promise<number> {
    return this.#listOffset(partition, {})
  }

  /** Records from the offset on, as many as one answer brings; none at the end. Does not wait for more. */
  async fetch(partition: number, fromOffset: number): Promise<Block> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#fetch(partition, fromOffset)
      } catch (error) {
        if (kafkaError(error, 'OFFSET_OUT_OF_RANGE')) {
          // What stood there is past its retention, or nothing has come so far yet.
          const firstOffset = await this.#listOffset(partition, { timestamp: EARLIEST })
          if (fromOffset < firstOffset) return this.fetch(partition, firstOffset)
          return blockOf([], fromOffset, fromOffset)
        }
        if (attempt === FETCH_TRIES || !isStale(error)) throw error
        this.#consumer.clearMetadata()
      }
    }
  }

  close(): Promise<void> {
    return this.#consumer.close()
  }

  async #fetch(partition: number, fromOffset: number): Promise<Block> {
    const metadata: ClusterMetadata = await this.#consumer.metadata({ topics: [this.#topic] })
    const { id, partitions } = metadata.topics.get(this.#topic)!
    const wanted = { partition, fetchOffset: BigInt(fromOffset), partitionMaxBytes: FETCH_BYTES }
    const response = await this.#consumer.fetch({
      node: partitions[partition]!.leader,
      maxWaitTime: 0,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      topics: [{ topicId: id, partitions: [{ ...wanted, currentLeaderEpoch: -1, lastFetchedEpoch: -1 }] }],
    })
    const found = response.responses[0]?.partitions[0]
    return blockOf(found?.records ?? [], fromOffset, Number(found?.highWatermark ?? fromOffset))
  }

  async #listOffset(partition: number, at: { timestamp?: bigint }): Promise<number> {
    const offsets = await this.#consumer.listOffsets({
      topics: [this.#topic],
      partitions: { [this.#topic]: [partition] },
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
      ...at,
    })
    return Number(offsets.get(this.#topic)![partition])
  }
}

function isStale(error: unknown): boolean {
  if (error instanceof Error && (error as GenericError).findBy?.('hasStaleMetadata', true)) return true
  return kafkaError(error, 'UNKNOWN_TOPIC_ID') !== undefined
}

/**
 * Packs what a fetch brought, from the offset on: the broker answers with whole batches, which may begin earlier. Ends
 * at the first gap; the next block begins behind it.
 */
function blockOf(batches: RecordsBatch[], fromOffset: number, endOffset: number): Block {
  let count = 0
  let size = 0
  for (const batch of batches) {
    count += batch.records.length
    for (const { value } of batch.records) size += FRAME_BYTES + (value?.length ?? 0)
  }
  const starts = new Uint32Array(count + 1)
  const bytes = Buffer.allocUnsafeSlow(size)
  const block: Block = { firstOffset: fromOffset, count: 0, starts, bytes, endOffset }
  let at = 0
  for (const batch of batches) {
    const first = Number(batch.firstOffset)
    for (const { offsetDelta, value } of batch.records) {
      const offset = first + offsetDelta
      if (offset < fromOffset || !value) continue
      if (block.count === 0) block.firstOffset = offset
      else if (offset !== block.firstOffset + block.count) return block
      bytes.writeUInt32LE(value.length, at)
      value.copy(bytes, at + FRAME_BYTES)
      at += FRAME_BYTES + value.length
      starts[++block.count] = at
    }
  }
  return block
}
