import type { ChannelTraits, Content } from './channel.ts'
import { isGsm } from './channels/sms/alphabet.ts'
import { smsParts } from './channels/sms/segments.ts'
import { sourcesOf } from './template-check.ts'
import type { Template, TemplateWarning } from './template-contract.ts'

/** More parts than this cost more than most offers bring. */
const MANY_PARTS = 3

const partNames = ['subject', 'html', 'amp', 'media', 'link', 'choices', 'appointment'] as const

/** What should be looked at before a rendered text goes out by a channel, though nothing stops it. */
export function contentWarnings(content: Content, channel: string, traits: ChannelTraits): TemplateWarning[] {
  const warnings: TemplateWarning[] = []
  const length = [...content.text].length
  if (traits.maxTextLength !== undefined && length > traits.maxTextLength) {
    const message = `the text has ${length} characters, and ${channel} carries ${traits.maxTextLength}`
    warnings.push({ code: 'too_long', message, field: 'text' })
  }
  for (const part of partNames) {
    if (content[part] === undefined || traits.shows.includes(part)) continue
    // A link that the text names is seen there.
    if (part === 'link' && content.text.includes(content.link!)) continue
    warnings.push({ code: 'part_not_shown', message: `${channel} has no place for ${part}`, field: part })
  }
  return channel === 'sms' ? [...warnings, ...smsWarnings(content.text)] : warnings
}

/** A sign outside of GSM 7-bit makes all of the text UCS-2, of which a part holds 70 characters instead of 160. */
function smsWarnings(text: string): TemplateWarning[] {
  const warnings: TemplateWarning[] = []
  const parts = smsParts(text)
  const emoji = /\p{Extended_Pictographic}/u.exec(text)
  if (emoji) {
    const without = smsParts(text.replace(/\p{Extended_Pictographic}|\u{FE0F}|\u{200D}/gu, ''))
    const message = `${emoji[0]} costs: ${parts} parts, ${without} without emoji; older phones show a box`
    warnings.push({ code: 'emoji_in_sms', message, field: 'text' })
  } else if (!isGsm(text)) {
    const foreign = [...text].filter((sign) => !isGsm(sign))
    // A text in Cyrillic is UCS-2 by nature; a single quotation mark in an English one is an oversight.
    const isOversight = !foreign.some((sign) => /\p{L}/u.test(sign))
    const signs = [...new Set(foreign)].join(' ')
    const message = `${signs} is not in GSM 7-bit: ${parts} parts of at most 70 characters`
    if (isOversight) warnings.push({ code: 'not_gsm', message, field: 'text' })
  }
  if (parts > MANY_PARTS) warnings.push({ code: 'many_parts', message: `${parts} parts`, field: 'text' })
  return warnings
}

/** What should be looked at in a template itself. */
export function templateWarnings(template: Template): TemplateWarning[] {
  const sources = sourcesOf(template)
  return Object.entries(template.variables ?? {}).flatMap(([name, { type }]): TemplateWarning[] => {
    const word = new RegExp(`\\b${name}\\b`)
    const users = sources.filter(({ source }) =>
      (source.match(/\{[{%][\s\S]*?[%}]\}/g) ?? []).some((use) => word.test(use)),
    )
    const field = `variables.${name}`
    if (users.length === 0) return [{ code: 'variable_unused', message: `no text uses "${name}"`, field }]
    const bare = new RegExp(`\\{\\{-?\\s*${name}\\s*-?\\}\\}`)
    const shown =
      type === 'date'
        ? users.find(({ field: at, source }) => !at.startsWith('appointment.') && bare.test(source))
        : undefined
    const message = `a date is shown as 2026-05-21; write {{ ${name} | day }}`
    return shown ? [{ code: 'date_without_filter', message, field: shown.field }] : []
  })
}
