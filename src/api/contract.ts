import { z } from 'zod'

export * from './webhooks/contract.ts'

/** An event that came in, without what it says: no personal data leaves the stream. */
export const passingEvent = z.object({ at: z.string(), type: z.string(), subscriberId: z.int().nullable() })
export type PassingEvent = z.infer<typeof passingEvent>

/** `GET /v1/live`: the platform at one moment. Counts only grow; a reader makes rates of two answers. */
export const liveSnapshot = z.object({
  /** The platform's present, which a simulated clock may move in leaps. */
  asOf: z.string(),
  /** Milliseconds of the machine's own time, from some beginning: what rates are taken over. */
  measuredMs: z.number(),
  /** Since the server started. */
  events: z.object({
    /** Taken in, duplicates among them. */
    byType: z.record(z.string(), z.number()),
    duplicates: z.number(),
    refused: z.number(),
    bytes: z.number(),
    /** The last few, newest first. */
    newest: z.array(passingEvent),
  }),
  /** Firings by rule since the server started, and those that late events took back. */
  rules: z.array(z.object({ ruleId: z.string(), firings: z.number() })),
  retracted: z.number(),
  /** Events behind the lateness bound, which went to the dead letters. */
  tooLate: z.number(),
  /** Events of the log that the rules have not read yet; null before the engine has started. */
  behind: z.number().nullable(),
  stateBytes: z.number(),
  /** Age of the oldest checkpoint; null while there is none. */
  checkpointAgeMs: z.number().nullable(),
  /** Open dead letters by the code of their problem. */
  deadLetters: z.array(z.object({ code: z.string(), open: z.number() })),
})
export type LiveSnapshot = z.infer<typeof liveSnapshot>
