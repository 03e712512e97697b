import { z } from 'zod'

const problem = z.object({
  code: z.string(),
  message: z.string(),
  /** JSON path in the event, such as `data.volumeMb`. */
  field: z.string().optional(),
  found: z.unknown().optional(),
  expected: z.string().optional(),
})

/** Answer of `POST /v1/events`. `accepted` means durable; a duplicate was accepted before and has no effect. */
export const ingestAnswer = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  rejectedCount: z.int(),
  /** The first refused events; `index` counts the events of the request from 0. */
  rejected: z.array(z.object({ index: z.int(), deadLetterId: z.string(), problem })),
})
export type IngestAnswer = z.infer<typeof ingestAnswer>

/** A held event waits for its subscriber to become known; an open one for a person. */
export const deadLetterState = z.enum(['open', 'held', 'replayed', 'discarded'])
export type DeadLetterState = z.infer<typeof deadLetterState>

export const deadLetter = z.object({
  deadLetterId: z.string(),
  receivedAt: z.string(),
  state: deadLetterState,
  event: z.unknown(),
  problem,
})
export type DeadLetterView = z.infer<typeof deadLetter>

/** `GET /v1/dead-letters`; `next` continues the list when there is more. */
export const deadLetterQuery = z.object({
  state: deadLetterState.default('open'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: z.string().optional(),
})
export const deadLetterPage = z.object({ deadLetters: z.array(deadLetter), next: z.string().nullable() })
export type DeadLetterPage = z.infer<typeof deadLetterPage>

/** `POST /v1/dead-letters/replay`: some, all open ones, or some with a mended event in place of the refused one. */
export const replayRequest = z.union([
  z.strictObject({ ids: z.array(z.string()).min(1).max(10_000) }),
  z.strictObject({ all: z.literal(true) }),
  z.strictObject({
    events: z
      .array(z.strictObject({ deadLetterId: z.string(), event: z.unknown() }))
      .min(1)
      .max(10_000),
  }),
])
export type ReplayRequest = z.infer<typeof replayRequest>

export const replayAnswer = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  refused: z.int(),
  notOpen: z.int(),
  /** What happened to each; the first ones when there are very many. */
  letters: z.array(
    z.object({
      deadLetterId: z.string(),
      outcome: z.enum(['accepted', 'duplicate', 'refused', 'not_open']),
      problem: problem.optional(),
    }),
  ),
})
export type ReplayAnswer = z.infer<typeof replayAnswer>

export const discardRequest = z.strictObject({ ids: z.array(z.string()).min(1).max(10_000) })

/** How many refused events or replayed letters an answer lists; the counts are always whole. */
export const listedItems = 10_000

/** How rows become events and what the ways in tell: shared with the command line and the console. */
export * from './sources/cell.ts'
export * from './sources/contract.ts'
export * from './sources/mapping.ts'
