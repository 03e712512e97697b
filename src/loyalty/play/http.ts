import { z } from 'zod'
import { principalOf, tenantOf, type Access } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import { documentId, MAIN_PROGRAMME } from '../programmes.ts'
import { hashOf, itemOf, ticket, ticketsOf } from './fairness.ts'
import type { Play } from './service.ts'

const member = z.object({ subscriberId: z.coerce.number().int().positive() })
const inProgramme = z.strictObject({ programme: documentId.default(MAIN_PROGRAMME) })
const seed = z.string().min(1).max(200)
const kind = z.enum(['Wheel', 'Quiz', 'BotGame'])
const boardQuery = z.strictObject({
  period: z.string().max(20).optional(),
  region: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(0).max(200).default(10),
  near: z.coerce.number().int().min(0).max(50).default(3),
})
const playerBody = z.strictObject({
  programme: documentId.default(MAIN_PROGRAMME),
  displayName: z.string().nullable().default(null),
  isHidden: z.boolean().default(false),
})
/** What a page needs to check a round: seeds and, for a wheel, the weights in their order. */
const verifyBody = z.strictObject({
  serverSeed: z.string().min(1).max(200),
  clientSeed: z.string().max(200),
  roundId: z.string().min(1).max(100),
  index: z.int().min(0).max(100_000).default(0),
  weights: z.array(z.int().min(1).max(1_000_000_000)).min(1).max(100),
})

const isAsked = <Q extends { period?: string | undefined; region?: string | undefined }>({
  period,
  region,
  ...rest
}: Q) => ({
  ...rest,
  ...(period === undefined ? {} : { period }),
  ...(region === undefined ? {} : { region }),
})

/** Quests, achievements, streaks, badges and leaderboards: `/v1/members/:subscriberId/play`, `/v1/leaderboards/:id`. */
export function playRoutes(http: FastifyInstance, play: Play): void {
  http.get('/v1/members/:subscriberId/play', options.play, async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme } = parseInput(inProgramme, request.query)
    return play.view(tenantOf(request), programme, subscriberId)
  })
  http.post('/v1/members/:subscriberId/quests/:questId/join', options.questsJoin, async (request) => {
    const { subscriberId, questId } = parseInput(member.extend({ questId: documentId }), request.params)
    return play.joinQuest(tenantOf(request), questId, subscriberId)
  })
  http.put('/v1/members/:subscriberId/player', options.player, async (request, reply) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme, displayName, isHidden } = parseInput(playerBody, request.body)
    await play.setPlayer(tenantOf(request), programme, subscriberId, { displayName, isHidden })
    return reply.code(204).send()
  })
  http.get('/v1/leaderboards/:boardId', options.leaderboards, async (request) => {
    const { boardId } = parseInput(z.object({ boardId: documentId }), request.params)
    return play.board(tenantOf(request), boardId, isAsked(parseInput(boardQuery, request.query)))
  })
  http.get('/v1/members/:subscriberId/leaderboards/:boardId', options.getLeaderboards, async (request) => {
    const { subscriberId, boardId } = parseInput(member.extend({ boardId: documentId }), request.params)
    const query = isAsked(parseInput(boardQuery, request.query))
    return play.board(tenantOf(request), boardId, { ...query, subscriberId })
  })
}

const rightBody = z.strictObject({ idempotencyKey: seed })
const seedBody = z.strictObject({ clientSeed: seed })
const answerBody = z.strictObject({ question: documentId, option: documentId })
const atGame = member.extend({ kind, gameId: documentId })
const atRound = member.extend({ roundId: z.uuid() })

