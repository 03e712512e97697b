import { setTimeout as sleep } from 'node:timers/promises'
import {
  Base,
  type Connection,
  FindCoordinatorKeyTypes,
  findCoordinatorV4,
  type GenericError,
  heartbeatV4,
  joinGroupV9,
  leaveGroupV5,
  Reader,
  syncGroupV5,
  Writer,
} from '@platformatic/kafka'
import { kafkaError, type KafkaConnection } from './kafka-topic.ts'
import { sharePartitions } from './partition-shares.ts'

export type GroupOptions = KafkaConnection & {
  groupId: string
  topic: string
  /** A member that is silent for so long is taken for dead. Brokers allow 6 s and more unless told otherwise. */
  sessionTimeoutMs: number
  /** How long the others wait for a member to give up what it holds. */
  rebalanceTimeoutMs: number
}

/** What a member holds: partitions, in the generation of the group in which they were given to it. */
export type Assignment = { generation: number; partitions: number[] }

const PROTOCOL_TYPE = 'consumer'
/** Members must agree on how partitions are shared; another way would bear another name. */
const PROTOCOL_NAME = 'tenure-sticky'
const REQUEST_MARGIN_MS = 10_000
const COORDINATOR_TRIES = 20
const COORDINATOR_RETRY_MS = 100

/**
 * The requests of one member of a consumer group (Kafka's classic group protocol: JoinGroup, SyncGroup, Heartbeat,
 * LeaveGroup). The client's own consumer rejoins at once when the group changes; here the caller decides when, because
 * it must first let go of what it holds.
 */
export class GroupMember {
  readonly #options: GroupOptions
  #memberId = ''
  #client: Base | undefined
  #coordinator: Promise<Connection> | undefined

  constructor(options: GroupOptions) {
    this.#options = options
  }

  /** Waits until all members have joined, and returns what this one is given. `had` is what it would like to keep. */
  async join(had: number[]): Promise<Assignment> {
    for (;;) {
      try {
        return await this.#joinOnce(had)
      } catch (error) {
        const idNeeded = kafkaError(error, 'MEMBER_ID_REQUIRED')
        if (idNeeded) this.#memberId = (error as GenericError)['response'].memberId as string
        else if (isExpelled(error)) this.#memberId = ''
        else if (!isRebalance(error)) throw error
      }
    }
  }

  /** Says that this member is alive. Rejects when the group changes, has gone on without it, or is out of reach. */
  async beat(generation: number): Promise<void> {
    await heartbeatV4.api.async(
      await this.#connect(),
      this.#options.groupId,
      generation,
      this.#memberId,
      null,
    )
  }

