import type { OutboundMessage } from '../../channel.ts'
import { cut, packChoice } from '../choice-data.ts'

/** Limits of Google's reference (`AgentContentMessage`), in characters and entries. */
export const MAX_TEXT = 3_072
const MAX_CARD_TEXT = 2_000
const MAX_CARD_TITLE = 200
const MAX_SUGGESTIONS = 11
const MAX_SUGGESTION_TEXT = 25

/** What the suggestion says that opens the message's link; no choice of ours has an empty id. */
export const LINK_CHOICE = ''

export type RcsOptions = { features: ReadonlySet<string>; buttonLabel: string }

/**
 * The message as Google's `AgentContentMessage`: a card where the phone shows cards and there is a picture or film for
 * one, else text, with choices and the link as suggestions; the word of the refusal where it has no place. A phone
 * that cannot open addresses gets the link in the text.
 */
export function contentOf(message: OutboundMessage, { features, buttonLabel }: RcsOptions): object | string {
  const { messageId, choices = [], link, media, subject } = message
  const opensLinks = features.has('ACTION_OPEN_URL')
  const text = link === undefined || opensLinks ? message.text : `${message.text}\n${link}`
  const replies = choices.map(({ id, label }) => ({
    reply: { text: cut(label, MAX_SUGGESTION_TEXT), postbackData: packChoice(messageId, id) },
  }))
  const action = {
    text: cut(buttonLabel, MAX_SUGGESTION_TEXT),
    postbackData: packChoice(messageId, LINK_CHOICE),
    openUrlAction: { url: link },
  }
  const suggestions = link !== undefined && opensLinks ? [...replies, { action }] : replies
  if (suggestions.length > MAX_SUGGESTIONS) return 'too_many_choices'
  const suggested = suggestions.length === 0 ? {} : { suggestions }
  if (media && features.has('RICHCARD_STANDALONE') && text.length <= MAX_CARD_TEXT) {
    const cardContent = {
      ...(subject === undefined ? {} : { title: cut(subject, MAX_CARD_TITLE) }),
      description: text,
      media: { height: 'MEDIUM', contentInfo: { fileUrl: media.url, forceRefresh: false } },
    }
    const standaloneCard = { cardOrientation: 'VERTICAL', cardContent }
    return { richCard: { standaloneCard }, ...suggested }
  }
  return text.length > MAX_TEXT ? 'text_too_long' : { text, ...suggested }
}
