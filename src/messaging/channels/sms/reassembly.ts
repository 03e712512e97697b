import type { Concatenation } from './segments.ts'

type Open = {
  parts: Map<number, string>
  total: number
  waiting: ((whole: Promise<void>) => void)[]
  timer: NodeJS.Timeout
}

/**
 * Joins the parts of messages that subscribers send. `whole` is called once a message with its text and resolves
 * when that is durable. A message whose parts do not all come within the time is handed on as it is: half an
 * answer can be understood, a lost one cannot.
 */
export class Reassembler {
  private readonly open = new Map<string, Open>()
  private readonly timeoutMs: number
  private readonly holdMs: number

  constructor(options: { timeoutMs: number; holdMs: number }) {
    this.timeoutMs = options.timeoutMs
    this.holdMs = options.holdMs
  }

  /**
   * Takes one part. Resolves when the whole message is durable or after `holdMs`, whichever is first: the peer
   * should keep a part until then, but one that sends a part only after the last was acknowledged must go on.
   * Rejects when the message could not be kept, so that its parts are offered again.
   */
  add(key: string, part: Concatenation, text: string, whole: (text: string) => Promise<void>): Promise<void> {
    const open = this.open.get(key) ?? this.begin(key, part.total, whole)
    open.parts.set(part.sequence, text)
    if (open.parts.size >= open.total) {
      return this.finish(key, open, whole)
    }
    return new Promise((resolve, reject) => {
      const hold = setTimeout(resolve, this.holdMs)
      open.waiting.push((done) => {
        clearTimeout(hold)
        done.then(resolve, reject)
      })
    })
  }

  /** Forgets the messages that are still open; their parts that were not acknowledged come again. */
  clear(): void {
    for (const open of this.open.values()) clearTimeout(open.timer)
    this.open.clear()
  }

  private begin(key: string, total: number, whole: (text: string) => Promise<void>): Open {
    const timer = setTimeout(() => {
      void this.finish(key, open, whole).catch(() => this.forget(key, open))
    }, this.timeoutMs)
    const open: Open = { parts: new Map(), total, waiting: [], timer }
    this.open.set(key, open)
    return open
  }

  private finish(key: string, open: Open, whole: (text: string) => Promise<void>): Promise<void> {
    const text = [...open.parts].sort(([a], [b]) => a - b).map(([, partText]) => partText)
    // Kept until it is durable: after a failure the peer offers only the parts that it has no answer to.
    const done = whole(text.join('')).then(() => this.forget(key, open))
    for (const settle of open.waiting.splice(0)) settle(done)
    return done
  }

  private forget(key: string, open: Open): void {
    clearTimeout(open.timer)
    if (this.open.get(key) === open) this.open.delete(key)
  }
}
