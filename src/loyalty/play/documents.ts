import { z } from 'zod'
import { documentId, expirySchema, MAIN_PROGRAMME, moneyCurrency, pointsText, words } from '../programmes.ts'

const expression = z.string().min(1).max(10_000)
const eventType = z.string().min(1).max(200)
const moment = z.iso.datetime({ offset: true })

/** What a member gets: points, a badge or both. What else is to follow hangs on the event that is announced. */
export const playReward = z.strictObject({
  points: pointsText.optional(),
  /** Instead of the programme's. */
  expiry: expirySchema.optional(),
  badge: documentId.optional(),
})
export type PlayReward = z.infer<typeof playReward>

const head = {
  id: documentId,
  name: words,
  description: words.optional(),
  programme: documentId.default(MAIN_PROGRAMME),
  validFrom: moment.optional(),
  validTo: moment.optional(),
}

/** By how much events count: each by 1 without it. */
const summing = {
  /** CEL: how much an event counts; of a double the first two decimals, so that 9.99 counts as 999. */
  sum: expression.optional(),
  /** ISO 4217: what a sum is in. An event that says another `currency` does not count. Absent: the tenant's. */
  currency: moneyCurrency.optional(),
}

/** Which events count and by how much: each by 1, by an amount, or only values that were not seen before. */
const counting = {
  on: eventType,
  /** CEL over `event`, `subscriber`, `member` and `local`. */
  where: expression.optional(),
  ...summing,
  /** CEL: events with a value that was seen before do not count. */
  distinct: expression.optional(),
}
export type Counting = {
  on: string
  where?: string | undefined
  sum?: string | undefined
  currency?: string | undefined
  distinct?: string | undefined
}

const questStep = z.strictObject({
  id: documentId,
  name: words,
  ...counting,
  /** What has to come together: a number of events, or a sum. */
  reach: pointsText.default('1'),
})
export type QuestStep = z.infer<typeof questStep>

/** `{ kind: Quest, id, name, steps, … }` */
export const quest = z.strictObject({
  kind: z.literal('Quest'),
  ...head,
  /** Whether steps are done in any order, or each only after the one before. */
  order: z.enum(['any', 'strict']).default('any'),
  /** A member is in it from the first event that counts, or joins by hand. */
  join: z.enum(['first_step', 'by_hand']).default('first_step'),
  steps: z.array(questStep).min(1).max(20),
  /** Until when: a moment, or so many days of 24 hours after joining. */
  deadline: z
    .union([z.strictObject({ at: moment }), z.strictObject({ days: z.int().min(1).max(3_650) })])
    .optional(),
  /** How often a member may complete it. A run whose deadline went by does not count. */
  times: z.int().min(1).max(1_000_000).default(1),
  reward: playReward.optional(),
})
export type Quest = z.infer<typeof quest>

/** `{ kind: Achievement, id, name, on, levels, … }`: collected for ever, with ever higher levels. */
export const achievement = z.strictObject({
  kind: z.literal('Achievement'),
  ...head,
  ...counting,
  levels: z
    .array(z.strictObject({ at: pointsText, name: words, reward: playReward.optional() }))
    .min(1)
    .max(100)
    .refine(
      (levels) => levels.every(({ at }, i) => i === 0 || BigInt(at) > BigInt(levels[i - 1]!.at)),
      'ascending',
    ),
})
export type Achievement = z.infer<typeof achievement>

/** `{ kind: Streak, id, name, on, every, … }`: days or weeks in a row, in the programme's time zone. */
export const streak = z.strictObject({
  kind: z.literal('Streak'),
  ...head,
  on: eventType,
  where: expression.optional(),
  ...summing,
  every: z.enum(['day', 'week']),
  /** What has to come together in a period for it to count. */
  reach: pointsText.default('1'),
  /** So many missed periods in a row do no harm. */
  grace: z.int().min(0).max(30).default(0),
  /** A member gets a freeze for each so many periods kept up, and has `most` at once; each makes good a missed period. */
  freezes: z.strictObject({ each: z.int().min(1).max(365), most: z.int().min(1).max(30) }).optional(),
  milestones: z
    .array(
      z.strictObject({
        at: z.int().min(1).max(10_000),
        /** Whether a streak that was lost and begun again earns it again. */
        again: z.boolean().default(true),
        reward: playReward,
      }),
    )
    .max(50)
    .default([]),
})
export type Streak = z.infer<typeof streak>

