import { setTimeout as sleep } from 'node:timers/promises'
import { type MessageToProduce, Producer } from '@platformatic/kafka'
import { FRAME_BYTES, type RecordBatch } from './event-log.ts'
import { type KafkaConnection } from './kafka-topic.ts'
import { RecentKeys } from './recent-keys.ts'

/** Where Tenure's records carry the subscriber: the message's key, by which other readers of the topic may join. */
const MESSAGE_KEY_AT = 16
const MESSAGE_KEY_BYTES = 4
/** What Kafka adds to a record at most: its length, offset, times and key. */
const RECORD_OVERHEAD_BYTES = 32
const BATCH_OVERHEAD_BYTES = 128
/** Calls share a request up to this size. Larger ones bring no more through and hold the thread for longer. */
const GROUP_BYTES = 2 * 1024 * 1024
const RECENT_KEYS = 2 ** 17
/** A producer counts the records of a partition in 32 bits and does not begin anew by itself. */
const RECORDS_OF_A_PRODUCER = 2 ** 30
const RETRY_DELAY_MS = 200
const NO_KEY = Buffer.alloc(MESSAGE_KEY_BYTES)

type Message = MessageToProduce
type Waiting = {
  /** The records of each partition, copied: the caller's batches may be used again when the answer is there. */
  records: Buffer[][]
  bytes: number[]
  settle: PromiseWithResolvers<Uint8Array[]>
}

/**
 * Appends to one topic. Calls that come while a request is under way wait and go together in the next one. There is
 * one request at a time: an idempotent producer numbers the records of a partition, and the client does so when it
 * builds the request, so two at once would bear the same numbers and the broker would take the second for a repetition
 * of the first.
 */
export class TopicAppender {
  readonly #topic: string
  readonly #connection: KafkaConnection
  readonly #maxBatchBytes: number
  readonly #giveUpMs: number
  /** Keys of each partition that this process has lately seen stored: whoever repeats them need not be stored again. */
  readonly #recent: RecentKeys[]
  #producer: Producer | undefined
  #sent = 0
  #waiting: Waiting[] = []
  #isSending = false

  constructor(
    topic: string,
    connection: KafkaConnection,
    { partitions, maxBatchBytes, giveUpMs }: { partitions: number; maxBatchBytes: number; giveUpMs: number },
  ) {
    this.#topic = topic
    this.#connection = connection
    this.#maxBatchBytes = maxBatchBytes - BATCH_OVERHEAD_BYTES
    this.#giveUpMs = giveUpMs
    this.#recent = Array.from({ length: partitions }, () => new RecentKeys())
  }

  /** Remembers keys that stand in the log already. */
  learn(partition: number, lo: number, hi: number): boolean {
    const keys = this.#recent[partition]!
    if (keys.count >= RECENT_KEYS) keys.rotate()
    return keys.add(lo, hi)
  }

  /**
   * Resolves with 1 for each stored record and 0 for each that is known as a duplicate. Rejects when the cluster does
   * not answer in time: then some records may be stored all the same, and the caller who repeats them doubles nothing.
   */
  append(batches: RecordBatch[]): Promise<Uint8Array[]> {
    const settle = Promise.withResolvers<Uint8Array[]>()
    const records = batches.map(recordsOf)
    const bytes = records.map((list) =>
      list.reduce((sum, { length }) => sum + length + RECORD_OVERHEAD_BYTES, 0),
    )
    this.#waiting.push({ records, bytes, settle })
    if (!this.#isSending) void this.#sendAll()
    return settle.promise
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.close()
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup()
      try {
        const answers = await this.#sendGroup(group)
        group.forEach(({ settle }, i) => settle.resolve(answers[i]!))
      } catch (error) {
        for (const { settle } of group) settle.reject(error)
      }
    }
    this.#isSending = false
  }

