import type { TFunction } from 'i18next'

/** The parts of a template beside its text. */
export type Part = 'subject' | 'html' | 'amp' | 'media' | 'link' | 'choices' | 'appointment'

/** The kinds of channel with what each shows of a template, and how many characters it carries. */
export const channels = {
  sms: { shows: [] },
  dstk: { shows: ['choices'], maxTextLength: 240 },
  ussd: { shows: [], maxTextLength: 182 },
  mms: { shows: ['subject', 'media'], maxTextLength: 268 },
  rcs: { shows: ['subject', 'media', 'link', 'choices'], maxTextLength: 3_072 },
  email: { shows: ['subject', 'html', 'amp', 'link'] },
  push: { shows: ['subject', 'media', 'link', 'choices'], maxTextLength: 1_000 },
  webpush: { shows: ['subject', 'media', 'link', 'choices'], maxTextLength: 1_000 },
  telegram: { shows: ['media', 'link', 'choices'], maxTextLength: 4_096 },
  whatsapp: { shows: ['media', 'link', 'choices'], maxTextLength: 1_024 },
  viber: { shows: ['media', 'link'], maxTextLength: 1_000 },
  calendar: { shows: ['subject', 'html', 'link', 'appointment'] },
  inbox: { shows: ['subject', 'media', 'link', 'choices'] },
  'telegram-ads': { shows: ['link'], maxTextLength: 160 },
  webhook: { shows: ['subject', 'html', 'media', 'link', 'choices', 'appointment'] },
} as const satisfies Record<string, { shows: readonly Part[]; maxTextLength?: number }>

export type ChannelId = keyof typeof channels
export const channelIds = Object.keys(channels) as ChannelId[]

const knownChannel = (id: string): ChannelId | undefined => channelIds.find((one) => one === id)

/** A channel in words; one of a kind that this page does not know keeps its id. */
export function channelName(id: string, t: TFunction): string {
  const known = knownChannel(id)
  return known === undefined ? id : t(`channel.${known}`)
}

/** Which parts a channel shows. */
export function shownParts(id: string): readonly Part[] {
  const known = knownChannel(id)
  return known === undefined ? [] : channels[known].shows
}

/** How many characters a channel carries; undefined where it splits the text or does not mind. */
export function longestText(id: string): number | undefined {
  const known = knownChannel(id)
  if (known === undefined) return undefined
  const traits = channels[known]
  return 'maxTextLength' in traits ? traits.maxTextLength : undefined
}
