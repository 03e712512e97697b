import { z } from 'zod'

/** Ids of loyalty documents. */
export const documentId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'lower-case letters, digits, ".", "_" and "-"')

const text = z.string().min(1).max(2_000)
/** A text in the three languages of the house. */
export const words = z.strictObject({ en: text, ru: text, uk: text })
export type Words = z.infer<typeof words>

/** Points in minor units of the programme's currency, as a text of digits. */
export const pointsText = z.string().regex(/^[1-9]\d{0,14}$/, 'a whole number above 0')

/** A currency of money. */
export const moneyCurrency = z.string().regex(/^[A-Z]{3}$/, 'three letters of ISO 4217')

const period = { months: z.int().min(1).max(1_200).optional(), days: z.int().min(1).max(36_500).optional() }

/** When points expire: never, or so long after they were earned or after the member's latest activity. */
export const expirySchema = z.union([
  z.literal('never'),
  z
    .strictObject({
      after: z.enum(['earn', 'activity']),
      ...period,
      /** The count ends with the day, or with the month or year in which it ends. */
      endOf: z.enum(['day', 'month', 'year']).default('day'),
      /** How many days before it the member is told. */
      noticeDays: z.array(z.int().min(1).max(365)).max(10).default([30, 7]),
    })
    .refine(({ months, days }) => (months === undefined) !== (days === undefined), 'either months or days'),
])
export type Expiry = z.infer<typeof expirySchema>

/** Whether points with terms of their own keep their expiry whatever the member does: a promotion of two weeks is over then. */
export const keepsExpiry = (own: Expiry | undefined): boolean =>
  own !== undefined && own !== 'never' && own.after === 'earn'

export const programmeSchema = z.strictObject({
  kind: z.literal('Programme'),
  id: documentId,
  name: words,
  /** The ledger's currency of its points or money; no two programmes share one. */
  currency: documentId.or(moneyCurrency),
  /** Decimals of a point: with 2, a hundred minor units are one point. */
  decimals: z.int().min(0).max(4).default(0),
  /** Days, months and expiry run in it; absent: the tenant's. */
  timeZone: z.string().optional(),
  /** What a member agrees to, in plain words. */
  terms: words.optional(),
  expiry: expirySchema.default('never'),
  /**
   * For how many days at least points live on that come back to a member, however near their expiry was: those of a
   * reward that was never handed out or is refunded, and those that were held by mistake.
   */
  reinstatedForDays: z.int().min(0).max(3_650).default(30),
  /**
   * Who becomes a member: `by_hand`, or whoever has an event of one of these types and satisfies the condition; `rules`
   * stands for the types that its earn rules are on, `any` for every type. Whoever has left comes back by hand alone.
   */
  enrolment: z
    .union([
      z.literal('by_hand'),
      z.strictObject({
        on: z.union([z.enum(['any', 'rules']), z.array(z.string().min(1)).min(1)]),
        /** CEL over `subscriber`. */
        where: z.string().min(1).max(10_000).optional(),
      }),
    ])
    .default({ on: 'rules' }),
  /** Given once to each member, however often they come back. */
  welcome: z.strictObject({ points: pointsText, expiry: expirySchema.optional() }).optional(),
  /** What happens when points are taken back that were spent already: carried as a debt, up to a limit, or forgiven. */
  returns: z
    .strictObject({
      onSpent: z.enum(['debt', 'limit', 'forgive']).default('debt'),
      limit: pointsText.optional(),
    })
    .refine(({ onSpent, limit }) => (onSpent === 'limit') === (limit !== undefined), {
      error: 'a limit belongs to onSpent: limit',
      path: ['limit'],
    })
    .default({ onSpent: 'debt' }),
  /** What happens to the points of a member who leaves: they lapse, or wait until they expire. */
  leaving: z.strictObject({ points: z.enum(['forfeit', 'keep']) }).default({ points: 'keep' }),
  households: z
    .strictObject({
      /** Whether a household has one balance; otherwise each member keeps an own one. */
      sharesBalance: z.boolean().default(false),
      maxMembers: z.int().min(2).max(100).default(10),
    })
    .optional(),
  /** Purses that several rules draw from; what is drawn is never more than this in a period. */
  budgets: z
    .array(
      z.strictObject({
        id: documentId,
        points: pointsText,
        period: z.enum(['day', 'week', 'month', 'year', 'ever']).default('ever'),
      }),
    )
    .default([]),
})
export type Programme = z.infer<typeof programmeSchema>

/** The programme of rules that name none. */
export const MAIN_PROGRAMME = 'main'

/**
 * The programme `main` as long as rules name it and nobody saved it: whole points that never expire, and everybody is a
 * member from the first event on. So a single earn rule works by itself.
 */
export const impliedProgramme: Programme = programmeSchema.parse({
  kind: 'Programme',
  id: MAIN_PROGRAMME,
  name: { en: 'Points', ru: 'Баллы', uk: 'Бали' },
  currency: 'points',
})
