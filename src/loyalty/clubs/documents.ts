import { z } from 'zod'
import { documentId, MAIN_PROGRAMME, pointsText, words } from '../programmes.ts'

const expression = z.string().min(1).max(10_000)
const eventType = z.string().min(1).max(200)
const moment = z.iso.datetime({ offset: true })

const period = {
  /** What one fee pays for, from the day of joining on. */
  months: z.int().min(1).max(60).default(1),
  /** How long after that membership goes on while the fee is awaited. */
  graceDays: z.int().min(0).max(90).default(3),
  /** So many days before it ends the member is told, once. */
  noticeDays: z.int().min(0).max(60).default(3),
}

/** `{ kind: Club, id, name, … }`: members with a shared interest, and what only they have. */
export const club = z.strictObject({
  kind: z.literal('Club'),
  id: documentId,
  name: words,
  description: words.optional(),
  programme: documentId.default(MAIN_PROGRAMME),
  /** CEL over `subscriber` and `member`: who may be in it. Looked at on joining and then at every renewal. */
  who: expression.optional(),
  /** How often `who` is looked at again where there is no fee. */
  reviewMonths: z.int().min(1).max(60).default(1),
  /** Whoever has an event of this type that satisfies the condition is in by themselves; others ask. */
  joinOn: z.strictObject({ on: eventType, where: expression.optional() }).optional(),
  /** By points, or by an event that says that money was paid; absent: it is free. */
  fee: z
    .union([
      z.strictObject({ points: pointsText, ...period }),
      z.strictObject({ on: eventType, where: expression.optional(), ...period }),
    ])
    .optional(),
  /** When it takes new members. */
  validFrom: moment.optional(),
  validTo: moment.optional(),
})
export type Club = z.infer<typeof club>
export type ClubFee = NonNullable<Club['fee']>
