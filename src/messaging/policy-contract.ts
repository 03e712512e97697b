import { z } from 'zod'

/** `GET /v1/contact-policy/stops?days=7`: so many days back from now. */
export const stopsQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(90).default(7) })

const stop = z.object({ reason: z.string(), messages: z.int(), subscribers: z.int() })

/** What was not sent, by reason; what the policy only postponed still waits. */
export const stopsAnswer = z.object({
  from: z.string(),
  to: z.string(),
  held: z.array(stop),
  postponed: z.array(stop),
})
export type StopsAnswer = z.infer<typeof stopsAnswer>
