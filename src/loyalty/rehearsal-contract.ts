import { z } from 'zod'

const minor = z.string().regex(/^-?\d+$/)

/**
 * What a rule, a quest, an achievement or a streak would have done; with `accept: application/x-ndjson` lines of `progress`
 * come before the `result`.
 */
export const tryAnswer = z.object({
  /** Records of the log that were read, and those of them that the rule looks at. */
  events: z.int(),
  seen: z.int(),
  awards: z.int(),
  /** Minor units, of `decimals` places. */
  points: minor,
  returned: minor,
  decimals: z.int(),
  /** In money, where the programme says what a point costs. */
  cost: z.object({ amountMinor: minor, currency: z.string(), decimals: z.int() }).nullable(),
  /** Who would have got points. */
  subscribers: z.int(),
  /** How often it came to each reason. */
  reasons: z.record(z.string(), z.int()),
  months: z.array(z.object({ month: z.string(), points: minor, awards: z.int() })),
  winners: z.array(z.object({ subscriberId: z.int(), points: minor, awards: z.int() })),
  /** The first few of each reason. */
  sample: z.array(
    z.object({
      subscriberId: z.int(),
      at: z.string(),
      type: z.string(),
      event: z.string(),
      reason: z.string(),
      points: minor,
      saw: z.record(z.string(), z.unknown()),
    }),
  ),
})
export type TryAnswer = z.infer<typeof tryAnswer>
