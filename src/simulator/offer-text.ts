/** One thing offered by a message, as far as its text says. */
export type OfferedOption = {
  sizeMb: number
  /** Kopecks; undefined where the text states no price. */
  priceMinor: number | undefined
  onCredit: boolean
  /** USSD code to dial. */
  code: string | undefined
  /** Word to reply with. */
  keyword: string | undefined
}

const size =
  /(\d{1,6}(?:[.,]\d{1,2})?)\s?(mb|gb|мб|гб|мегабайт\p{L}*|гигабайт\p{L}*|гігабайт\p{L}*)(?!\p{L})/giu
const price =
  /(\d{1,6}(?:[.,]\d{1,2})?)\s?(?:₽|₴|rub(?:les?)?|roubles?|uah|hryvnias?|rur|руб\p{L}*\.?|р\.|р(?!\p{L})|грн\.?|гривен\p{L}*)|(?:₽|₴)\s?(\d{1,6}(?:[.,]\d{1,2})?)/giu
const ussd = /\*\d{1,4}(?:\*\d{1,6})*#/g
const reply =
  /(?:reply|send|text|answer|ответ\p{L}*|отправ\p{L}*|пришл\p{L}*|відпов\p{L}*|надішл\p{L}*|відправ\p{L}*)(?:\s*:?\s+\p{L}{2,12})?\s*:?\s*(["«“„]?)([\p{L}\d]{1,8})(?!\p{L})/giu
const debt =
  /credit|advance|trust payment|promised payment|\bloan|pay later|кредит|в долг|довер\p{L}+ плат|обещан\p{L}+ плат|у борг|в борг|довірч|обіцян/iu

/**
 * Reads the offers out of a message, in Russian, Ukrainian or English: sizes in MB or GB, prices in roubles (or
 * hryvnias), USSD codes, reply words, and whether it says that the purchase is on credit. A size with neither a
 * price nor a way to answer is no offer ("Your 3 GB are used up") where another one has them.
 *
 * A text is cut at the places where each option begins; words about credit outside the options hold for all.
 */
export function readOffers(text: string): OfferedOption[] {
  const pieces = cut(text)
  const lead = pieces.lead
  const found = pieces.options.map((piece) => ({ piece, option: readPiece(piece) }))
  const offered = found.filter(({ option }) => option.code ?? option.keyword ?? option.priceMinor)
  const kept = offered.length > 0 ? offered : found
  const named = kept.some(({ option }) => option.onCredit)
  const onCredit = debt.test(lead) || found.some((item) => !kept.includes(item) && debt.test(item.piece))
  return kept.map(({ option }) => (named ? option : { ...option, onCredit }))
}

function readPiece(piece: string): OfferedOption {
  const sizes = [...piece.matchAll(size)]
  const prices = [...piece.matchAll(price)]
  const codes = [...piece.matchAll(ussd)]
  const word = replyWord(piece)
  const amount = prices[0]?.[1] ?? prices[0]?.[2]
  return {
    sizeMb: sizes[0] ? megabytes(sizes[0]) : 0,
    priceMinor: amount === undefined ? undefined : Math.round(number(amount) * 100),
    onCredit: debt.test(piece),
    code: codes[0]?.[0],
    keyword: word,
  }
}

/**
 * Cuts a text into options: by lines, semicolons and sentences, and a line with several sizes before each size, or
 * before each code where the codes come first. A line that only says how to answer belongs to the option before it.
 */
function cut(text: string): { lead: string; options: string[] } {
  const options: string[] = []
  let lead = ''
  for (const line of text.split(/[\n;]+|(?<=[.!?])\s+(?=\p{Lu})/u)) {
    const starts = startsIn(line)
    const last = options.length - 1
    if (starts.length === 1) options.push(line)
    else if (starts.length > 1) {
      lead += ` ${line.slice(0, starts[0])}`
      options.push(...starts.map((start, index) => line.slice(start, starts[index + 1])))
    } else if (last >= 0 && !answerable(options[last]!) && answerable(line)) options[last] += ` ${line}`
    else lead += ` ${line}`
  }
  return { lead, options }
}

function startsIn(line: string): number[] {
  const sizes = [...line.matchAll(size)].map((match) => match.index)
  const codes = [...line.matchAll(ussd)].map((match) => match.index)
  return codes.length === sizes.length && codes.length > 1 && codes[0]! < sizes[0]! ? codes : sizes
}

function answerable(piece: string): boolean {
  return piece.search(ussd) >= 0 || replyWord(piece) !== undefined
}

/** The word to reply with: in quotes, a number, or in capitals; "we will send you" names none. */
function replyWord(piece: string): string | undefined {
  for (const [, quote, word] of piece.matchAll(reply)) {
    if (word && (quote || /^(?:\d{1,4}|\p{Lu}[\p{Lu}\d]*)$/u.test(word))) return word
  }
  return undefined
}

function megabytes(match: RegExpMatchArray): number {
  const unit = match[2]!.toLowerCase()
  const giga = unit.startsWith('g') || unit.startsWith('г')
  return number(match[1]!) * (giga ? 1000 : 1)
}

function number(text: string): number {
  return Number(text.replace(',', '.'))
}

const remembered = new Map<string, OfferedOption[]>()
const memoryLimit = 5000

/** `readOffers` that remembers: many subscribers get the same text. The result is shared and must not be changed. */
export function offersIn(text: string): readonly OfferedOption[] {
  let offers = remembered.get(text)
  if (!offers) {
    if (remembered.size >= memoryLimit) remembered.clear()
    offers = readOffers(text)
    remembered.set(text, offers)
  }
  return offers
}
