import type { Clock } from '../../../platform/index.ts'
import type { Done, OutboundMessage } from '../../channel.ts'
import type { Connection } from './connection.ts'
import { addressOf } from './inbound.ts'
import { Link, type LinkHandlers, type LinkOptions } from './link.ts'
import { status } from './pdu-layout.ts'
import { Rate } from './rate.ts'
import { Receipts, type ReceiptsOptions } from './receipts.ts'
import { type LinkUser, Submission } from './submission.ts'
import { type QueueOptions, SubmitQueue } from './submit-queue.ts'
import { SubmitWriter, type WriterProfile } from './submit-writer.ts'

/** One account with an SMSC: where it is, how it is bound, what the peer is like. Times are real milliseconds. */
export type AccountOptions = LinkOptions &
  QueueOptions &
  WriterProfile &
  ReceiptsOptions & {
    /** How many binds of a kind are kept at a time. */
    binds: number
    bind: 'transceiver' | 'pair'
    /** What keeps its order over several binds: messages to one destination, or only those of one bind. */
    order: 'destination' | 'link'
    ratePerS?: number | undefined
  }

/** One bind that sends, with its own window and its own order. */
type Lane = { link: Link; queue: SubmitQueue }

/** Takes a deliver_sm that is not a receipt; `unit` is a copy. */
export type OnMessage = (connection: Connection, unit: Buffer) => void

/**
 * The binds of one account and what goes over them. Messages are shared among the binds that are up; what a bind that
 * dies had not sent goes over the others, what it had sent and nobody answered is unknown.
 */
export class Account {
  readonly options: AccountOptions
  readonly #clock: Clock
  readonly #lanes: Lane[]
  readonly #receivers: Link[]
  readonly #rate: Rate
  readonly #receipts: Receipts
  readonly #users = new Set<LinkUser>()
  readonly #onMessage: OnMessage
  #hopeful: (() => void)[] = []
  #order = 0
  #turn = 0
  #rateTimer: NodeJS.Timeout | undefined

