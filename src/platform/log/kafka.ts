import assert from 'node:assert'
import { Admin } from '@platformatic/kafka'
import { type EventLog, FRAME_BYTES, type LogChunk, type RecordBatch } from './event-log.ts'
import { TopicAppender } from './kafka-appender.ts'
import { PartitionReader } from './kafka-reader.ts'
import { ensureTopic, type KafkaConnection, listTopics, maxBatchBytes, TopicReader } from './kafka-topic.ts'

export type KafkaLogOptions = {
  /** `host:port` of some brokers of the cluster. */
  brokers: string[]
  /** What the names of this installation's topics begin with. */
  prefix: string
  /** Partitions of logs that are made here for the first time; one that exists keeps its own number. */
  partitions: number
  clientId: string
  /** Duplicates are recognised over at least so many records of a partition, and at most twice as many. */
  horizonRecords?: number
  /** After this time without an answer an append is rejected. */
  giveUpMs?: number
}

const HORIZON_RECORDS = 2 ** 20
const GIVE_UP_MS = 30_000
/** Records at the end of a partition whose keys are read before the first append. */
const KNOWN_TAIL_RECORDS = 2 ** 15

/**
 * The name of a log's topic. Kafka allows letters, digits, dot, hyphen and underscore: a slash becomes a dot, and what
 * else is not allowed is written as its hexadecimal bytes, so that different names stay different.
 */
export function topicName(prefix: string, logName: string): string {
  const safe = logName.replaceAll(/[^A-Za-z0-9/-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  )
  return `${prefix}.${safe.replaceAll('/', '.')}`
}

/** The log store on a Kafka cluster: a topic for each log, which all processes share. */
export class KafkaLogStore {
  readonly #options: KafkaLogOptions
  readonly #admin: Admin
  readonly #topics: Map<string, number>
  readonly #logs = new Map<string, KafkaLog>()

  constructor(options: KafkaLogOptions, admin: Admin, topics: Map<string, number>) {
    this.#options = options
    this.#admin = admin
    this.#topics = topics
  }

  /** Connects and finds out which logs there are. Rejects when no broker answers. */
  static async open(options: KafkaLogOptions): Promise<KafkaLogStore> {
    const admin = new Admin({ clientId: options.clientId, bootstrapBrokers: options.brokers })
    try {
      return new KafkaLogStore(options, admin, await listTopics(admin, `${options.prefix}.`))
    } catch (error) {
      await admin.close()
      throw error
    }
  }

  /** The topic of the log of that name, for a consumer group. */
  topic(name: string): string {
    return topicName(this.#options.prefix, name)
  }

  /** The log of that name. Its topic is made at the first use. */
  log(name: string): EventLog {
    let log = this.#logs.get(name)
    if (!log) {
      const topic = this.topic(name)
      log = new KafkaLog(
        this.#admin,
        topic,
        this.#topics.get(topic) ?? this.#options.partitions,
        this.#options,
      )
      this.#logs.set(name, log)
    }
    return log
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.close()))
    await this.#admin.close()
  }
}

/**
 * One topic as an event log. Any number of processes may append, each knowing the keys that it lately saw; what two of
 * them store is left out by the reader, so the offsets of a partition have gaps where duplicates stand.
 */
class KafkaLog implements EventLog {
  readonly partitions: number
  readonly #admin: Admin
  readonly #topic: string
  readonly #connection: KafkaConnection
  readonly #giveUpMs: number
  readonly #source: TopicReader
  readonly #readers: PartitionReader[]
  #made: Promise<void> | undefined
  #appender: Promise<TopicAppender> | undefined

  constructor(admin: Admin, topic: string, partitions: number, options: KafkaLogOptions) {
    this.partitions = partitions
    this.#admin = admin
    this.#topic = topic
    this.#connection = options
    this.#giveUpMs = options.giveUpMs ?? GIVE_UP_MS
    this.#source = new TopicReader(topic, options)
    const horizon = options.horizonRecords ?? HORIZON_RECORDS
    this.#readers = Array.from(
      { length: partitions },
      (_, partition) => new PartitionReader((offset) => this.#source.fetch(partition, offset), horizon),
    )
  }

  async append(batches: RecordBatch[]): Promise<Uint8Array[]> {
    this.#appender ??= this.#makeAppender()
    this.#appender.catch(() => (this.#appender = undefined))
    return (await this.#appender).append(batches)
  }

  async read(partition: number, fromOffset: number, limit: number): Promise<LogChunk[]> {
    await this.#make()
    return this.#readers[partition]!.read(fromOffset, limit)
  }

  async endOffset(partition: number): Promise<number> {
    await this.#make()
    return this.#source.endOffset(partition)
  }

  async close(): Promise<void> {
    const appender = await this.#appender?.catch(() => undefined)
    await Promise.all([appender?.close(), this.#source.close()])
  }

  /** Makes the topic once. A failed attempt is not the last one. */
  #make(): Promise<void> {
    this.#made ??= this.#makeTopic()
    this.#made.catch(() => (this.#made = undefined))
    return this.#made
  }

  async #makeTopic(): Promise<void> {
    const found = await ensureTopic(this.#admin, this.#topic, this.partitions)
    // Somebody else made it meanwhile, otherwise than this process was told to.
    assert.equal(found, this.partitions, `${this.#topic} has ${found} partitions, not ${this.partitions}`)
  }

  /** A sender repeats what was not answered, above all after a restart: the newest keys are learnt from the log. */
  async #makeAppender(): Promise<TopicAppender> {
    await this.#make()
    const appender = new TopicAppender(this.#topic, this.#connection, {
      partitions: this.partitions,
      maxBatchBytes: await maxBatchBytes(this.#admin, this.#topic),
      giveUpMs: this.#giveUpMs,
    })
    for (let partition = 0; partition < this.partitions; partition++) {
      const end = await this.#source.endOffset(partition)
      for (let offset = Math.max(0, end - KNOWN_TAIL_RECORDS); offset < end;) {
        const { firstOffset, count, starts, bytes } = await this.#source.fetch(partition, offset)
        if (count === 0) break
        for (const start of starts.subarray(0, count)) {
          const at = start + FRAME_BYTES
          appender.learn(partition, bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4))
        }
        offset = firstOffset + count
      }
    }
    return appender
  }
}
