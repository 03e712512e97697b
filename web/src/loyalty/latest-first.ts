import { infiniteQueryOptions } from '@tanstack/react-query'

const OFTEN_MS = 5_000

/**
 * A list with the latest first, page by page: `ask` asks for the page behind a place, the first one where none is
 * named. As long as nobody went on to a second page the first is asked for again and again.
 */
export const latestFirst = <Page extends { next: string | null }, const Key extends readonly unknown[]>(
  queryKey: Key,
  ask: (before: { before?: string }, signal: AbortSignal) => Promise<Page>,
) =>
  infiniteQueryOptions({
    queryKey,
    queryFn: ({ signal, pageParam }) => ask(pageParam === '' ? {} : { before: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : OFTEN_MS),
  })
