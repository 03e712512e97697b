import { Connection, type ConnectionHandlers, type ConnectionOptions } from './connection.ts'
import type { Pdu } from './pdu.ts'

/** A connection's options and how patiently it is made again. Real time in milliseconds. */
export type LinkOptions = ConnectionOptions & { reconnectMinMs: number; reconnectMaxMs: number }

/** What the link tells its owner. `onLost` comes once for each bind that was up. */
export type LinkHandlers = {
  onDeliver(pdu: Pdu<'deliver_sm'>): Promise<number>
  onBound(): void
  onLost(reason: string): void
}

/**
 * Keeps one bound connection: connects, binds, and after a loss tries again, waiting twice as long each time up
 * to a limit. A refused bind is treated the same: the peer's operator may be mending the account.
 */
export class Link {
  private current: Connection | undefined
  private readonly options: LinkOptions
  private readonly handlers: LinkHandlers
  private delayMs: number
  private timer: NodeJS.Timeout | undefined
  private running = false
  private attempt: Promise<void> = Promise.resolve()
  private hopeful: (() => void)[] = []

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.options = options
    this.handlers = handlers
    this.delayMs = options.reconnectMinMs
  }

  /** The bound connection, or undefined while there is none. */
  get connection(): Connection | undefined {
    return this.current
  }

  /** How long until another try may have succeeded: what to tell those who want to send now. */
  get retryAfterMs(): number {
    return this.delayMs
  }

  /** Begins to connect and keeps at it; does not wait for success. */
  start(): void {
    if (this.running) return
    this.running = true
    this.attempt = this.tryOnce()
  }

  /** Resolves at the next bind, at once if there is one. */
  whenReady(): Promise<void> {
    if (this.current !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.hopeful.push(resolve)
    })
  }

  /** Unbinds and stays down. */
  async stop(): Promise<void> {
    this.running = false
    clearTimeout(this.timer)
    await this.attempt
    await this.current?.unbind()
    this.current = undefined
  }

  private async tryOnce(): Promise<void> {
    // The connection's own loss before it was bound is the failed attempt, told by open() alone.
    let lost: string | undefined
    const handlers: ConnectionHandlers = {
      onDeliver: (pdu) => this.handlers.onDeliver(pdu),
      onClosed: (reason) => {
        lost = reason
        if (this.current === connection && connection !== undefined) this.lose(reason)
      },
    }
    let connection: Connection | undefined
    try {
      connection = await Connection.open(this.options, handlers)
    } catch {
      this.again()
      return
    }
    if (lost !== undefined) {
      this.again()
      return
    }
    this.current = connection
    this.delayMs = this.options.reconnectMinMs
    this.handlers.onBound()
    for (const resolve of this.hopeful.splice(0)) resolve()
  }

  private lose(reason: string): void {
    this.current = undefined
    this.handlers.onLost(reason)
    this.again()
  }

  private again(): void {
    if (!this.running) return
    this.timer = setTimeout(() => {
      this.attempt = this.tryOnce()
    }, this.delayMs)
    this.delayMs = Math.min(this.delayMs * 2, this.options.reconnectMaxMs)
  }
}
