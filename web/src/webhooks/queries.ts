import { queryOptions } from '@tanstack/react-query'
import {
  lettersOfWebhook,
  newSecret,
  retriedLetters,
  webhooksView,
  type LetterState,
} from '../../../src/api/contract.ts'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'

const OFTEN_MS = 5_000

/** How each active webhook does, by its id. */
export const webhooksQuery = queryOptions({
  queryKey: ['webhooks'],
  queryFn: async ({ signal }) => {
    const { webhooks } = await ask(calls.webhooks, webhooksView, { signal })
    return new Map(webhooks.map((one) => [one.id.replace(/^webhook:/, ''), one]))
  },
  refetchInterval: OFTEN_MS,
})

/** What a receiver did not take, the earliest first. */
export const lettersQuery = (webhookId: string, state: LetterState) =>
  queryOptions({
    queryKey: ['webhook-letters', webhookId, state],
    queryFn: async ({ signal }) => {
      const path = `${calls.webhookLetters(webhookId, 'letters')}?${new URLSearchParams({ state })}`
      return (await ask(path, lettersOfWebhook, { signal })).letters
    },
    refetchInterval: OFTEN_MS,
  })

/** Sends what was not taken now: some letters, or all of a state. */
export const retryLetters = (
  webhookId: string,
  body: { state: LetterState; letterIds?: string[] },
): Promise<{ retried: number }> =>
  ask(calls.webhookLetters(webhookId, 'letters/retry'), retriedLetters, { body })

/** Makes a new secret, which is told this once. */
export const changeSecret = async (webhookId: string): Promise<string> =>
  (await ask(calls.webhookLetters(webhookId, 'secret'), newSecret, { body: {} })).secret
