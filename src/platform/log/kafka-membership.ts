import { setTimeout as sleep } from 'node:timers/promises'
import { type Assignment, GroupMember, isExpelled, isRebalance } from './kafka-group.ts'
import { type KafkaConnection } from './kafka-topic.ts'

export type MembershipOptions = {
  groupId: string
  topic: string
  /**
   * Partitions are this member's from now on. `kept` are those of them that it held right before, with nobody else in
   * between: what it knew of them still holds. When it rejects, the partitions are given back and asked for again.
   */
  onAssigned(partitions: number[], kept: number[]): Promise<void>
  /**
   * Everything that was assigned must be let go; another member gets it when this one has resolved, or when it took
   * longer than the rebalance time-out. Also called when the group cannot be reached any more, and on leaving.
   */
  onRevoked(): Promise<void>
  /** Told of what went wrong; the membership goes on trying. */
  onError?(error: unknown): void
  /** 6 s: how long a killed member's partitions lie idle at most. Brokers refuse less unless told otherwise. */
  sessionTimeoutMs?: number
  /** 30 s: how long the group waits for `onRevoked`. */
  rebalanceTimeoutMs?: number
}

const SESSION_TIMEOUT_MS = 6000
const REBALANCE_TIMEOUT_MS = 30_000
const RETRY_MS = 500
const NONE: Assignment = { generation: -1, partitions: [] }

/**
 * This process as a member of a consumer group that shares the partitions of a topic. Kafka gives each partition to
 * one member at a time as far as members keep to it. One that was stopped for longer than its session (a suspended
 * machine) may still believe that it holds its partitions: whoever writes results must be fenced where they are kept.
 */
export class KafkaMembership {
  readonly #connection: KafkaConnection
  #group: GroupMember | undefined
  #heartbeat: Heartbeat | undefined
  #isLeaving = false
  #done: Promise<void> = Promise.resolve()

  constructor(connection: KafkaConnection) {
    this.#connection = connection
  }

  /** Joins the group and stays until `leave`. Resolves when the first assignment has been taken over. */
  async join(options: MembershipOptions): Promise<void> {
    const { groupId, topic } = options
    const sessionTimeoutMs = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS
    const rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? REBALANCE_TIMEOUT_MS
    this.#group = new GroupMember({
      ...this.#connection,
      groupId,
      topic,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
    })
    const first = Promise.withResolvers<void>()
    this.#done = this.#stay(this.#group, { ...options, sessionTimeoutMs }, first.resolve).finally(
      first.resolve,
    )
    await first.promise
  }

  /** Lets go of everything and leaves the group, so that the others need not wait for the session's end. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    // Either a heart beats, or a request to join waits for the others and is broken off.
    if (this.#heartbeat) this.#heartbeat.end()
    else await this.#group?.disconnect()
    await this.#done
    await this.#group?.leave().catch(() => {})
    await this.#group?.disconnect()
  }

  async #stay(
    group: GroupMember,
    options: MembershipOptions & { sessionTimeoutMs: number },
    onFirst: () => void,
  ): Promise<void> {
    let held = NONE
    while (!this.#isLeaving) {
      try {
        const last = held
        // If anything fails from here on, others may have held the partitions before this member gets them again.
        held = NONE
        const next = await group.join(last.partitions)
        const isNext = next.generation === last.generation + 1
        const kept = isNext ? next.partitions.filter((partition) => last.partitions.includes(partition)) : []
        if (await this.#hold(group, options, next, kept, onFirst)) held = next
      } catch (error) {
        if (this.#isLeaving) break
        options.onError?.(error)
        await group.leave().catch(() => {})
        await group.disconnect()
        await sleep(RETRY_MS)
      }
    }
  }

  /** Holds an assignment until the group changes. Whether this member stayed in it to the end. */
  async #hold(
    group: GroupMember,
    options: MembershipOptions & { sessionTimeoutMs: number },
    { generation, partitions }: Assignment,
    kept: number[],
    onFirst: () => void,
  ): Promise<boolean> {
    const heartbeat = new Heartbeat(group, generation, options.sessionTimeoutMs)
    this.#heartbeat = heartbeat
    if (this.#isLeaving) heartbeat.end()
    try {
      await options.onAssigned(partitions, kept)
      onFirst()
      return await heartbeat.ended
    } finally {
      // The heart beats on while things are let go: that may take longer than a session.
      await options.onRevoked().finally(() => heartbeat.stop())
      this.#heartbeat = undefined
    }
  }
}

/** Beats until it is stopped. `ended` resolves earlier: true when the group changes, false when it is lost. */
class Heartbeat {
  readonly ended: Promise<boolean>
  readonly #group: GroupMember
  readonly #generation: number
  readonly #intervalMs: number
  /** Below the session's time, so that this member lets go before others take over. */
  readonly #patienceMs: number
  readonly #stopping = new AbortController()
  readonly #settle: (stayed: boolean) => void

  constructor(group: GroupMember, generation: number, sessionTimeoutMs: number) {
    this.#group = group
    this.#generation = generation
    this.#intervalMs = sessionTimeoutMs / 6
    this.#patienceMs = sessionTimeoutMs - this.#intervalMs
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.ended = promise
    this.#settle = resolve
    void this.#run()
  }

  /** Ends what is held, as if the group had changed. */
  end(): void {
    this.#settle(true)
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    let heardMs = performance.now()
    while (!signal.aborted) {
      await sleep(this.#intervalMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      const sentMs = performance.now()
      const error = await this.#beat(Math.max(0, heardMs + this.#patienceMs - sentMs))
      if (error === undefined || isRebalance(error)) heardMs = sentMs
      if (error === undefined) continue
      if (isRebalance(error)) this.#settle(true)
      else if (isExpelled(error) || performance.now() - heardMs >= this.#patienceMs)
        return this.#settle(false)
      else await this.#group.disconnect()
    }
  }

  /** The error of one beat, if any. */
  async #beat(timeoutMs: number): Promise<unknown> {
    const waiting = new AbortController()
    const beat = this.#group.beat(this.#generation).then(
      () => undefined,
      (error: unknown) => error ?? new Error('no answer'),
    )
    const late = sleep(timeoutMs, new Error('no answer'), { signal: waiting.signal }).catch(() => undefined)
    const error = await Promise.race([beat, late])
    waiting.abort()
    return error
  }
}
