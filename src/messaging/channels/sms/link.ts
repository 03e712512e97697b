import { Connection, type BindRole, type ConnectionHandlers, type ConnectionOptions } from './connection.ts'

/** A connection's options and how patiently it is made again. Real time in milliseconds. */
export type LinkOptions = ConnectionOptions & { reconnectMinMs: number; reconnectMaxMs: number }

/** What the link tells its owner beside what its connection tells. `onLost` comes once for each bind that was up. */
export type LinkHandlers = Omit<ConnectionHandlers, 'onClosed'> & {
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
  private readonly role: BindRole
  private readonly handlers: LinkHandlers
  private delayMs: number
  private timer: NodeJS.Timeout | undefined
  private running = false
  private attempt: Promise<void> = Promise.resolve()

  constructor(options: LinkOptions, role: BindRole, handlers: LinkHandlers) {
    this.options = options
    this.role = role
    this.handlers = handlers
    this.delayMs = options.reconnectMinMs
  }

  /** The bound connection, or undefined while there is none. */
  get connection(): Connection | undefined {
    return this.current?.isOpen === true ? this.current : undefined
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
      ...this.handlers,
      onClosed: (reason) => {
        lost = reason
        if (this.current === connection && connection !== undefined) this.lose(reason)
      },
    }
    let connection: Connection | undefined
    try {
      connection = await Connection.open(this.options, this.role, handlers)
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
  }

  private lose(reason: string): void {
    this.current = undefined
    this.handlers.onLost(reason)
    this.again()
  }

  private again(): void {
    if (!this.running) return
    // Binds that were lost together do not come back in step.
    const jitter = 1 + 0.2 * Math.random()
    this.timer = setTimeout(() => {
      this.attempt = this.tryOnce()
    }, this.delayMs * jitter)
    this.delayMs = Math.min(this.delayMs * 2, this.options.reconnectMaxMs)
  }
}
