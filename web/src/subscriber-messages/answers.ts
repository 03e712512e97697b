import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { messageLine } from '../delivery/answers.ts'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'
import { findSubscriber } from './subscriber.ts'

/** `GET /v1/subscribers/:id/messages`, the latest first */
const ofSubscriber = z.object({ messages: z.array(messageLine), next: z.string().nullable() })

const saw = z.record(z.string(), z.unknown()).nullable().catch(null)

/** `GET /v1/messages/:id/explain`: the cascade of a message, step by step. */
const explanation = z.object({
  messageId: z.string(),
  run: z.object({
    cascadeId: z.string(),
    cascadeVersion: z.number(),
    campaignId: z.string(),
    arm: z.string(),
    state: z.string(),
    outcome: z.string().nullable(),
    dueAt: z.string().nullable(),
    startedAt: z.string(),
    contactedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
  }),
  steps: z.array(
    messageLine.extend({
      step: z.number(),
      until: z.string(),
      waitS: z.number(),
      purpose: z.string(),
      priority: z.number(),
      saw,
    }),
  ),
})
export type Explanation = z.infer<typeof explanation>

/** Whose messages are shown: the zone and language in which they are told. */
export const subscriberQuery = (subscriberId: number | undefined) =>
  queryOptions({
    queryKey: ['subscriber', subscriberId],
    queryFn: ({ signal }) => findSubscriber(String(subscriberId), signal),
    enabled: subscriberId !== undefined,
  })

/** Everything that was said to a subscriber or kept back; it follows what happens while only the latest are shown. */
export const messagesQuery = (subscriberId: number) =>
  infiniteQueryOptions({
    queryKey: ['subscriber-messages', subscriberId],
    queryFn: ({ pageParam, signal }) =>
      ask(calls.subscriberMessages(subscriberId, pageParam), ofSubscriber, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    select: ({ pages }) => pages.flatMap(({ messages }) => messages),
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 0) > 1 ? false : 5_000),
  })

/** Why a message went the way it did. */
export const explanationQuery = (messageId: string) =>
  queryOptions({
    queryKey: ['message-explanation', messageId],
    queryFn: ({ signal }) => ask(calls.explainMessage(messageId), explanation, { signal }),
    refetchInterval: 5_000,
  })
