import net from 'node:net'
import { Framer } from './framer.ts'
import { decodePdu, encodePdu, isResponseId, makePdu, type Decoded, type Pdu } from './pdu.ts'
import { status, type Command, type Fields } from './pdu-layout.ts'

/** Where the peer is and how this side names itself. Times are real time in milliseconds. */
export type ConnectionOptions = {
  host: string
  port: number
  systemId: string
  password: string
  systemType: string
  /** How long a response may take before the request's outcome counts as unknown. */
  responseTimeoutMs: number
  /** How often an idle link is asked whether it is alive. */
  enquireLinkMs: number
}

/** What came of a request: its response, or that none came in time or before the connection ended. */
export type Reply = { kind: 'response'; status: number; messageId: string } | { kind: 'timeout' | 'closed' }

/** What the connection tells its owner. `onDeliver` resolves with the status to answer with. */
export type ConnectionHandlers = {
  onDeliver(pdu: Pdu<'deliver_sm'>): Promise<number>
  onClosed(reason: string): void
}

type Waiting = { settle: (reply: Reply) => void; timer: NodeJS.Timeout }

/** The bind was refused or did not come about; the message says why, without the password. */
export class BindError extends Error {}

/**
 * One TCP connection with a transceiver bind on it, from connect to close. It numbers requests, matches
 * responses, answers the peer's requests and asks whether the link is alive. It does not reconnect.
 */
export class Connection {
  private readonly socket: net.Socket
  private readonly options: ConnectionOptions
  private readonly handlers: ConnectionHandlers
  private readonly framer = new Framer()
  private readonly waiting = new Map<number, Waiting>()
  private sequence = 0
  private closed = false
  private closeReason = 'closed by the peer'
  private heardSinceEnquiry = true
  private enquiry: NodeJS.Timeout | undefined

