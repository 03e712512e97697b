import type { OutboundMessage } from '../../channel.ts'
import { cut, packChoice } from '../choice-data.ts'

/** Limits of Meta's reference, in characters and entries. */
const MAX_TEXT = 4_096
const MAX_INTERACTIVE_TEXT = 1_024
const MAX_PARAMETER = 1_024
const MAX_BUTTONS = 3
const MAX_BUTTON_LABEL = 20
const MAX_ROWS = 10
const MAX_ROW_LABEL = 24
const MAX_TEMPLATE_BUTTONS = 10

export type WhatsappTemplate = {
  name: string
  language: string
  /** What fills the places of the body; without it the text fills the only one. */
  values?: string[]
}

/**
 * A message within a conversation: text, picture with caption, up to three buttons, or a list of up to ten rows. The
 * word of the refusal where it has no place in any of them.
 */
export function sessionBody(message: OutboundMessage): object | string {
  const { text, choices = [], link } = message
  const picture = pictureOf(message)
  if (choices.length === 0 && link === undefined) {
    if (text.length > MAX_TEXT) return 'text_too_long'
    return picture && text.length <= MAX_INTERACTIVE_TEXT
      ? { type: 'image', image: { ...picture, caption: text } }
      : { type: 'text', text: { body: text, preview_url: false } }
  }
  if (choices.length > MAX_ROWS) return 'too_many_choices'
  // With choices the link has no button of its own, and stands below the text.
  const body = choices.length > 0 && link !== undefined ? `${text}\n${link}` : text
  if (body.length > MAX_INTERACTIVE_TEXT) return 'text_too_long'
  const header =
    picture === undefined || choices.length > MAX_BUTTONS ? {} : { header: { type: 'image', image: picture } }
  return { type: 'interactive', interactive: { ...header, body: { text: body }, ...actionOf(message) } }
}

/** How the subscriber answers: a link, buttons, or a list where there are more choices than buttons. */
function actionOf({ messageId, choices = [], link }: OutboundMessage): object {
  if (choices.length === 0) {
    return { type: 'cta_url', action: { name: 'cta_url', parameters: { display_text: '→', url: link } } }
  }
  if (choices.length > MAX_BUTTONS) {
    const rows = choices.map(({ id, label }) => ({
      id: packChoice(messageId, id),
      title: cut(label, MAX_ROW_LABEL),
    }))
    return { type: 'list', action: { button: '…', sections: [{ rows }] } }
  }
  const buttons = choices.map(({ id, label }) => ({
    type: 'reply',
    reply: { id: packChoice(messageId, id), title: cut(label, MAX_BUTTON_LABEL) },
  }))
  return { type: 'button', action: { buttons } }
}

/**
 * A message by an approved template. What fills its places may hold no line breaks (Meta refuses them). `linkBase` is
 * the address to which the template's link adds its parameter; where there is none, the link stands in the text.
 */
export function templateBody(
  message: OutboundMessage,
  { name, language, values }: WhatsappTemplate,
  linkBase?: string,
): object | string {
  const { text, choices = [], link, messageId } = message
  const hasButton = link !== undefined && linkBase !== undefined
  const filling = values ?? [link === undefined || hasButton ? text : `${text} ${link}`]
  const parameters = filling.map((value) => ({ type: 'text', text: value.replaceAll(/\s+/g, ' ').trim() }))
  if (parameters.some((parameter) => parameter.text.length > MAX_PARAMETER)) return 'text_too_long'
  if (choices.length > MAX_TEMPLATE_BUTTONS) return 'too_many_choices'
  const picture = pictureOf(message)
  const components: object[] = picture
    ? [{ type: 'header', parameters: [{ type: 'image', image: picture }] }]
    : []
  if (parameters.length > 0) components.push({ type: 'body', parameters })
  choices.forEach(({ id }, index) => {
    const payload = [{ type: 'payload', payload: packChoice(messageId, id) }]
    components.push({ type: 'button', sub_type: 'quick_reply', index: String(index), parameters: payload })
  })
  if (hasButton) {
    if (!link.startsWith(linkBase)) return 'link_elsewhere'
    const rest = [{ type: 'text', text: link.slice(linkBase.length) }]
    components.push({ type: 'button', sub_type: 'url', index: String(choices.length), parameters: rest })
  }
  return {
    type: 'template',
    template: { name, language: { code: language, policy: 'deterministic' }, components },
  }
}

function pictureOf({ media }: OutboundMessage): { link: string } | undefined {
  return media?.contentType.startsWith('image/') ? { link: media.url } : undefined
}
