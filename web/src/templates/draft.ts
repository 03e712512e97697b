import type { Language, Template } from '../../../src/messaging/contract.ts'
import { languages } from '../paths.ts'

export type Localised = Template['text']

/** A template with nothing said yet. */
export function blankTemplate(id: string, channel: string): Template {
  const blank: Template = { kind: 'Template', id, channel, text: {}, missing: 'fail' }
  if (channel === 'email' || channel === 'calendar') blank.subject = {}
  if (channel === 'calendar')
    blank.appointment = {
      uid: `${id}-{{ subscriberId }}`,
      sequence: '0',
      method: 'request',
      startsAt: '2027-01-11T10:00',
      duration: 'PT30M',
    }
  return blank
}

/** The words with those of one language changed; empty words are no words. */
export function withWords(text: Localised | undefined, language: Language, words: string): Localised {
  const { [language]: _before, ...others } = text ?? {}
  return words === '' ? others : { ...others, [language]: words }
}

/** A text in all languages, or nothing when no language has any words. */
export const orNothing = (text: Localised): Localised | undefined =>
  Object.values(text).some((words) => words !== undefined && words !== '') ? text : undefined

/** Languages in which the text has no words of its own. */
export const missingLanguages = ({ text }: Pick<Template, 'text'>): Language[] =>
  languages.filter((language) => !text[language])

/**
 * The document as the preview can read it while it is being written: words that are missing in one language are taken
 * from one that has them, which the page says beside it.
 */
export function previewable(template: Template): Template {
  const present = languages.filter((language) => template.text[language])
  if (template.fallback !== undefined || present.length === 0) return template
  return { ...template, fallback: present }
}

/** Puts `{{ name }}` into a text in place of what is chosen, and says where the caret is then. */
export function insertVariable(
  text: string,
  name: string,
  start: number,
  end: number,
): { text: string; caret: number } {
  const used = `{{ ${name} }}`
  return { text: text.slice(0, start) + used + text.slice(end), caret: start + used.length }
}

/** An example as somebody types it, read as its type: `500` of an integer is a number, a list is JSON. */
export function readExample(typed: string, type: string): unknown {
  if (typed.trim() === '') return undefined
  if (['string', 'date', 'url'].includes(type)) return typed
  try {
    return JSON.parse(typed) as unknown
  } catch {
    return typed
  }
}

/** An example as it stands in its field. */
export const shownExample = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
