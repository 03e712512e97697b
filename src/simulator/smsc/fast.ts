import { createServer, type AddressInfo, type Server } from 'node:net'
import { type FastSmscCounts, type FastSmscMessage, type FastSmscOptions, Share } from './fast-options.ts'
import { FastSession, type SessionOwner, type Verdict } from './fast-session.ts'
import { Tally } from './fast-tally.ts'
import { type FastState, ReceiptWriter, type SubmitPlaces } from './fast-units.ts'

const receiptOctets = 320
const repeatMs = 50

const baseOf = (form: 'hex' | 'decimal' | undefined): 10 | 16 => (form === 'hex' ? 16 : 10)

/**
 * An SMSC for load: a few microseconds a message, with its own small codec, so that it is not what a measurement
 * measures. It takes what it is sent, answers with an id, reports the delivery, and misbehaves as its options say.
 * What the peer did not acknowledge comes again, also over the next bind. Any account may bind.
 */
export class FastSmsc implements SessionOwner {
  readonly #options: FastSmscOptions
  readonly #server: Server
  readonly #sessions = new Set<FastSession>()
  readonly #tally = new Tally()
  readonly #writer: ReceiptWriter
  readonly #shares: Record<'lost' | 'doubled' | 'early' | 'late' | 'undelivered' | 'accepted', Share>
  readonly #messages: FastSmscMessage[] = []
  /** Receipts without an acknowledgement, by sequence number; numbers are the SMSC's and not a session's. */
  readonly #open = new Map<number, Buffer>()
  readonly #counts = {
    binds: 0,
    submissions: 0,
    taken: 0,
    throttled: 0,
    nacked: 0,
    receiptsSent: 0,
    receiptsAcknowledged: 0,
    receiptsRefused: 0,
  }
  readonly #startCpu = process.cpuUsage()
  #sequence = 0
  #isEarly = false

  constructor(options: FastSmscOptions) {
    this.#options = options
    const form = options.receipts ?? 'both'
    this.#writer = new ReceiptWriter(form === 'none' ? 'both' : form, baseOf(options.idForms?.receipt))
    this.#shares = {
      lost: new Share(options.receiptsLost),
      doubled: new Share(options.receiptsDoubled),
      early: new Share(options.receiptsEarly),
      late: new Share(options.receiptsLate),
      undelivered: new Share(options.undelivered),
      accepted: new Share(options.acceptedToo),
    }
    const { rttMs = 0, receiptAfterMs = 0, lateMs = 1_000, idForms } = options
    const times = { rttMs, receiptAfterMs, lateMs }
    this.#server = createServer((socket) => {
      this.#sessions.add(new FastSession(socket, this, times, baseOf(idForms?.response)))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port ?? 0, '127.0.0.1', resolve)
    })
  }

  counts(): FastSmscCounts {
    const { user, system } = process.cpuUsage(this.#startCpu)
    return {
      ...this.#counts,
      sessions: this.#sessions.size,
      distinct: this.#tally.distinct,
      repeats: this.#tally.repeats,
      receiptsOpen: this.#open.size,
      cpuMs: (user + system) / 1000,
    }
  }

  /** What was taken, in its order, where `keepMessages` is set. */
  messages(): FastSmscMessage[] {
    return this.#messages
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const { socket } of this.#sessions) socket.destroy()
    await closed
  }

  judge(
    bytes: Buffer,
    places: SubmitPlaces,
    _start: number,
    end: number,
  ): { verdict: Verdict; number: number } {
    const verdict = this.#verdict(++this.#counts.submissions)
    if (verdict === 'throttle') this.#counts.throttled += 1
    else if (verdict === 'nack') this.#counts.nacked += 1
    else {
      this.#counts.taken += 1
      this.#tally.add(bytes, places.addressAt, places.addressEnd, places.dataCodingAt, end)
      if (this.#options.keepMessages === true) this.#messages.push(messageOf(bytes, places))
    }
    return { verdict, number: this.#counts.taken }
  }

  report(session: FastSession, number: number, bytes: Buffer, places: SubmitPlaces): void {
    if (this.#options.receipts === 'none' || places.registeredDelivery === 0) return
    const { lost, doubled, late, undelivered, accepted } = this.#shares
    if (lost.strikes()) return
    const isLate = !this.#isEarly && late.strikes()
    const times = doubled.strikes() ? 2 : 1
    const state = undelivered.strikes() ? 'UNDELIV' : 'DELIVRD'
    if (accepted.strikes()) this.#send(session, { number, state: 'ACCEPTD', bytes, places }, isLate)
    for (let i = 0; i < times; i += 1) this.#send(session, { number, state, bytes, places }, isLate)
  }

  onBound(session: FastSession): void {
    this.#counts.binds += 1
    if (!session.isReceiver || this.#open.size === 0) return
    for (const unit of this.#open.values()) session.receipts.put(unit)
  }

  onReceiptAnswer(sequence: number, status: number): void {
    const unit = this.#open.get(sequence)
    if (unit === undefined) return
    if (status === 0 || status === 0x65) {
      this.#open.delete(sequence)
      if (status === 0) this.#counts.receiptsAcknowledged += 1
      else this.#counts.receiptsRefused += 1
      return
    }
    this.#counts.receiptsRefused += 1
    setTimeout(() => this.#again(sequence), repeatMs).unref()
  }

  onClosed(session: FastSession): void {
    this.#sessions.delete(session)
  }

  #verdict(count: number): Verdict {
    const { throttleEvery, nackEvery, silentEvery, unbindEvery, cutEvery, wrongLengthEvery } = this.#options
    this.#isEarly = false
    if (throttleEvery && count % throttleEvery === 0) return 'throttle'
    if (nackEvery && count % nackEvery === 0) return 'nack'
    if (silentEvery && count % silentEvery === 0) return 'silent'
    if (unbindEvery && count % unbindEvery === 0) return 'unbind'
    if (cutEvery && count % cutEvery === 0) return 'cut'
    if (wrongLengthEvery && count % wrongLengthEvery === 0) return 'wrong-length'
    this.#isEarly = this.#shares.early.strikes()
    return this.#isEarly ? 'take-early' : 'take'
  }

  #send(
    session: FastSession,
    part: { number: number; state: FastState; bytes: Buffer; places: SubmitPlaces },
    isLate: boolean,
  ): void {
    const receiver = session.isReceiver ? session : this.#receiver()
    const output =
      receiver === undefined || this.#isEarly ? session.answers : isLate ? receiver.late : receiver.receipts
    output.ensure(receiptOctets)
    const start = output.at
    this.#sequence = this.#sequence === 0x7fffffff ? 1 : this.#sequence + 1
    const end = this.#writer.write(output.bytes, start, this.#sequence, part)
    this.#counts.receiptsSent += 1
    if (receiver === undefined) {
      // Nobody listens now: it waits for the next bind.
      this.#open.set(this.#sequence, Buffer.from(output.bytes.subarray(start, end)))
      return
    }
    this.#open.set(this.#sequence, output.bytes.subarray(start, end))
    output.at = end
    if (receiver !== session) setImmediate(() => receiver.commit())
  }

  #receiver(): FastSession | undefined {
    for (const session of this.#sessions) if (session.isReceiver) return session
    return undefined
  }

  #again(sequence: number): void {
    const unit = this.#open.get(sequence)
    const receiver = this.#receiver()
    if (unit === undefined || receiver === undefined) return
    receiver.answers.put(unit)
    receiver.commit()
  }
}

function messageOf(bytes: Buffer, places: SubmitPlaces): FastSmscMessage {
  return {
    address: bytes.toString('latin1', places.addressAt, places.addressEnd),
    reference: places.reference,
    octets: bytes.toString('hex', places.textAt, places.textEnd),
    dataCoding: bytes[places.dataCodingAt]!,
  }
}

/** Starts a fast SMSC in this process on the loopback interface. */
export async function startFastSmsc(options: FastSmscOptions = {}): Promise<FastSmsc> {
  const smsc = new FastSmsc(options)
  await smsc.listen()
  return smsc
}
