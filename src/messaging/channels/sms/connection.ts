import net from 'node:net'
import { Framer } from './framer.ts'
import { Output } from './output.ts'
import { decodePdu, encodePdu, isResponseId, makePdu, type Decoded, type Pdu } from './pdu.ts'
import { commandIds, status, type Command, type Fields } from './pdu-layout.ts'
import { int32At, ShortMessageView } from './short-message.ts'
import type { Submission } from './submission.ts'
import { writeInt32, type SubmitWriter } from './submit-writer.ts'
import { Window } from './window.ts'

/** Where the peer is and how this side names itself. Times are real time in milliseconds. */
export type ConnectionOptions = {
  host: string
  port: number
  systemId: string
  password: string
  systemType: string
  /** Numbers whose messages this bind wants, as the peer understands it; empty for the account's own. */
  addressRange: string
  /** How long a response may take before the request's outcome counts as unknown. */
  responseTimeoutMs: number
  /** How often an idle link is asked whether it is alive. */
  enquireLinkMs: number
  /** Parts without an answer at a time. */
  window: number
}

export type BindRole = 'transceiver' | 'transmitter' | 'receiver'

/** What came of a request: its response, or that none came in time or before the connection ended. */
export type Reply = { kind: 'response'; status: number; messageId: string } | { kind: 'timeout' | 'closed' }

/** What became of a part beside the statuses of the protocol, which are not negative. */
export const noAnswer = { timeout: -1, closed: -2 } as const

/** What the connection tells its owner. */
export type ConnectionHandlers = {
  /** A part has its answer: a status of the protocol (`partId` where it is 0), or one of `noAnswer`. */
  onAnswer(submission: Submission, part: number, status: number, partId: string): void
  /** A part was taken after its time was over. */
  onLateAnswer(submission: Submission, partId: string): void
  /** A deliver_sm; `message` is valid during the call alone. It is answered with `respond`. */
  onDeliver(connection: Connection, message: ShortMessageView, unit: { start: number; end: number }): void
  /** All that one read of the socket brought has been handled. */
  onRead(): void
  onClosed(reason: string): void
}

/** The bind was refused or did not come about; the message says why, without the password. */
export class BindError extends Error {}

const submitRespId = commandIds.submit_sm_resp
const deliverId = commandIds.deliver_sm
const deliverRespOctets = 17

/**
 * One TCP connection with one bind on it, from connect to close. It numbers requests, matches responses, answers the
 * peer's requests and asks whether the link is alive. It does not reconnect. Units are read where the socket
 * put them.
 */
export class Connection {
  readonly #socket: net.Socket
  readonly #options: ConnectionOptions
  readonly #handlers: ConnectionHandlers
  readonly #framer: Framer
  readonly #window: Window
  readonly #view = new ShortMessageView()
  readonly #requests = new Map<number, (reply: Reply) => void>()
  readonly #output: Output
  #isClosed = false
  #closeReason = 'closed_by_peer'
  #heardSinceEnquiry = true
  readonly #timers: NodeJS.Timeout[] = []

