import type { Choice } from '../../channel.ts'
import { septetCount } from '../sms/alphabet.ts'

/** 160 octets of a USSD string hold so many characters of GSM 7-bit, and of UCS-2 (3GPP TS 23.038 §5). */
const MAX_SEPTETS = 182
const MAX_UCS2 = 80

/** A text with its choices as numbered lines, as a phone shows it. */
export function menuText(text: string, choices: readonly Choice[]): string {
  return [text, ...choices.map(({ label }, index) => `${index + 1}. ${label}`)].join('\n')
}

/** Whether one USSD string holds a text: 182 characters of GSM 7-bit, else 80. */
export function fitsUssd(text: string): boolean {
  const septets = septetCount(text)
  return septets >= 0 ? septets <= MAX_SEPTETS : text.length <= MAX_UCS2
}

/** What an input means: a choice, a number that is on no line, or words. */
export type Input = { choice: Choice } | 'wrong' | 'words'

/** Reads an input by the menu that it answers. Nothing entered is as wrong as a number that is not there. */
export function readInput(choices: readonly Choice[], entered: string): Input {
  const text = entered.trim()
  if (!/^\d*$/.test(text)) return 'words'
  const choice = text === '' ? undefined : choices[Number(text) - 1]
  return choice === undefined ? 'wrong' : { choice }
}
