import { z } from 'zod'
import type { ChannelKind } from '../channel.ts'

const amountMinor = z.string().regex(/^\d+$/)

/** The schema of a kind's `Channel` document: what all have in common, and the kind's own settings. */
export function settingsOf<const Id extends string, Shape extends z.core.$ZodLooseShape>(
  id: Id,
  shape: Shape,
) {
  return z.strictObject({
    kind: z.literal('Channel'),
    id: z.literal(id),
    /** Price of one unit (a part of an SMS, else a message), minor units. */
    priceMinor: amountMinor,
    /** Messages a second that the provider allows; for SMS parts. */
    ratePerS: z.number().positive().optional(),
    /** The last part of the address under which the provider calls us, so that nobody else can. */
    callbackSecret: z.string().min(16).max(100).optional(),
    ...shape,
  })
}

/** Keeps the types of a kind's settings and of what is made from them together. */
export const channelKind = <Settings extends z.ZodType>(kind: ChannelKind<Settings>): ChannelKind<Settings> =>
  kind
