import { z } from 'zod'
import { documentId, MAIN_PROGRAMME } from '../programmes.ts'

const score = z.int().min(1).max(100)
const points = z.string().regex(/^\d{1,15}$/, 'a whole number of minor units')
const someMinor = z.string().regex(/^[1-9]\d{0,14}$/, 'a whole number of minor units above 0')
/** More deeds than a standing keeps can never come together. */
const count = z.int().min(2).max(100)
const days = z.int().min(1).max(90)

/** What a member does with points, as it is counted. */
export const deeds = ['earned', 'received', 'sent', 'redeemed'] as const
export type DeedKind = (typeof deeds)[number]

const velocity = z
  .strictObject({
    of: z.enum(deeds),
    withinHours: z.int().min(1).max(720),
    times: count.optional(),
    points: someMinor.optional(),
    score,
  })
  .refine((one) => one.times !== undefined || one.points !== undefined, {
    error: 'either `times` or `points`, or both of which one suffices',
    path: ['times'],
  })

const shared = z.strictObject({
  kind: z.enum(['device', 'payment']),
  /** Event types whose `field` names the instrument. */
  on: z.array(z.string().min(1).max(200)).min(1).max(20),
  field: z.string().min(1).max(200),
  members: count,
  withinDays: days,
  score,
})

/**
 * `{ kind: AbusePolicy, id, programme, signals, hold, limit, refuse, … }`: what looks like abuse, how much each sign
 * weighs, and what is done from which score on. The scores of all signs that hold are added.
 */
export const abusePolicy = z
  .strictObject({
    kind: z.literal('AbusePolicy'),
    id: documentId,
    programme: documentId.default(MAIN_PROGRAMME),
    signals: z.strictObject({
      velocity: z.array(velocity).max(20).default([]),
      manyToOne: z.strictObject({ senders: count, withinDays: days, score }).optional(),
      oneToMany: z.strictObject({ recipients: count, withinDays: days, score }).optional(),
      /** Young accounts that are given points and earn none. */
      freshReceiver: z
        .strictObject({
          youngerThanDays: days,
          points: someMinor,
          /** It is one if its own points are less than this share of all that it got. */
          ownBelowPercent: z.int().min(1).max(100).default(20),
          score,
        })
        .optional(),
      shared: z.array(shared).max(10).default([]),
    }),
    /** From this score on a case is opened, and the suspect points are held until it is decided. */
    hold: score,
    /** From this score on the member may besides spend and send no more than `pointsPerDay`. */
    limit: z.strictObject({ from: score, pointsPerDay: points }).optional(),
    /** From this score on the member may neither spend nor send nor be sent anything. */
    refuse: score.optional(),
    /** A case that nobody decides is undone by itself after so many days. */
    openForDays: days.default(30),
    /** A false alarm's reasons do not strike the same member again for so long. */
    exemptForDays: z.int().min(1).max(3_650).default(365),
    confirmed: z
      .strictObject({
        /** Whether the held points are forfeited; otherwise the member has them back. */
        forfeit: z.boolean().default(true),
        /** For how long the member can spend and send nothing afterwards; absent: until somebody releases the case. */
        refuseForDays: z.int().min(0).max(3_650).optional(),
      })
      .default({ forfeit: true }),
  })
  .refine(({ hold, limit }) => limit === undefined || limit.from >= hold, {
    error: 'what is limited is held as well',
    path: ['limit', 'from'],
  })
  .refine(({ hold, limit, refuse }) => refuse === undefined || refuse >= (limit?.from ?? hold), {
    error: 'the highest of the scores',
    path: ['refuse'],
  })
export type AbusePolicy = z.infer<typeof abusePolicy>
