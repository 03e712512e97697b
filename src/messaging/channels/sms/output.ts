import type { Socket } from 'node:net'

const octets = 262_144

/**
 * What goes out over one connection. Units are written one behind the other into `bytes` from `at` on, and leave together
 * once a turn of the event loop: a window of submissions is one packet, not hundreds.
 */
export class Output {
  readonly #socket: Socket
  bytes: Buffer = Buffer.allocUnsafeSlow(octets)
  at = 0
  #from = 0
  #isFlushing = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Makes room for so many octets. What was written stays where it is until the socket has sent it. */
  ensure(room: number): void {
    if (this.at + room <= this.bytes.length) return
    this.flush()
    this.bytes = Buffer.allocUnsafeSlow(Math.max(octets, room))
    this.#from = 0
    this.at = 0
  }

  /** What was written up to `at` leaves at the end of this turn. */
  wrote(at: number): void {
    this.at = at
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(this.flush)
  }

  readonly flush = (): void => {
    this.#isFlushing = false
    if (this.#from === this.at || !this.#socket.writable) return
    this.#socket.write(this.bytes.subarray(this.#from, this.at))
    this.#from = this.at
  }
}