  /** Waiting calls that fit into one record batch per partition; the first one even if it does not fit. */
  #nextGroup(): Waiting[] {
    const sums = this.#recent.map(() => 0)
    let total = 0
    const fits = ({ bytes }: Waiting): boolean =>
      total < GROUP_BYTES && bytes.every((size, partition) => sums[partition]! + size <= this.#maxBatchBytes)
    let end = 0
    do {
      for (const [partition, size] of this.#waiting[end]!.bytes.entries()) {
        sums[partition]! += size
        total += size
      }
      end++
    } while (end < this.#waiting.length && fits(this.#waiting[end]!))
    return this.#waiting.splice(0, end)
  }

  async #sendGroup(group: Waiting[]): Promise<Uint8Array[][]> {
    const messages: Message[][] = this.#recent.map(() => [])
    const answers = group.map(({ records }) =>
      records.map((list, partition) => this.#choose(partition, list, messages[partition]!)),
    )
    try {
      for (const request of requestsOf(messages, this.#maxBatchBytes)) await this.#send(request)
    } catch (error) {
      // Nobody knows what was stored. The keys count as unknown, and the numbering begins anew.
      for (const keys of this.#recent) keys.clear()
      await this.#dropProducer()
      throw error
    }
    return answers
  }

  /** Adds messages for the records that are new; says which they are. */
  #choose(partition: number, records: Buffer[], messages: Message[]): Uint8Array {
    const answer = new Uint8Array(records.length)
    for (const [i, record] of records.entries()) {
      if (!this.learn(partition, record.readUInt32LE(0), record.readUInt32LE(4))) continue
      answer[i] = 1
      messages.push({ topic: this.#topic, partition, value: record, ...messageKey(record) })
    }
    return answer
  }

  async #send(messages: Message[]): Promise<void> {
    if (this.#sent > RECORDS_OF_A_PRODUCER) await this.#dropProducer()
    this.#sent += messages.length
    this.#producer ??= new Producer({
      clientId: this.#connection.clientId,
      bootstrapBrokers: this.#connection.brokers,
      idempotent: true,
      retries: Math.ceil(this.#giveUpMs / RETRY_DELAY_MS),
      retryDelay: RETRY_DELAY_MS,
    })
    const timer = new AbortController()
    const tooLate = sleep(this.#giveUpMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`Kafka did not take records of ${this.#topic} within ${this.#giveUpMs} ms`)
    })
    try {
      await Promise.race([this.#producer.send({ messages }), tooLate])
    } finally {
      timer.abort()
      tooLate.catch(() => {})
    }
  }

  async #dropProducer(): Promise<void> {
    this.#sent = 0
    // A connection that is broken already has nothing to say about its end.
    await this.close().catch(() => {})
  }
}

function recordsOf({ bytes, length }: RecordBatch): Buffer[] {
  const copy = Buffer.from(bytes.subarray(0, length))
  const records: Buffer[] = []
  for (let at = 0; at < length;) {
    const start = at + FRAME_BYTES
    at = start + copy.readUInt32LE(at)
    records.push(copy.subarray(start, at))
  }
  return records
}

function messageKey(record: Buffer): { key?: Buffer } {
  const key = record.subarray(MESSAGE_KEY_AT, MESSAGE_KEY_AT + MESSAGE_KEY_BYTES)
  return key.length < MESSAGE_KEY_BYTES || key.equals(NO_KEY) ? {} : { key }
}

/** One request where each partition's messages fit into one record batch, more where they do not. */
function* requestsOf(messages: Message[][], maxBatchBytes: number): Generator<Message[]> {
  const next = messages.map(() => 0)
  for (;;) {
    const request: Message[] = []
    for (const [partition, list] of messages.entries()) {
      let bytes = 0
      for (let i = next[partition]!; i < list.length; i++) {
        bytes += list[i]!.value!.length + RECORD_OVERHEAD_BYTES
        if (bytes > maxBatchBytes && i > next[partition]!) break
        request.push(list[i]!)
        next[partition] = i + 1
      }
    }
    if (request.length === 0) return
    yield request
  }
}
