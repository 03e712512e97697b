import { queryOptions } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { channelCapabilitiesList, type ChannelCapabilities } from '../../../src/messaging/contract.ts'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'

/** The kinds of channel that have words here, in the order in which they are offered. */
export const channelIds = [
  'sms',
  'dstk',
  'ussd',
  'mms',
  'rcs',
  'email',
  'push',
  'webpush',
  'telegram',
  'whatsapp',
  'viber',
  'calendar',
  'inbox',
  'telegram-ads',
  'webhook',
] as const

/** A channel in words; one of a kind that this page does not know keeps its id. */
export function channelName(id: string, t: TFunction): string {
  const known = channelIds.find((one) => one === id)
  return known === undefined ? id : t(`channel.${known}`)
}

/** What each kind of channel carries; it does not change while the server runs. */
export const capabilitiesQuery = queryOptions({
  queryKey: ['channel-capabilities'],
  queryFn: ({ signal }) => ask(calls.channelCapabilities, channelCapabilitiesList, { signal }),
  staleTime: Infinity,
})

/** What a channel carries; one of a kind that the server does not know shows the text alone. */
export const capabilitiesOf = (
  channel: string,
  all: readonly ChannelCapabilities[] = [],
): ChannelCapabilities => all.find((one) => one.channel === channel) ?? { channel, shows: ['text'] }
