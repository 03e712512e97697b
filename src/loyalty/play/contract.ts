import { z } from 'zod'
import { tryAnswer } from '../rehearsal-contract.ts'
import { documentId, MAIN_PROGRAMME, words } from '../programmes.ts'
import { gameKinds } from './documents.ts'
import { playReasons } from './errors.ts'

export type {
  Achievement,
  Badge,
  BotGame,
  Leaderboard,
  PlayReward,
  Quest,
  QuestStep,
  Quiz,
  Streak,
  Wheel,
} from './documents.ts'
export {
  achievement,
  badge,
  botGame,
  gameKinds,
  leaderboard,
  quest,
  quiz,
  streak,
  wheel,
} from './documents.ts'
export { type PlayReason, playReasons } from './errors.ts'
export { playWords } from './words.ts'

const minor = z.string().regex(/^-?\d+$/)
const seed = z.string().min(1).max(200)

export const playQuery = z.strictObject({ programme: documentId.default(MAIN_PROGRAMME) })

/** `GET /v1/members/:subscriberId/play` */
export const memberPlayView = z.object({
  quests: z.array(
    z.object({
      id: z.string(),
      name: words,
      state: z.enum(['not_joined', 'open', 'completed', 'expired']),
      run: z.int(),
      completed: z.int(),
      times: z.int(),
      deadline: z.string().nullable(),
      /** Whether a new run can begin now. */
      mayBegin: z.boolean(),
      steps: z.array(
        z.object({
          id: z.string(),
          name: words,
          amount: minor,
          reach: minor,
          doneAt: z.string().nullable(),
        }),
      ),
    }),
  ),
  achievements: z.array(
    z.object({
      id: z.string(),
      name: words,
      amount: minor,
      level: z.int(),
      levelName: words.nullable(),
      /** What the next level asks for; null at the highest one. */
      nextAt: minor.nullable(),
    }),
  ),
  streaks: z.array(
    z.object({
      id: z.string(),
      name: words,
      every: z.enum(['day', 'week']),
      length: z.int(),
      best: z.int(),
      freezes: z.int(),
      /** Whether the present period counts already. */
      isKeptNow: z.boolean(),
      /** Periods that are left, the present one included, in which the streak can still be kept; 0: there is none. */
      periodsLeft: z.int(),
    }),
  ),
  badges: z.array(z.object({ id: z.string(), name: words, cause: z.string(), at: z.string() })),
  player: z.object({ displayName: z.string().nullable(), isHidden: z.boolean() }),
})
export type MemberPlayView = z.infer<typeof memberPlayView>

const questRunView = z.object({ run: z.int() })

/** `PUT /v1/members/:subscriberId/player` */
export const playerBody = z.strictObject({
  programme: documentId.default(MAIN_PROGRAMME),
  displayName: z.string().nullable().default(null),
  isHidden: z.boolean().default(false),
})

export const boardQuery = z.strictObject({
  period: z.string().max(20).optional(),
  region: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(0).max(200).default(10),
  near: z.coerce.number().int().min(0).max(50).default(3),
})

const boardLine = z.object({ rank: z.int(), name: z.string(), score: minor, isMe: z.boolean() })
/** `GET /v1/leaderboards/:boardId` and `GET /v1/members/:subscriberId/leaderboards/:boardId` */
export const leaderboardView = z.object({
  board: z.string(),
  period: z.string(),
  region: z.string(),
  members: z.int(),
  top: z.array(boardLine),
  /** The member who asks: null without a score; rank null for whoever opted out. */
  me: z
    .object({
      rank: z.int().nullable(),
      score: minor,
      isHidden: z.boolean(),
      near: z.array(boardLine),
    })
    .nullable(),
})
export type LeaderboardView = z.infer<typeof leaderboardView>

const odds = z.array(
  z.object({
    id: z.string(),
    name: words,
    weight: z.int(),
    /** Tickets for one of the prize. */ oneIn: z.number(),
  }),
)
const gameView = z.object({
  kind: z.enum(gameKinds),
  id: z.string(),
  name: words,
  /** Rounds that the member may begin now, free ones included. */
  rounds: z.int(),
  /** Points that another round costs; null: it is not for sale. */
  price: minor.nullable(),
  /** Of a wheel. */
  odds: odds.optional(),
})
export type GameView = z.infer<typeof gameView>
/** `GET /v1/members/:subscriberId/games` */
export const gamesView = z.object({ games: z.array(gameView) })
export type GamesView = z.infer<typeof gamesView>

/** `POST /v1/members/:subscriberId/games/:kind/:gameId/commitment` */
export const commitmentView = z.object({
  roundId: z.string(),
  seedHash: z.string(),
  gameVersion: z.int(),
  odds: odds.optional(),
})
export type CommitmentView = z.infer<typeof commitmentView>

/** `POST /v1/members/:subscriberId/games/:kind/:gameId/rights` */
export const rightBody = z.strictObject({ idempotencyKey: seed })
const rightView = z.object({ rightId: z.string() })

export const seedBody = z.strictObject({ clientSeed: seed })
/** `POST /v1/members/:subscriberId/rounds/:roundId/spin` */
export const spinView = z.object({
  roundId: z.string(),
  prize: z.string(),
  /** What the seeds drew; another than `prize` where that one had run out. */
  drawn: z.string(),
  reason: z.enum(playReasons),
  clientSeed: z.string(),
  serverSeed: z.string(),
  seedHash: z.string(),
})
export type SpinView = z.infer<typeof spinView>

