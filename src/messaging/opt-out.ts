import { z } from 'zod'
import type { Language } from './template-contract.ts'

/** What a word asks for: nothing more by this channel, nothing more at all, or to be written to again. */
export type OptWord = 'optOut' | 'optOutAll' | 'optIn'

const ownWords = z.array(z.string().trim().min(1).max(40)).max(100).default([])
const confirmation = z.strictObject({ en: z.string().min(1), ru: z.string().min(1), uk: z.string().min(1) })

/** The tenant's own words beside the known ones, and its own confirmations. */
export const optOutWords = z.strictObject({
  kind: z.literal('OptOutWords'),
  id: z.literal('default'),
  optOut: ownWords,
  optOutAll: ownWords,
  optIn: ownWords,
  confirmations: z
    .strictObject({ optOut: confirmation, optOutAll: confirmation, optIn: confirmation })
    .partial()
    .default({}),
})
export type OptOutWords = z.infer<typeof optOutWords>

// English: the words that carriers in North America require to be understood (CTIA, and 47 CFR 64.1200(a)(10)).
const optOut =
  'STOP UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT OPT-OUT СТОП СТОПП ОТПИСКА ОТПИСАТЬСЯ ОТПИШИТЕ ОТМЕНА ОТКАЗ ХВАТИТ ' +
  'ВІДПИСКА ВІДПИСАТИСЯ ВІДПИСАТИСЬ ВІДМОВА ДОСИТЬ ПРИПИНИТИ'
const optOutAll = 'STOPALL STOP-ALL СТОПВСЕ СТОПВСЁ СТОП-ВСЕ ОТПИСКАВСЕ СТОПУСЕ СТОП-УСЕ ВІДПИСКАУСЕ'
const optInAlways = 'START UNSTOP SUBSCRIBE СТАРТ ПОДПИСКА ПОДПИСАТЬСЯ ПІДПИСКА ПІДПИСАТИСЯ'
/** A word of assent, which is one only in its own language. */
const assent: Record<Language, string> = { en: 'YES', ru: 'ДА YES', uk: 'ТАК YES' }

/** Confirmations where the tenant has none of its own. */
const confirmations: Record<OptWord, Record<Language, string>> = {
  optOut: {
    en: 'You will get no more messages from us here. To get them again, reply START.',
    ru: 'Вы больше не будете получать здесь наши сообщения. Чтобы вернуть их, ответьте СТАРТ.',
    uk: 'Ви більше не отримуватимете тут наших повідомлень. Щоб повернути їх, надішліть СТАРТ.',
  },
  optOutAll: {
    en: 'You will get no more messages from us in any channel. To get them again here, reply START.',
    ru: 'Вы больше не будете получать наши сообщения ни в одном канале. Чтобы вернуть их здесь, ответьте СТАРТ.',
    uk: 'Ви більше не отримуватимете наших повідомлень у жодному каналі. Щоб повернути їх тут, надішліть СТАРТ.',
  },
  optIn: {
    en: 'You will get our messages here again. To stop them, reply STOP.',
    ru: 'Вы снова будете получать здесь наши сообщения. Чтобы отказаться, ответьте СТОП.',
    uk: 'Ви знову отримуватимете тут наші повідомлення. Щоб відмовитися, надішліть СТОП.',
  },
}

/** Latin letters that look like Cyrillic ones: keyboards are switched in the middle of a word. */
const twins: Record<string, string> = {}
for (const [i, letter] of [...'ABCEHIKMOPTXY'].entries()) twins[letter] = [...'АВСЕНІКМОРТХУ'][i]!

const wordsIn = (text: string): string[] => text.split(' ').map(folded)
const known = new Map<string, OptWord>()
for (const [word, text] of Object.entries({ optIn: optInAlways, optOut, optOutAll } satisfies Record<
  OptWord,
  string
>))
  for (const spelling of wordsIn(text)) known.set(spelling, word as OptWord)
const assents = new Map(Object.entries(assent).map(([language, text]) => [language, new Set(wordsIn(text))]))

/** Longer texts hold more than a word; whoever writes a letter is not cut short. */
const LONGEST = 60

/**
 * What a text asks for when it is one such word and nothing else, in any case, with any signs around it. A refusal is
 * understood in every language, because it must never be missed; assent only in English and the subscriber's own.
 * "YES" means to be written to again only from somebody who is opted out: `isOptedOut`. From others it is an answer.
 */
export function wordOf(
  text: string,
  language: Language,
  isOptedOut: boolean,
  own?: Pick<OptOutWords, 'optOut' | 'optOutAll' | 'optIn'>,
): OptWord | undefined {
  if (text.length > LONGEST) return undefined
  const word = folded(text)
  if (word === '' || /\s/.test(word)) return undefined
  for (const kind of ['optOutAll', 'optOut', 'optIn'] as const)
    if (own?.[kind].some((other) => folded(other) === word)) return kind
  return known.get(word) ?? (isOptedOut && assents.get(language)!.has(word) ? 'optIn' : undefined)
}

/** What is sent back. */
export function confirmationOf(word: OptWord, language: Language, own?: OptOutWords): string {
  return (own?.confirmations[word] ?? confirmations[word])[language]
}

/** One spelling for all: capitals, without signs around, twins of letters made one. */
function folded(text: string): string {
  const bare = text.normalize('NFKC').replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
  return bare.toUpperCase().replace(/[A-Z]/g, (letter) => twins[letter] ?? letter)
}