  private constructor(
    socket: net.Socket,
    framer: Framer,
    options: ConnectionOptions,
    handlers: ConnectionHandlers,
  ) {
    this.#socket = socket
    this.#framer = framer
    this.#options = options
    this.#handlers = handlers
    this.#window = new Window(options.window)
    this.#output = new Output(socket)
    socket.on('error', (error) => (this.#closeReason = error.message))
    socket.on('end', () => socket.destroySoon())
    socket.on('close', () => this.#finish())
  }

  /** Connects and binds. Rejects with BindError when either fails or takes too long. */
  static async open(
    options: ConnectionOptions,
    role: BindRole,
    handlers: ConnectionHandlers,
  ): Promise<Connection> {
    const framer = new Framer()
    let connection: Connection | undefined
    const socket = await connect(options, framer, (octets) => connection!.#receive(octets))
    connection = new Connection(socket, framer, options, handlers)
    const { systemId, password, systemType, addressRange } = options
    const account = { systemId, password, systemType, addressRange, interfaceVersion: 0x34 }
    const reply = await connection.request(`bind_${role}`, account)
    if (reply.kind !== 'response' || reply.status !== status.ok) {
      connection.destroy('bind_refused')
      const problem = reply.kind === 'response' ? `refused, status ${reply.status}` : reply.kind
      throw new BindError(`bind: ${problem}`)
    }
    connection.#watch()
    return connection
  }

  get isOpen(): boolean {
    return !this.#isClosed
  }

  /** Parts that wait for their answers. */
  get waiting(): number {
    return this.#window.waiting
  }

  /** Sends one part of a message. `nowMs`: the domain's clock, for the validity. */
  submit(submission: Submission, part: number, writer: SubmitWriter, nowMs: number): void {
    this.#output.ensure(writer.roomFor(submission.message!))
    const sequence = this.#window.nextSequence()
    const { bytes, at } = this.#output
    this.#output.wrote(writer.write(bytes, at, submission, part, sequence, nowMs))
    this.#window.add(sequence, submission, part, performance.now())
  }

  /** Answers a deliver_sm. */
  respond(sequence: number, commandStatus: number): void {
    if (this.#isClosed) return
    this.#output.ensure(deliverRespOctets)
    const { bytes, at } = this.#output
    const octets = commandStatus === 0 ? deliverRespOctets : 16
    writeInt32(bytes, at, octets)
    writeInt32(bytes, at + 4, commandIds.deliver_sm_resp)
    writeInt32(bytes, at + 8, commandStatus)
    writeInt32(bytes, at + 12, sequence)
    // An empty message_id; an error carries no body.
    if (commandStatus === 0) bytes[at + 16] = 0
    this.#output.wrote(at + octets)
  }

  /** Says whether a part for this destination waits for its answer. */
  hasDestination(hash: number): boolean {
    return this.#window.hasDestination(hash)
  }

  /** Sends a request of another kind and resolves with what came of it; never rejects. */
  request<C extends Command>(
    command: C,
    fields: Partial<Fields<C>> = {},
    tlvs?: Map<number, Buffer>,
  ): Promise<Reply> {
    if (this.#isClosed) return Promise.resolve({ kind: 'closed' })
    let sequence = this.#window.nextSequence()
    while (this.#requests.has(sequence)) sequence = this.#window.nextSequence()
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ kind: 'timeout' }), this.#options.responseTimeoutMs)
      const settle = (reply: Reply): void => {
        this.#requests.delete(sequence)
        clearTimeout(timer)
        resolve(reply)
      }
      this.#requests.set(sequence, settle)
      this.#send(makePdu(command, sequence, fields, tlvs === undefined ? {} : { tlvs }) as Pdu)
    })
  }

  /** Says goodbye (unbind) and closes; what is still unanswered then counts as unknown. */
  async unbind(): Promise<void> {
    await this.request('unbind')
    this.destroy('unbound')
  }

  /** Closes at once. */
  destroy(reason: string): void {
    this.#closeReason = reason
    this.#socket.destroy()
    this.#finish()
  }

  #receive(octets: number): void {
    if (this.#isClosed) return
    this.#heardSinceEnquiry = true
    const isWhole = this.#framer.took(octets, this.#visit)
    // Nothing after a wrong length can be read, so the peer is told and the line is cut.
    if (!isWhole && !this.#isClosed)
      this.#hangUp('wrong_command_length', 'generic_nack', 0, status.invalidCommandLength)
    this.#handlers.onRead()
  }

  readonly #visit = (bytes: Buffer, start: number, end: number): void => {
    if (this.#isClosed) return
    const commandId = int32At(bytes, start + 4)
    if (commandId === submitRespId) this.#takeSubmitResp(bytes, start, end)
    else if (commandId === deliverId && this.#view.read(bytes, start, end))
      this.#handlers.onDeliver(this, this.#view, { start, end })
    else this.#handle(decodePdu(Buffer.from(bytes.subarray(start, end))))
  }

  #takeSubmitResp(bytes: Buffer, start: number, end: number): void {
    const commandStatus = int32At(bytes, start + 8)
    let idEnd = start + 16
    while (idEnd < end && bytes[idEnd] !== 0) idEnd += 1
    // An answer that cannot be read says neither yes nor no: its request runs into its time-out.
    if (idEnd === end && end > start + 16) return
    const partId = commandStatus === 0 ? bytes.toString('latin1', start + 16, idEnd) : ''
    this.#takeAnswer(int32At(bytes, start + 12), commandStatus, partId)
  }

  #takeAnswer(sequence: number, commandStatus: number, partId: string): void {
    const submission = this.#window.take(sequence)
    if (submission !== undefined) {
      this.#handlers.onAnswer(submission, this.#window.partOf(sequence), commandStatus, partId)
      return
    }
    const lateOne = this.#window.takeLate(sequence)
    if (lateOne !== undefined && commandStatus === 0) this.#handlers.onLateAnswer(lateOne, partId)
    this.#requests.get(sequence)?.({ kind: 'response', status: commandStatus, messageId: partId })
  }

  #handle(pdu: Decoded): void {
    switch (pdu.command) {
      case 'enquire_link':
        this.#send(makePdu('enquire_link_resp', pdu.sequence) as Pdu)
        break
      case 'unbind':
        this.#hangUp('unbound_by_peer', 'unbind_resp', pdu.sequence, status.ok)
        break
      case 'malformed':
        if (!isResponseId(pdu.commandId)) this.#nack(pdu.sequence, pdu.status)
        break
      case 'unknown':
        if (!isResponseId(pdu.commandId)) this.#nack(pdu.sequence, status.invalidCommandId)
        break
      case 'deliver_sm':
      case 'submit_sm':
      case 'bind_transceiver':
      case 'bind_transmitter':
      case 'bind_receiver':
        this.#nack(pdu.sequence, status.invalidCommandId)
        break
      default: {
        const isNack = pdu.command === 'generic_nack' && pdu.status === 0
        const commandStatus = isNack ? status.systemError : pdu.status
        this.#takeAnswer(pdu.sequence, commandStatus, 'messageId' in pdu.fields ? pdu.fields.messageId : '')
      }
    }
  }

  #nack(sequence: number, commandStatus: number): void {
    this.#send(makePdu('generic_nack', sequence, {}, { status: commandStatus }) as Pdu)
  }

  #hangUp(
    reason: string,
    command: 'generic_nack' | 'unbind_resp',
    sequence: number,
    commandStatus: number,
  ): void {
    this.#closeReason = reason
    this.#send(makePdu(command, sequence, {}, { status: commandStatus }) as Pdu)
    this.#output.flush()
    this.#socket.destroySoon()
    this.#finish()
  }