/** `{ kind: Badge, id, name }` */
export const badge = z.strictObject({
  kind: z.literal('Badge'),
  id: documentId,
  name: words,
  description: words.optional(),
  programme: documentId.default(MAIN_PROGRAMME),
  /** Name of a picture in the console and the member app. */
  icon: z.string().max(60).optional(),
})
export type Badge = z.infer<typeof badge>

/** `{ kind: Leaderboard, id, name, on, period, … }` */
export const leaderboard = z.strictObject({
  kind: z.literal('Leaderboard'),
  ...head,
  on: eventType,
  where: expression.optional(),
  ...summing,
  period: z.enum(['day', 'week', 'month', 'year', 'ever']).default('month'),
  /** Attribute of the subscriber whose values have boards of their own beside that of everybody. */
  regionBy: z.string().min(1).max(100).optional(),
})
export type Leaderboard = z.infer<typeof leaderboard>

/** How a member comes by the right to play a round, and what is said in a chat. */
const rights = {
  /** Ids of the templates by which it is played with buttons in a chat; see the README for what they may speak of. */
  chat: z
    .strictObject({
      /** The hash of the seed, and the buttons to begin with. */
      choose: documentId,
      /** A quiz's question with its options. */
      question: documentId.optional(),
      /** What came of the round, with the seed. */
      result: documentId,
      /** No round is left, or none is open. */
      noRound: documentId,
    })
    .optional(),
  /** An event gives so many rounds, for so many days. */
  rights: z
    .array(
      z.strictObject({
        on: eventType,
        where: expression.optional(),
        rounds: z.int().min(1).max(100).default(1),
        days: z.int().min(1).max(3_650).optional(),
      }),
    )
    .max(20)
    .default([]),
  /** So many rounds in a period are free. */
  free: z
    .strictObject({ period: z.enum(['day', 'week', 'month', 'ever']), rounds: z.int().min(1).max(100) })
    .optional(),
  /** Price of a round in points. */
  price: pointsText.optional(),
}

/** `{ kind: Wheel, id, name, prizes, … }`: a wheel of fortune whose odds everybody can read. */
export const wheel = z.strictObject({
  kind: z.literal('Wheel'),
  ...head,
  ...rights,
  prizes: z
    .array(
      z.strictObject({
        id: documentId,
        name: words,
        /** The prize comes with the odds weight : sum of all weights. */
        weight: z.int().min(1).max(1_000_000_000),
        reward: playReward.default({}),
        /** How many there are in all. */
        stock: z.int().min(1).max(1_000_000_000).optional(),
      }),
    )
    .min(1)
    .max(100),
  /** Points that its prizes give in a period, at most. */
  budget: z.strictObject({ points: pointsText, period: z.enum(['day', 'week', 'month', 'ever']) }).optional(),
  /** The prize that is given when the drawn one is out of stock or beyond the budget; it has no stock and no points. */
  otherwise: documentId.optional(),
})
export type Wheel = z.infer<typeof wheel>

/** `{ kind: Quiz, id, name, questions, … }` */
export const quiz = z.strictObject({
  kind: z.literal('Quiz'),
  ...head,
  ...rights,
  questions: z
    .array(
      z.strictObject({
        id: documentId,
        text: words,
        options: z
          .array(z.strictObject({ id: documentId, text: words }))
          .min(2)
          .max(10),
        /** Id of the right option; never leaves the server. */
        answer: documentId,
      }),
    )
    .min(1)
    .max(2_000),
  /** Questions of a round, drawn among all. */
  perRound: z.int().min(1).max(50),
  /** How long a member has for one question. */
  secondsPerQuestion: z.int().min(3).max(3_600).default(20),
  /** Each number of right answers that was reached gives its reward. */
  rewards: z
    .array(z.strictObject({ correct: z.int().min(1).max(50), reward: playReward }))
    .max(20)
    .default([]),
})
export type Quiz = z.infer<typeof quiz>

/** `{ kind: BotGame, id, name, doors, … }`: doors with prizes behind some, played by buttons of a chat. */
export const botGame = z.strictObject({
  kind: z.literal('BotGame'),
  ...head,
  ...rights,
  doors: z.int().min(2).max(12).default(3),
  reward: playReward,
  /** Which events are moves, and CEL for the choice in them: `play:ID` opens a round, `play:ID:STEP:2` the second door. */
  moves: z
    .strictObject({ on: eventType, choice: expression })
    .default({ on: 'message.answered', choice: 'event.choice' }),
})
export type BotGame = z.infer<typeof botGame>

export type Game = Wheel | Quiz | BotGame

/** Kinds of documents that are games of chance. */
export const gameKinds = ['Wheel', 'Quiz', 'BotGame'] as const
export type GameKind = (typeof gameKinds)[number]