const quizStarted = z.object({ questions: z.int() })
const quizQuestion = z.object({
  number: z.int(),
  of: z.int(),
  question: z.string(),
  text: words,
  options: z.array(z.object({ id: z.string(), text: words })),
  answerUntil: z.string(),
})
const quizResult = z.object({
  roundId: z.string(),
  state: z.literal('finished'),
  correct: z.int(),
  of: z.int(),
  results: z.array(z.object({ question: z.string(), isCorrect: z.boolean(), isInTime: z.boolean() })),
  seedHash: z.string(),
  serverSeed: z.string(),
})
/** What a quiz tells at its end: which answers were right, never which would have been. */
export type QuizResult = z.infer<typeof quizResult>
/** `POST /v1/members/:subscriberId/rounds/:roundId/question` */
export const quizStep = z.discriminatedUnion('state', [
  z.object({ roundId: z.string(), state: z.literal('open'), question: quizQuestion }),
  quizResult,
])
export type QuizStep = z.infer<typeof quizStep>

export const answerBody = z.strictObject({ question: documentId, option: documentId })
const answerTaken = z.object({ isInTime: z.boolean(), isLast: z.boolean() })

/** `GET /v1/rounds/:roundId`: what anybody may know of a round, so that they can check it themselves. */
export const roundView = z.object({
  roundId: z.string(),
  kind: z.enum(gameKinds),
  game: z.string(),
  gameVersion: z.int(),
  state: z.enum(['committed', 'open', 'finished']),
  seedHash: z.string(),
  committedAt: z.string(),
  clientSeed: z.string().nullable(),
  /** Told when the round is finished. */
  serverSeed: z.string().nullable(),
  outcome: z.record(z.string(), z.unknown()).nullable(),
  /** Of a wheel: its prizes in their order with the tickets of each, as they were told with the hash. */
  odds: z.array(z.object({ id: z.string(), name: words, weight: z.int() })).nullable(),
  /** Whether hash and outcome follow from the seeds; null until the round is finished. */
  isVerified: z.boolean().nullable(),
})
export type RoundView = z.infer<typeof roundView>
/** `GET /v1/members/:subscriberId/rounds` */
export const roundsView = z.object({ rounds: z.array(roundView) })
export type RoundsView = z.infer<typeof roundsView>

/** `GET /v1/loyalty/games/:kind/:gameId/rounds`: the latest first, with who played them. */
export const roundsOfGameView = z.object({
  rounds: z.array(roundView.extend({ subscriberId: z.int() })),
})
export type RoundsOfGameView = z.infer<typeof roundsOfGameView>

/** What a page needs to check a round: seeds and, for a wheel, the weights in their order. */
export const verifyBody = z.strictObject({
  serverSeed: z.string().min(1).max(200),
  clientSeed: z.string().max(200),
  roundId: z.string().min(1).max(100),
  index: z.int().min(0).max(100_000).default(0),
  weights: z.array(z.int().min(1).max(1_000_000_000)).min(1).max(100),
})
/** `POST /v1/rounds/verify` */
export const verifiedView = z.object({
  seedHash: z.string(),
  ticket: minor,
  tickets: minor,
  /** Index of the weight that the ticket drew. */
  item: z.int(),
})
export type VerifiedView = z.infer<typeof verifiedView>

/** `POST /v1/loyalty/play/try`: a quest, an achievement or a streak as a document, and the event time to try it on. */
export const playTryRequest = z.strictObject({
  document: z.unknown(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
})

/** What each route says of itself in the description of the API. */
export const playOperations = {
  play: {
    summary: 'Quests, achievements, streaks and badges of a member',
    query: playQuery,
    answer: memberPlayView,
  },
  join: { summary: 'Join a quest', answer: questRunView },
  player: { summary: 'Name on leaderboards, or none', body: playerBody, answer: null },
  board: { summary: 'A leaderboard', query: boardQuery, answer: leaderboardView },
  boardOfMember: { summary: 'A leaderboard around a member', query: boardQuery, answer: leaderboardView },
  games: { summary: 'Games and rights to play', query: playQuery, answer: gamesView },
  rounds: { summary: 'Rounds that a member has played', answer: roundsView },
  commitment: { summary: 'Commit to a seed before the member names one', answer: commitmentView },
  rights: { summary: 'Buy a right to play for points', body: rightBody, answer: rightView },
  spin: { summary: 'Spin a wheel', body: seedBody, answer: spinView },
  start: { summary: 'Start a quiz', body: seedBody, answer: quizStarted },
  question: { summary: 'The next question of a quiz', answer: quizStep },
  answer: { summary: 'Answer a question of a quiz', body: answerBody, answer: answerTaken },
  roundsOfGame: { summary: 'Latest rounds of a game', answer: roundsOfGameView },
  round: { summary: 'What anybody may check of a round', answer: roundView },
  tryOut: {
    summary: 'Try a quest, an achievement or a streak on history',
    body: playTryRequest,
    answer: tryAnswer,
  },
  verify: { summary: 'Compute a round from its seeds', body: verifyBody, answer: verifiedView },
}
