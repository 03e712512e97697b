import type { Documents, Tx } from '../platform/index.ts'
import { type ConsentBook, consentTo, type ConsentWord, type Profiles } from '../profiles/index.ts'
import { confirmationOf, type OptOutWords, type OptWord, wordOf } from './opt-out.ts'

/** An answer that may be such a word, of a known subscriber. */
export type WordAnswer = {
  subscriberId: number
  channel: string
  text: string
  at: Temporal.Instant
  /** The message that it answers, where that is known. */
  messageId?: string
  /** The same for the same answer handed in again. */
  dedupeKey: string
}

/** What an answer was understood as, and what to say in reply. */
export type WordOutcome = { word: OptWord; reply: string }

const MARKETING = 'marketing'
/** What a subscriber's own service needs stays: refusing it is done in the account and not by "STOP". */
const KEPT = new Set(['service', 'transactional'])

/**
 * Does what subscribers ask for by word, within the caller's transaction, and says what it was; undefined in the place of
 * every other answer. The proof is kept with each change: the text itself, when and to which message it was said.
 */
export async function takeWords(
  dependencies: { documents: Documents; profiles: Profiles },
  tx: Tx,
  tenantId: string,
  answers: WordAnswer[],
): Promise<(WordOutcome | undefined)[]> {
  const { documents, profiles } = dependencies
  const own = await documents.get<OptOutWords>(tenantId, 'OptOutWords', 'default')
  // Whoever is taken for opted out here may be understood as assenting; only those are looked up.
  const candidates = answers.filter(({ text }) =>
    ['en', 'ru', 'uk'].some((l) => wordOf(text, l as 'en', true, own)),
  )
  if (candidates.length === 0) return answers.map(() => undefined)
  const ids = [...new Set(candidates.map(({ subscriberId }) => subscriberId))]
  const [books, subscribers] = await Promise.all([
    profiles.consentBooksOf(tx, ids),
    profiles.subscribersByIds(tx, ids),
  ])
  const words: ConsentWord[] = []
  const outcomes = answers.map((answer): WordOutcome | undefined => {
    const subscriber = subscribers.get(answer.subscriberId)
    if (!subscriber) return undefined
    const book = books.get(answer.subscriberId) ?? {}
    const isOptedOut = consentTo(book, answer.channel, MARKETING) === false
    const word = wordOf(answer.text, subscriber.language, isOptedOut, own)
    if (word === undefined) return undefined
    const changes = consentsAfter(word, answer.channel, book)
    words.push(...changes.map((change) => ({ ...change, ...proofOf(answer, change) })))
    return { word, reply: confirmationOf(word, subscriber.language, own) }
  })
  await profiles.recordConsents(tx, words)
  return outcomes
}

/**
 * What a word changes: "STOP" ends every purpose agreed to in its channel but service, marketing in any case; "STOPALL"
 * the same in all channels; "START" opens its channel for marketing.
 */
export function consentsAfter(
  word: OptWord,
  channel: string,
  book: ConsentBook,
): { channel: string; purpose: string; granted: boolean }[] {
  if (word === 'optIn') return [{ channel, purpose: MARKETING, granted: true }]
  const agreed = Object.keys(book).filter((purpose) => !KEPT.has(purpose) && purpose !== MARKETING)
  const scope = word === 'optOut' ? channel : '*'
  return [MARKETING, ...agreed].map((purpose) => ({ channel: scope, purpose, granted: false }))
}

function proofOf(
  answer: WordAnswer,
  { channel, purpose }: { channel: string; purpose: string },
): Omit<ConsentWord, 'channel' | 'purpose' | 'granted'> {
  return {
    subscriberId: answer.subscriberId,
    at: answer.at,
    source: `word by ${answer.channel}`,
    shownText: answer.text,
    messageId: answer.messageId ?? null,
    eventKey: `word ${answer.dedupeKey} ${channel}/${purpose}`,
  }
}