  /** Gives everything back at once, without the silence of a session's time. */
  async leave(): Promise<void> {
    if (this.#memberId === '') return
    const members = [{ memberId: this.#memberId }]
    this.#memberId = ''
    await leaveGroupV5.api.async(await this.#connect(), this.#options.groupId, members)
  }

  /** Drops the connection, and with it requests under way. The next request makes a new one to today's coordinator. */
  async disconnect(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#coordinator = undefined
    await client?.close().catch(() => {})
  }

  async #joinOnce(had: number[]): Promise<Assignment> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, topic } = this.#options
    const connection = await this.#connect()
    const protocols = [{ name: PROTOCOL_NAME, metadata: encodeSubscription(topic, had) }]
    const joined = await joinGroupV9.api.async(
      ...([connection, groupId, sessionTimeoutMs, rebalanceTimeoutMs, this.#memberId, null] as const),
      ...([PROTOCOL_TYPE, protocols, null] as const),
    )
    this.#memberId = joined.memberId!
    const generation = joined.generationId
    const shares =
      joined.leader === this.#memberId
        ? await this.#share(
            new Map(joined.members.map((member) => [member.memberId, decodeHad(member.metadata!)])),
          )
        : []
    const synced = await syncGroupV5.api.async(
      ...([connection, groupId, generation, this.#memberId, null] as const),
      ...([PROTOCOL_TYPE, PROTOCOL_NAME, shares] as const),
    )
    return { generation, partitions: decodeAssignment(synced.assignment) }
  }

  /** The leader's part: Kafka leaves the sharing to one of the members. */
  async #share(had: Map<string, number[]>): Promise<{ memberId: string; assignment: Buffer }[]> {
    const { topic } = this.#options
    const metadata = await this.#client!.metadata({ topics: [topic] })
    const shares = sharePartitions(had, metadata.topics.get(topic)!.partitionsCount)
    return [...shares].map(([memberId, share]) => ({ memberId, assignment: encodeAssignment(topic, share) }))
  }

  #connect(): Promise<Connection> {
    if (!this.#coordinator) {
      const found = this.#findCoordinator()
      this.#coordinator = found
      found.catch(() => {
        if (this.#coordinator === found) this.#coordinator = undefined
      })
    }
    return this.#coordinator
  }

  async #findCoordinator(): Promise<Connection> {
    const { brokers, clientId, groupId, rebalanceTimeoutMs } = this.#options
    // Joining is answered only when the others have let go.
    const requestTimeout = rebalanceTimeoutMs + REQUEST_MARGIN_MS
    this.#client ??= new Base({ clientId, bootstrapBrokers: brokers, requestTimeout, retries: 0 })
    const client = this.#client
    const [any] = (await client.connectToBrokers()).values()
    for (let attempt = 1; ; attempt++) {
      try {
        const found = await findCoordinatorV4.api.async(any!, FindCoordinatorKeyTypes.GROUP, [groupId])
        const { host, port } = found.coordinators[0]!
        return await client.connections.get({ host, port })
      } catch (error) {
        // The first group of a cluster waits for the topic in which Kafka remembers groups.
        if (attempt === COORDINATOR_TRIES || !kafkaError(error, 'COORDINATOR_NOT_AVAILABLE')) throw error
        await sleep(COORDINATOR_RETRY_MS)
      }
    }
  }
}

/** The group changes: this member is asked to let go and to join again. */
export function isRebalance(error: unknown): boolean {
  return kafkaError(error, 'REBALANCE_IN_PROGRESS') !== undefined
}

/** The group has gone on without this member: others may hold its partitions by now. */
export function isExpelled(error: unknown): boolean {
  const names = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']
  return names.some((name) => kafkaError(error, name))
}

/*
 * Subscription and assignment are laid out as ConsumerProtocolSubscription and ConsumerProtocolAssignment of Kafka's
 * own clients, version 0, so that its tools show who holds what. The user data of a subscription are the partitions
 * that the member had, as text.
 */
function encodeSubscription(topic: string, had: number[]): Buffer {
  return Writer.create()
    .appendInt16(0)
    .appendArray([topic], (writer, name) => writer.appendString(name, false), false, false)
    .appendBytes(Buffer.from(had.join(',')), false).buffer
}

function decodeHad(subscription: Buffer): number[] {
  const reader = Reader.from(subscription)
  reader.readInt16()
  reader.readArray(() => reader.readString(false), false, false)
  return reader.readBytes(false).toString().split(',').filter(Boolean).map(Number)
}

function encodeAssignment(topic: string, partitions: number[]): Buffer {
  const addTopic = (writer: Writer, name: string): void => {
    writer
      .appendString(name, false)
      .appendArray(partitions, (inner, partition) => inner.appendInt32(partition), false, false)
  }
  return Writer.create().appendInt16(0).appendArray([topic], addTopic, false, false).appendInt32(0).buffer
}

function decodeAssignment(assignment: Buffer): number[] {
  if (assignment.length === 0) return []
  const reader = Reader.from(assignment)
  reader.readInt16()
  const readTopic = (): number[] => {
    reader.readString(false)
    return reader.readArray(() => reader.readInt32(), false, false)
  }
  return reader.readArray(readTopic, false, false).flat()
}