  constructor(options: AccountOptions, clock: Clock, onMessage: OnMessage) {
    this.options = options
    this.#clock = clock
    this.#onMessage = onMessage
    this.#rate = new Rate(options.ratePerS)
    const writer = new SubmitWriter(options)
    const sending = options.bind === 'pair' ? 'transmitter' : 'transceiver'
    this.#receipts = new Receipts(
      options,
      (hash) => this.#lanes.some(({ link }) => link.connection?.hasDestination(hash) === true),
      () => this.#users.values().next().value,
    )
    this.#lanes = Array.from({ length: options.binds }, () => {
      const queue = new SubmitQueue(writer, this.#rate, options, () => this.#pump())
      const link: Link = new Link(
        options,
        sending,
        this.#handlersOf(queue, () => this.#lose(queue)),
      )
      return { link, queue }
    })
    this.#receivers = Array.from({ length: options.bind === 'pair' ? options.binds : 0 }, () => {
      const unused = new SubmitQueue(writer, this.#rate, options, () => {})
      return new Link(
        options,
        'receiver',
        this.#handlersOf(unused, () => {}),
      )
    })
  }

  /** A channel begins to use the account; the first one makes it connect. It does not wait for the bind. */
  open(user: LinkUser): void {
    this.#users.add(user)
    for (const link of this.#links()) link.start()
  }

  /** Gives back what this user has not sent, waits for the answers to what is out; the last one unbinds. */
  async close(user: LinkUser): Promise<void> {
    user.isStopping = true
    this.#takeBack(user)
    if (user.open > 0) await new Promise<void>((resolve) => user.whenIdle.push(resolve))
    this.#users.delete(user)
    if (this.#users.size > 0) return
    clearTimeout(this.#rateTimer)
    await Promise.all([...this.#links()].map((link) => link.stop()))
  }

  /** Resolves when something can be sent and, where receipts come over binds of their own, received. */
  whenReady(): Promise<void> {
    if (this.#isReady) return Promise.resolve()
    return new Promise((resolve) => {
      this.#hopeful.push(resolve)
    })
  }

  get isBound(): boolean {
    return this.#lanes.some(({ link }) => link.connection !== undefined)
  }

  /** How many messages would be sent soon: two windows of every bind, or a tenth of a second's share. */
  room(): number {
    let room = 0
    let waiting = 0
    for (const { link, queue } of this.#lanes) {
      waiting += queue.waiting
      if (link.connection !== undefined && !queue.isPausing)
        room += 2 * this.options.window - link.connection.waiting
    }
    if (this.options.ratePerS !== undefined) room = Math.min(room, Math.max(1, this.options.ratePerS / 10))
    return Math.max(0, Math.floor(room - waiting))
  }

  /** Sends every part of every message; messages to one destination keep their order. */
  submit(messages: OutboundMessage[], done: Done, user: LinkUser): void {
    if (!this.isBound || user.isStopping) {
      const afterMs = Math.max(...this.#lanes.map(({ link }) => link.retryAfterMs))
      const reason = user.isStopping ? 'stopping' : 'not_bound'
      for (let i = 0; i < messages.length; i += 1) done(i, { outcome: 'retry', afterMs, reason })
      return
    }
    const nowMs = this.#clock.nowMs()
    for (let index = 0; index < messages.length; index += 1) {
      const message = messages[index]!
      if (message.expiresAtMs <= nowMs) {
        done(index, { outcome: 'refused', reason: 'expired' })
        continue
      }
      const submission = new Submission(message, user, { index, order: this.#order++, done })
      if (submission.cut(this.options)) this.#laneFor(submission)!.queue.push(submission)
      else submission.fail('refused', 'text_too_long', 0)
    }
    this.#pump()
  }

  /** A sending connection, for what does not wait in line. */
  get connection(): Connection | undefined {
    return this.#lanes.find(({ link }) => link.connection !== undefined)?.link.connection
  }

  *#links(): Generator<Link> {
    for (const { link } of this.#lanes) yield link
    yield* this.#receivers
  }

  get #isReady(): boolean {
    const isHearing =
      this.options.bind !== 'pair' || this.#receivers.some((link) => link.connection !== undefined)
    return this.isBound && isHearing
  }

  #handlersOf(queue: SubmitQueue, onLost: (reason: string) => void): LinkHandlers {
    return {
      onAnswer: (submission, part, commandStatus, partId) => {
        if (commandStatus === status.ok) {
          const id = this.#receipts.idOf(partId)
          queue.speedUp()
          this.#receipts.note(submission, id, this.#clock.nowMs())
          submission.accept(id)
        } else queue.refuse(submission, part, commandStatus)
        this.#receipts.answered(submission.hash)
      },
      onLateAnswer: (submission, partId) =>
        this.#receipts.note(submission, this.#receipts.idOf(partId), this.#clock.nowMs()),
      onDeliver: (connection, message, { start, end }) => {
        if (message.isReceipt)
          this.#receipts.take(message, connection, this.#clock.nowMs(), () => addressOf(message))
        else this.#onMessage(connection, Buffer.from(message.bytes.subarray(start, end)))
      },
      onRead: () => {
        this.#receipts.flush()
        this.#pump()
      },
      onBound: () => this.#gain(),
      onLost: (reason) => {
        onLost(reason)
        this.#receipts.flush()
      },
    }
  }

  #pump(): void {
    const nowMs = this.#clock.nowMs()
    // Binds take turns at what the rate allows.
    this.#turn += 1
    let waiting = 0
    for (let i = 0; i < this.#lanes.length; i += 1) {
      const { link, queue } = this.#lanes[(this.#turn + i) % this.#lanes.length]!
      if (link.connection === undefined) continue
      if (link.connection.waiting === 0) queue.rest()
      queue.pump(link.connection, nowMs)
      waiting += queue.waiting
    }
    if (waiting === 0 || !this.#rate.isLimited || this.#rateTimer !== undefined) return
    this.#rateTimer = setTimeout(() => {
      this.#rateTimer = undefined
      this.#pump()
    }, this.#rate.waitMs)
  }

  #laneFor(submission: Submission): Lane | undefined {
    const lanes = this.#lanes
    if (lanes.length === 1) return lanes[0]!.link.connection === undefined ? undefined : lanes[0]
    if (this.options.order === 'destination') {
      for (let i = 0; i < lanes.length; i += 1) {
        const lane = lanes[(submission.hash + i) % lanes.length]!
        if (lane.link.connection !== undefined) return lane
      }
      return undefined
    }
    const load = ({ link, queue }: Lane): number => queue.waiting + link.connection!.waiting
    let best: Lane | undefined
    for (const lane of lanes)
      if (lane.link.connection !== undefined && (best === undefined || load(lane) < load(best))) best = lane
    return best
  }

  #gain(): void {
    // What waits is shared out anew, so that a destination keeps to one bind.
    if (this.#lanes.length > 1) this.#shareOut(this.#lanes.flatMap(({ queue }) => queue.takeUnbegun()))
    this.#pump()
    if (this.#isReady) for (const resolve of this.#hopeful.splice(0)) resolve()
  }

  #lose(queue: SubmitQueue): void {
    this.#shareOut(queue.takeAll())
    this.#pump()
  }

  #shareOut(submissions: Submission[]): void {
    submissions.sort((a, b) => a.order - b.order)
    for (const submission of submissions) {
      const lane = this.#laneFor(submission)
      if (lane === undefined) submission.giveUp('connection_lost', this.options.reconnectMinMs)
      else lane.queue.push(submission)
    }
  }

  #takeBack(user: LinkUser): void {
    for (const { queue } of this.#lanes) {
      for (const submission of queue.takeAll()) {
        if (submission.user === user) submission.giveUp('stopping', this.options.reconnectMinMs)
        else queue.push(submission)
      }
    }
  }
}
