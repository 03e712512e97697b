import type { Socket } from 'node:net'
import { Output } from './fast-output.ts'
import { id, read32, SubmitPlaces, writeHeader, writeNumber } from './fast-units.ts'

const longestUnit = 70_000

/** What becomes of one submission. */
export type Verdict =
  | 'take'
  | 'take-early'
  | 'throttle'
  | 'nack'
  | 'silent'
  | 'unbind'
  | 'cut'
  | 'wrong-length'
  | 'malformed'

/** What the sessions of one SMSC do together. */
export type SessionOwner = {
  /** Decides on a submission and notes it. The places are valid during the call. */
  judge(bytes: Buffer, places: SubmitPlaces, start: number, end: number): { verdict: Verdict; number: number }
  /** Sends the receipts of what was taken; comes before the answer where the verdict says "early". */
  report(session: FastSession, number: number, bytes: Buffer, places: SubmitPlaces): void
  onBound(session: FastSession): void
  onReceiptAnswer(sequence: number, status: number): void
  onClosed(session: FastSession): void
}

/** One connection with a peer, on the level of octets. */
export class FastSession {
  readonly socket: Socket
  readonly answers: Output
  /** Everything that is not about a message is answered at once. */
  readonly #control: Output
  /** Receipts that leave after the answer, and those that come late. */
  readonly receipts: Output
  readonly late: Output
  /** May receipts go to it? */
  isReceiver = false
  readonly #owner: SessionOwner
  readonly #base: 10 | 16
  readonly #places = new SubmitPlaces()
  #rest: Buffer | undefined

  constructor(
    socket: Socket,
    owner: SessionOwner,
    times: { rttMs: number; receiptAfterMs: number; lateMs: number },
    base: 10 | 16,
  ) {
    this.socket = socket
    this.#owner = owner
    this.#base = base
    this.#control = new Output(socket, 0)
    this.answers = new Output(socket, times.rttMs)
    // Receipts that follow at once go through the same line, behind the answer that they are about.
    this.receipts =
      times.receiptAfterMs === 0 ? this.answers : new Output(socket, times.rttMs + times.receiptAfterMs)
    this.late = new Output(socket, times.rttMs + times.receiptAfterMs + times.lateMs)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const output of [this.answers, this.receipts, this.late]) output.close()
      owner.onClosed(this)
    })
  }

  commit(): void {
    this.answers.commit()
    this.receipts.commit()
    this.late.commit()
    this.#control.commit()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= 16) {
      const length = read32(bytes, at)
      if (length < 16 || length > longestUnit) {
        this.socket.destroy()
        return
      }
      if (bytes.length - at < length) break
      this.#handle(bytes, at, at + length)
      at += length
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined
    this.commit()
  }

  #handle(bytes: Buffer, start: number, end: number): void {
    const command = read32(bytes, start + 4)
    const sequence = read32(bytes, start + 12)
    switch (command) {
      case id.submit:
        this.#submit(bytes, start, end, sequence)
        break
      case id.deliverResp:
        this.#owner.onReceiptAnswer(sequence, read32(bytes, start + 8))
        break
      case id.bindReceiver:
      case id.bindTransceiver:
      case id.bindTransmitter:
        this.isReceiver = command !== id.bindTransmitter
        this.#answer(command + id.genericNack, 0, sequence, 1, this.#control)
        this.#owner.onBound(this)
        break
      case id.unbind:
        this.#answer(id.unbindResp, 0, sequence)
        this.commit()
        this.socket.end()
        break
      case id.unbindResp:
        this.socket.end()
        break
      default:
        if (command === id.enquireLink) this.#answer(command + id.genericNack, 0, sequence, 0, this.#control)
        else if (command < id.genericNack) this.#answer(id.genericNack, 3, sequence)
    }
  }

  #submit(bytes: Buffer, start: number, end: number, sequence: number): void {
    const places = this.#places
    const isReadable = places.find(bytes, start, end)
    const { verdict, number } = isReadable
      ? this.#owner.judge(bytes, places, start, end)
      : { verdict: 'malformed' as const, number: 0 }
    if (verdict === 'throttle') return this.#answer(id.submitResp, 0x58, sequence)
    if (verdict === 'nack') return this.#answer(id.genericNack, 3, sequence)
    if (verdict === 'malformed') return this.#answer(id.submitResp, 2, sequence)
    if (verdict === 'take-early') this.#owner.report(this, number, bytes, places)
    if (verdict === 'take' || verdict === 'take-early') {
      const output = this.answers
      output.ensure(64)
      const at = output.at
      const idEnd = writeNumber(output.bytes, at + 16, number, this.#base)
      output.bytes[idEnd] = 0
      output.at = idEnd + 1
      writeHeader(output.bytes, at, output.at - at, id.submitResp, 0, sequence)
    } else if (verdict === 'unbind') this.#answer(id.unbind, 0, 1)
    else if (verdict === 'cut') this.socket.destroySoon()
    else if (verdict === 'wrong-length') this.answers.put(Buffer.from([0, 0, 0, 5, 0x80, 0, 0, 4]))
    if (verdict !== 'take-early') this.#owner.report(this, number, bytes, places)
  }

  #answer(command: number, status: number, sequence: number, emptyOctets = 0, output = this.answers): void {
    output.ensure(16 + emptyOctets)
    writeHeader(output.bytes, output.at, 16 + emptyOctets, command, status, sequence)
    output.bytes.fill(0, output.at + 16, output.at + 16 + emptyOctets)
    output.at += 16 + emptyOctets
  }
}
