import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { liveSnapshot } from '../../../src/api/contract.ts'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'
import { explanation, firingList, overTime, triggerList, tryAnswer } from './answers.ts'
import { grown, type LiveFeed } from './rates.ts'

const LIVE_MS = 1_000
const LIST_MS = 3_000
const PICTURE_MS = 5_000

/** What goes on now, with the last two minutes of it; asked for every second while somebody looks. */
export const liveQuery = queryOptions({
  queryKey: ['live'],
  queryFn: async ({ client, queryKey, signal }): Promise<LiveFeed> => {
    const snapshot = await ask(calls.live, liveSnapshot, { signal })
    return grown(client.getQueryData<LiveFeed>(queryKey), snapshot)
  },
  refetchInterval: LIVE_MS,
  // The feed is made anew each second; comparing it with the last one to its depth would find nothing to keep.
  structuralSharing: false,
})

/** All rules. */
export const triggersQuery = queryOptions({
  queryKey: ['triggers'],
  queryFn: async ({ signal }) => (await ask(calls.triggers, triggerList, { signal })).triggers,
  refetchInterval: LIST_MS,
})

/** A rule's latest firings, newest first. */
export const firingsQuery = (triggerId: string) =>
  queryOptions({
    queryKey: ['firings', triggerId],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.trigger(triggerId, 'firings')}?limit=12`, firingList, { signal })).firings,
    refetchInterval: LIST_MS,
  })

type Span = { from: string; to: string; unit: 'hour' | 'day'; rule?: string }

/** Firings by hour or day, of one rule or of all; while the next hour is fetched the last one stays. */
export const overTimeQuery = (asked: Span | undefined) =>
  queryOptions({
    queryKey: ['firings-over-time', asked],
    queryFn: async ({ signal }) =>
      (await ask(`${calls.firingsOverTime}?${new URLSearchParams(asked)}`, overTime, { signal })).firings,
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: PICTURE_MS,
  })

/** Where a rule stands with a subscriber, who is named by number or by identity. */
export const explainQuery = (triggerId: string, subscriber: string) =>
  queryOptions({
    queryKey: ['explain', triggerId, subscriber],
    queryFn: async ({ signal }) => {
      const path = `${calls.trigger(triggerId, 'explain')}?${new URLSearchParams({ subscriber })}`
      return (await ask(path, explanation, { signal })).explanation
    },
    enabled: subscriber !== '',
  })

/** Lets a rule stand still, or run again. */
export const setPaused = (triggerId: string, paused: boolean): Promise<unknown> =>
  ask(calls.trigger(triggerId, paused ? 'pause' : 'resume'), z.unknown(), { body: {} })

export type Trial = { trigger: object; from: string; to: string }

/** What a rule would have done; takes as long as the log is. */
export const tryOnHistory = (trial: Trial, signal: AbortSignal) =>
  ask(calls.tryTrigger, tryAnswer, { signal, body: trial })
