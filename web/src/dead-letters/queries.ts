import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import {
  type DeadLetterState,
  type DeadLetterView,
  deadLetterPage,
  type ReplayAnswer,
  type ReplayRequest,
  replayAnswer,
} from '../../../src/events/contract.ts'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'

const PAGE_LETTERS = 100
/** What one request may carry. */
const BATCH_IDS = 10_000
const MOST_A_PAGE = 1_000

export type Filter = { state: DeadLetterState; code?: string | undefined }

/** Ids beside the one wanted that begin like it: those that differ in the last digit alone. */
const NEIGHBOURS = 16

const page = (
  { state, code }: Filter,
  after: string | undefined,
  limit: number,
  signal: AbortSignal | undefined,
) => {
  const query = new URLSearchParams({ state, limit: String(limit) })
  if (code !== undefined) query.set('code', code)
  if (after !== undefined) query.set('after', after)
  return ask(`${calls.deadLetters}?${query}`, deadLetterPage, { signal })
}

const fits = (letter: DeadLetterView, { code }: Filter): boolean =>
  code === undefined || letter.problem.code === code

/** The letters of a state and a reason, a page at a time. */
export const lettersQuery = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ['dead-letters', filter],
    queryFn: ({ pageParam, signal }) => page(filter, pageParam, PAGE_LETTERS, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    select: ({ pages }) => pages.flatMap((one) => one.deadLetters).filter((letter) => fits(letter, filter)),
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 0) > 1 ? false : 5_000),
  })

/** One letter that an address names, whichever page it stands on; null when it is not there. */
export const letterQuery = (deadLetterId: string, state: DeadLetterState) =>
  queryOptions({
    queryKey: ['dead-letter', deadLetterId, state],
    queryFn: async ({ signal }) => {
      const { deadLetters } = await page({ state }, deadLetterId.slice(0, -1), NEIGHBOURS, signal)
      return deadLetters.find((letter) => letter.deadLetterId === deadLetterId) ?? null
    },
  })

/** Ids of all open letters of a reason; `progress` hears how many were found so far. */
async function idsOf(code: string | undefined, progress: (found: number) => void): Promise<string[]> {
  const filter: Filter = { state: 'open', code }
  const ids: string[] = []
  for (let after: string | undefined; ;) {
    const { deadLetters, next } = await page(filter, after, MOST_A_PAGE, undefined)
    ids.push(...deadLetters.filter((letter) => fits(letter, filter)).map((letter) => letter.deadLetterId))
    progress(ids.length)
    if (next === null) return ids
    after = next
  }
}

const chunks = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / BATCH_IDS) }, (_, i) =>
    ids.slice(i * BATCH_IDS, (i + 1) * BATCH_IDS),
  )

/** Puts letters through ingestion again. */
export const replay = (request: ReplayRequest): Promise<ReplayAnswer> =>
  ask(calls.replay, replayAnswer, { body: request })

/** Gives letters up. */
export const discard = (ids: readonly string[]) =>
  ask(calls.discard, z.object({ discarded: z.array(z.string()) }), { body: { ids } })

export type BulkResult = { accepted: number; duplicates: number; refused: number; discarded: number }

/** Replays or discards every open letter of a reason, and adds up what became of them. */
export async function settleAll(
  act: 'replay' | 'discard',
  code: string | undefined,
  progress: (found: number) => void,
): Promise<BulkResult> {
  const result: BulkResult = { accepted: 0, duplicates: 0, refused: 0, discarded: 0 }
  for (const ids of chunks(await idsOf(code, progress))) {
    if (act === 'discard') {
      result.discarded += (await discard(ids)).discarded.length
    } else {
      const answer = await replay({ ids })
      result.accepted += answer.accepted
      result.duplicates += answer.duplicates
      result.refused += answer.refused
    }
  }
  return result
}
