import type { Socket } from 'node:net'

const octets = 262_144

/** Units on their way to the peer, all delayed alike: what is written between two commits leaves together. */
export class Output {
  readonly #socket: Socket
  readonly #delayMs: number
  bytes: Buffer = Buffer.allocUnsafeSlow(octets)
  #from = 0
  at = 0
  #waiting: { dueMs: number; bytes: Buffer }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket, delayMs: number) {
    this.#socket = socket
    this.#delayMs = delayMs
  }

  /** Makes room; what was written stays where it is until it has left. */
  ensure(room: number): void {
    if (this.at + room <= this.bytes.length) return
    this.commit()
    this.bytes = Buffer.allocUnsafeSlow(Math.max(octets, room))
    this.#from = 0
    this.at = 0
  }

  put(unit: Uint8Array): void {
    this.ensure(unit.length)
    this.bytes.set(unit, this.at)
    this.at += unit.length
  }

  commit(): void {
    if (this.#from === this.at) return
    const bytes = this.bytes.subarray(this.#from, this.at)
    this.#from = this.at
    if (this.#delayMs === 0) {
      this.#write(bytes)
      return
    }
    this.#waiting.push({ dueMs: performance.now() + this.#delayMs, bytes })
    this.#timer ??= setTimeout(this.#due, this.#delayMs)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#waiting = []
  }

  readonly #due = (): void => {
    const nowMs = performance.now()
    let next = 0
    while (next < this.#waiting.length && this.#waiting[next]!.dueMs <= nowMs + 0.5)
      this.#write(this.#waiting[next++]!.bytes)
    this.#waiting = this.#waiting.slice(next)
    const first = this.#waiting[0]
    this.#timer = first === undefined ? undefined : setTimeout(this.#due, Math.max(0, first.dueMs - nowMs))
  }

  #write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }
}
