import { z } from 'zod'
import { words } from '../programmes.ts'

const minor = z.string().regex(/^-?\d+$/)
const missing = z.object({
  tier: z.string(),
  /** Minor units; null where time counts. */
  missing: minor.nullable(),
  /** The last local day for it; for tenure the day itself. */
  by: z.string().nullable(),
  text: words,
})

/** A member's place on a ladder. */
export const ladderView = z.object({
  ladder: z.string(),
  programme: z.string(),
  name: words,
  measure: z.enum(['spend', 'points', 'tenure']),
  tier: z.string().nullable(),
  since: z.string().nullable(),
  /** Null where time counts, and while the ladder is being filled with the past. */
  counted: minor.nullable(),
  keptUntil: z.string().nullable(),
  override: z.object({ reason: z.string(), until: z.string().nullable() }).nullable(),
  next: missing.nullable(),
  keep: missing.nullable(),
  tiers: z.array(
    z.object({
      id: z.string(),
      name: words,
      description: words.optional(),
      at: minor.optional(),
      after: z.object({ months: z.int(), days: z.int() }).optional(),
      on: z.string().optional(),
      state: z.enum(['done', 'present', 'ahead']),
      benefits: z.array(z.object({ id: z.string(), name: words, description: words.optional() })),
    }),
  ),
})

/** `GET /v1/members/:subscriber/tiers` */
export const memberTiersView = z.object({ ladders: z.array(ladderView) })
export type MemberTiersView = z.infer<typeof memberTiersView>

/** `GET /v1/members/:subscriber/tiers/:ladderId/history` */
export const tierHistoryView = z.object({
  changes: z.array(
    z.object({
      at: z.string(),
      former: z.string().nullable(),
      tier: z.string().nullable(),
      reason: z.string(),
      text: words,
      saw: z.record(z.string(), z.unknown()),
    }),
  ),
})
export type TierHistoryView = z.infer<typeof tierHistoryView>

/** `GET /v1/loyalty/ladders/:ladderId/members` */
export const tierCountsView = z.object({
  tiers: z.array(z.object({ tier: z.string().nullable(), members: z.int() })),
  /** How much of the past a ladder that is new, or counts anew, has counted so far, of how much; null: all. */
  filling: z.object({ read: z.int(), total: z.int() }).nullable(),
})
export type TierCountsView = z.infer<typeof tierCountsView>