const options = {
  play: {
    config: {
      operation: { summary: 'Quests, achievements, streaks and badges of a member', query: inProgramme },
    },
  },
  questsJoin: { config: { operation: { summary: 'Join a quest' } } },
  player: { config: { operation: { summary: 'Name on leaderboards, or none', body: playerBody } } },
  leaderboards: { config: { operation: { summary: 'A leaderboard', query: boardQuery } } },
  getLeaderboards: { config: { operation: { summary: 'A leaderboard around a member', query: boardQuery } } },
  games: { config: { operation: { summary: 'Games and rights to play', query: inProgramme } } },
  rounds: { config: { operation: { summary: 'Rounds that a member has played' } } },
  gamesCommitment: { config: { operation: { summary: 'Commit to a seed before the member names one' } } },
  gamesRights: { config: { operation: { summary: 'Buy a right to play for points', body: rightBody } } },
  roundsSpin: { config: { operation: { summary: 'Spin a wheel', body: seedBody } } },
  roundsStart: { config: { operation: { summary: 'Start a quiz', body: seedBody } } },
  roundsQuestion: { config: { operation: { summary: 'The next question of a quiz' } } },
  roundsAnswers: { config: { operation: { summary: 'Answer a question of a quiz', body: answerBody } } },
  getRounds: { config: { operation: { summary: 'What anybody may check of a round' } } },
  roundsVerify: {
    config: {
      roles: ['admin', 'ingest', 'read'] as const,
      operation: { summary: 'Compute a round from its seeds', body: verifyBody },
    },
  },
}

/** Games of chance: rights, commitments, spins, quizzes, and what anybody may check of a round. */
export function gameRoutes(http: FastifyInstance, play: Play, access: Access): void {
  http.get('/v1/members/:subscriberId/games', options.games, async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme } = parseInput(inProgramme, request.query)
    return { games: await play.games(tenantOf(request), programme, subscriberId) }
  })
  http.get('/v1/members/:subscriberId/rounds', options.rounds, async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    return { rounds: await play.rounds(tenantOf(request), subscriberId) }
  })
  http.post(
    '/v1/members/:subscriberId/games/:kind/:gameId/commitment',
    options.gamesCommitment,
    async (request) => {
      const { subscriberId, gameId, kind } = parseInput(
        atGame.extend({ kind: z.enum(['Wheel', 'Quiz']) }),
        request.params,
      )
      return play.commitment(tenantOf(request), kind, gameId, subscriberId)
    },
  )
  http.post('/v1/members/:subscriberId/games/:kind/:gameId/rights', options.gamesRights, async (request) => {
    const { subscriberId, gameId, kind } = parseInput(atGame, request.params)
    const { idempotencyKey } = parseInput(rightBody, request.body)
    const { tenantId, keyId } = principalOf(request)
    const bought = await play.buyRight(tenantId, kind, gameId, subscriberId, idempotencyKey)
    await access.auditAlone(tenantId, { keyId, action: 'play_right_bought', target: bought.rightId })
    return bought
  })
  http.post('/v1/members/:subscriberId/rounds/:roundId/spin', options.roundsSpin, async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    const { clientSeed } = parseInput(seedBody, request.body)
    return play.spin(tenantOf(request), subscriberId, roundId, clientSeed)
  })
  http.post('/v1/members/:subscriberId/rounds/:roundId/start', options.roundsStart, async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    const { clientSeed } = parseInput(seedBody, request.body)
    return play.startQuiz(tenantOf(request), subscriberId, roundId, clientSeed)
  })
  http.post('/v1/members/:subscriberId/rounds/:roundId/question', options.roundsQuestion, async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    return play.quizQuestion(tenantOf(request), subscriberId, roundId)
  })
  http.post('/v1/members/:subscriberId/rounds/:roundId/answers', options.roundsAnswers, async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    const answer = parseInput(answerBody, request.body)
    return play.answerQuiz(tenantOf(request), subscriberId, roundId, answer)
  })
  http.get('/v1/rounds/:roundId', options.getRounds, async (request) => {
    const { roundId } = parseInput(z.object({ roundId: z.uuid() }), request.params)
    return play.fairRecord(tenantOf(request), roundId)
  })
  http.post('/v1/rounds/verify', options.roundsVerify, async (request) => {
    const { index, weights, ...seeds } = parseInput(verifyBody, request.body)
    const items = weights.map((weight, i) => ({ weight, i }))
    const drawn = ticket(seeds, index, ticketsOf(items))
    return {
      seedHash: hashOf(seeds.serverSeed),
      ticket: drawn,
      tickets: ticketsOf(items),
      item: itemOf(items, drawn).i,
    }
  })
}
