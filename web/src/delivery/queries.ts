import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'
import { channelsAnswer, deliveryAnswer, messageList, sendingList } from './answers.ts'
import { grown, type DeliveryFeed } from './figures.ts'

/** What is being sent, with the rates of the last minutes; asked for every other second while somebody looks. */
export const deliveryQuery = queryOptions({
  queryKey: ['delivery'],
  queryFn: async ({ client, queryKey, signal }): Promise<DeliveryFeed> => {
    const [counts, channels] = await Promise.all([
      ask(calls.delivery, deliveryAnswer, { signal }),
      ask(calls.deliveryChannels, channelsAnswer, { signal }),
    ])
    const delivery = { ...counts, ...channels }
    return grown(client.getQueryData<DeliveryFeed>(queryKey), delivery, Date.now())
  },
  refetchInterval: 2_000,
  // The feed is made anew each time; comparing it with the last one to its depth would find nothing to keep.
  structuralSharing: false,
})

/** Campaigns whose sending is on, or was lately. */
export const sendingsQuery = queryOptions({
  queryKey: ['sendings'],
  queryFn: async ({ signal }) => (await ask(calls.sendings, sendingList, { signal })).sendings,
  refetchInterval: 4_000,
})

/** Messages of which nobody knows whether they were taken. */
export const unknownQuery = queryOptions({
  queryKey: ['messages', 'unknown'],
  queryFn: async ({ signal }) =>
    (await ask(`${calls.messages}?state=unknown&limit=20`, messageList, { signal })).messages,
  refetchInterval: 5_000,
})

/** Lets the sending of a campaign stand still, go on, or end. */
export const controlSending = (campaignId: string, act: 'pause' | 'resume' | 'cancel'): Promise<unknown> =>
  ask(calls.sending(campaignId, act), z.unknown(), { body: {} })