  private constructor(socket: net.Socket, options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.socket = socket
    this.options = options
    this.handlers = handlers
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.receive(chunk))
    socket.on('error', (error) => (this.closeReason = error.message))
    socket.on('close', () => this.finish())
  }

  /** Connects and binds as a transceiver. Rejects with BindError when either fails or takes too long. */
  static async open(options: ConnectionOptions, handlers: ConnectionHandlers): Promise<Connection> {
    const socket = await connect(options)
    const connection = new Connection(socket, options, handlers)
    const { systemId, password, systemType } = options
    const reply = await connection.request('bind_transceiver', {
      systemId,
      password,
      systemType,
      interfaceVersion: 0x34,
    })
    if (reply.kind !== 'response' || reply.status !== status.ok) {
      connection.destroy('bind refused')
      throw new BindError(
        reply.kind === 'response' ? `bind refused, status ${reply.status}` : `bind: ${reply.kind}`,
      )
    }
    connection.enquiry = setInterval(() => void connection.enquire(), options.enquireLinkMs)
    return connection
  }

  /** Sends a request and resolves with what came of it; never rejects. */
  request<C extends Command>(
    command: C,
    fields: Partial<Fields<C>> = {},
    tlvs?: Map<number, Buffer>,
  ): Promise<Reply> {
    if (this.closed) return Promise.resolve({ kind: 'closed' })
    const sequence = this.nextSequence()
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => this.settle(sequence, { kind: 'timeout' }),
        this.options.responseTimeoutMs,
      )
      this.waiting.set(sequence, { settle: resolve, timer })
      this.send(makePdu(command, sequence, fields, tlvs === undefined ? {} : { tlvs }) as Pdu)
    })
  }

  /** Says goodbye (unbind) and closes; what is still unanswered then counts as unknown. */
  async unbind(): Promise<void> {
    await this.request('unbind')
    this.destroy('unbound')
  }

  /** Closes at once. */
  destroy(reason: string): void {
    this.closeReason = reason
    this.socket.destroy()
    this.finish()
  }

  private receive(chunk: Buffer): void {
    this.heardSinceEnquiry = true
    const { frames, broken } = this.framer.push(chunk)
    for (const frame of frames) this.handle(decodePdu(frame))
    if (!broken || this.closed) return
    // Nothing after a wrong length can be read, so the peer is told and the line is cut.
    this.closeReason = 'wrong command_length'
    this.send(makePdu('generic_nack', 0, {}, { status: status.invalidCommandLength }) as Pdu)
    this.socket.destroySoon()
    this.finish()
  }

  private handle(pdu: Decoded): void {
    switch (pdu.command) {
      case 'deliver_sm':
        void this.deliver(pdu)
        break
      case 'enquire_link':
        this.send(makePdu('enquire_link_resp', pdu.sequence) as Pdu)
        break
      case 'unbind':
        this.send(makePdu('unbind_resp', pdu.sequence) as Pdu)
        this.closeReason = 'unbound by the peer'
        this.socket.destroySoon()
        this.finish()
        break
      case 'malformed':
      case 'unknown':
        this.refuse(pdu.command, pdu.commandId, pdu.sequence, pdu.status)
        break
      case 'submit_sm':
      case 'bind_transceiver':
        this.refuse('unknown', 0, pdu.sequence, status.invalidCommandId)
        break
      default:
        this.settle(pdu.sequence, {
          kind: 'response',
          status: pdu.command === 'generic_nack' && pdu.status === 0 ? status.systemError : pdu.status,
          messageId: 'messageId' in pdu.fields ? pdu.fields.messageId : '',
        })
    }
  }

  private refuse(kind: 'malformed' | 'unknown', commandId: number, sequence: number, problem: number): void {
    // A response that cannot be read says neither yes nor no: its request runs into its time-out.
    if (isResponseId(commandId)) return
    const code = kind === 'malformed' ? problem : status.invalidCommandId
    this.send(makePdu('generic_nack', sequence, {}, { status: code }) as Pdu)
  }

  private async deliver(pdu: Pdu<'deliver_sm'>): Promise<void> {
    const answer = await this.handlers.onDeliver(pdu).catch(() => status.temporaryError)
    this.send(makePdu('deliver_sm_resp', pdu.sequence, {}, { status: answer }) as Pdu)
  }

  private async enquire(): Promise<void> {
    if (this.heardSinceEnquiry) {
      this.heardSinceEnquiry = false
      return
    }
    const reply = await this.request('enquire_link')
    if (reply.kind === 'timeout') this.destroy('no answer to enquire_link')
  }

  private send(pdu: Pdu): void {
    if (this.closed || !this.socket.writable) return
    // Units of one turn of the event loop leave together: a window of submissions is one packet, not hundreds.
    if (this.socket.writableCorked === 0) {
      this.socket.cork()
      process.nextTick(() => this.socket.uncork())
    }
    this.socket.write(encodePdu(pdu))
  }

  private settle(sequence: number, reply: Reply): void {
    const waiting = this.waiting.get(sequence)
    if (waiting === undefined) return
    this.waiting.delete(sequence)
    clearTimeout(waiting.timer)
    waiting.settle(reply)
  }

  private finish(): void {
    if (this.closed) return
    this.closed = true
    clearInterval(this.enquiry)
    for (const sequence of this.waiting.keys()) this.settle(sequence, { kind: 'closed' })
    this.handlers.onClosed(this.closeReason)
  }

  private nextSequence(): number {
    // 1 to 0x7FFFFFFF (§3.2); numbers that still wait for an answer are passed over after the wrap.
    do this.sequence = this.sequence === 0x7fffffff ? 1 : this.sequence + 1
    while (this.waiting.has(this.sequence))
    return this.sequence
  }
}

function connect(options: ConnectionOptions): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: options.host, port: options.port })
    const timer = setTimeout(
      () => socket.destroy(new Error('connecting took too long')),
      options.responseTimeoutMs,
    )
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(new BindError(error.message))
    })
  })
}