  #watch(): void {
    const { enquireLinkMs, responseTimeoutMs } = this.#options
    const expire = (): void => {
      const beforeMs = performance.now() - responseTimeoutMs
      this.#window.expire(beforeMs, (submission) =>
        this.#handlers.onAnswer(submission, 0, noAnswer.timeout, ''),
      )
      this.#handlers.onRead()
    }
    this.#timers.push(
      setInterval(() => void this.#enquire(), enquireLinkMs),
      setInterval(expire, Math.max(5, responseTimeoutMs / 10)),
    )
  }

  async #enquire(): Promise<void> {
    if (this.#heardSinceEnquiry) {
      this.#heardSinceEnquiry = false
      return
    }
    const reply = await this.request('enquire_link')
    if (reply.kind === 'timeout') this.destroy('no_answer_to_enquire_link')
  }

  #send(pdu: Pdu): void {
    if (this.#isClosed) return
    const octets = encodePdu(pdu)
    this.#output.ensure(octets.length)
    const { bytes, at } = this.#output
    this.#output.wrote(at + octets.copy(bytes, at))
  }

  #finish(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    for (const settle of this.#requests.values()) settle({ kind: 'closed' })
    this.#window.expire(Infinity, (submission) => this.#handlers.onAnswer(submission, 0, noAnswer.closed, ''))
    this.#handlers.onClosed(this.#closeReason)
  }
}

function connect(
  { host, port, responseTimeoutMs }: ConnectionOptions,
  framer: Framer,
  receive: (octets: number) => void,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const onread: net.OnReadOpts = {
      buffer: () => framer.space(),
      callback: (octets) => {
        receive(octets)
        return true
      },
    }
    const socket = net.connect({ host, port, noDelay: true, onread })
    const timer = setTimeout(() => socket.destroy(new Error('connecting took too long')), responseTimeoutMs)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(new BindError(error.message))
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeListener('error', fail)
      resolve(socket)
    })
  })
}
