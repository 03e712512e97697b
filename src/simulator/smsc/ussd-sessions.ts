/** A dialogue that a subscriber has begun and that waits for its reply. */
type Dialogue = {
  address: string
  resolve: (text: string) => void
  /** Hands the request to the peer; resolves when the peer has acknowledged it. */
  ask: () => Promise<void>
  acknowledged: boolean
}

/**
 * The USSD dialogues that wait for a reply, by its_session_info: one octet for the session, one for the step in
 * its upper seven bits (SMPP 3.4 §5.3.2.43). 256 sessions at a time; further ones wait for a free number.
 */
export class UssdSessions {
  private readonly open = new Map<string, Dialogue>()
  private readonly free = Array.from({ length: 256 }, (_, number) => number)
  private readonly queue: ((number: number) => void)[] = []

  /** Opens a dialogue, asks, and resolves with the text that ends it. */
  async run(address: string, ask: (info: Buffer) => Promise<void>): Promise<string> {
    const number = this.free.shift() ?? (await new Promise<number>((resolve) => this.queue.push(resolve)))
    const info = Buffer.from([number, 0])
    try {
      return await new Promise<string>((resolve, reject) => {
        const dialogue = { address, resolve, ask: () => ask(info), acknowledged: false }
        this.open.set(info.toString('hex'), dialogue)
        put(dialogue).catch(reject)
      })
    } finally {
      this.open.delete(info.toString('hex'))
      this.release(number)
    }
  }

  /** Gives a reply to its dialogue. One that comes a second time, or for another phone, finds none. */
  finish(info: string, address: string, text: string): void {
    const dialogue = this.open.get(info)
    if (dialogue?.address === address) dialogue.resolve(text)
  }

  /** The peer is gone: what it acknowledged and never replied to is asked again. */
  askAgain(): void {
    for (const dialogue of this.open.values()) if (dialogue.acknowledged) put(dialogue).catch(() => {})
  }

  private release(number: number): void {
    const next = this.queue.shift()
    if (next === undefined) this.free.push(number)
    else next(number)
  }
}

async function put(dialogue: Dialogue): Promise<void> {
  dialogue.acknowledged = false
  await dialogue.ask()
  dialogue.acknowledged = true
}
