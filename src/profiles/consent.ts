/** A subscriber's word on a channel and a purpose. The channel `*` is all channels. */
export type ConsentWord = {
  subscriberId: number
  channel: string
  purpose: string
  granted: boolean
  at: Temporal.Instant
  /** How it was said: `sms`, `unsubscribe link`, `web form`. */
  source: string
  /** What the subscriber said or had before the eyes. */
  shownText?: string | null
  /** The message that it answers. */
  messageId?: string | null
  /** The same for the same word handed in again, which is then kept once. */
  eventKey?: string | null
  /**
   * False for what a list repeats without saying when it was said: it may bring a first word or a refusal, but a "yes"
   * without its date never overturns a "no", because nobody could prove it. True where absent.
   */
  isDated?: boolean
}

/** What holds, by purpose and channel; `*` among the channels is the word on all of them. */
export type ConsentBook = Record<string, Record<string, boolean>>

export type KnownConsent = { channel: string; purpose: string; granted: boolean; atMs: number }

/**
 * The latest word decides, whether it was about one channel or about all; of two words of one moment the refusal
 * does. So "stop everything" ends each channel, and a later "start" by SMS opens SMS alone.
 */
export function consentBook(known: KnownConsent[]): ConsentBook {
  const book: ConsentBook = {}
  const ofAll = new Map(
    known.filter(({ channel }) => channel === '*').map((consent) => [consent.purpose, consent]),
  )
  for (const { channel, purpose, granted, atMs } of known) {
    const all = ofAll.get(purpose)
    const isByAll = all !== undefined && (atMs < all.atMs || (atMs === all.atMs && !all.granted))
    ;(book[purpose] ??= {})[channel] = isByAll ? all.granted : granted
  }
  return book
}

/** What a book says about a channel and a purpose; undefined where there was never a word. */
export function consentTo(
  book: ConsentBook | undefined,
  channel: string,
  purpose: string,
): boolean | undefined {
  const channels = book?.[purpose]
  return channels?.[channel] ?? channels?.['*']
}

/** A book as one record by `channel/purpose`. */
export function flatConsents(book: ConsentBook): Record<string, boolean> {
  const flat: Record<string, boolean> = {}
  for (const [purpose, channels] of Object.entries(book))
    for (const [channel, granted] of Object.entries(channels)) flat[`${channel}/${purpose}`] = granted
  return flat
}
