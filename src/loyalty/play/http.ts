import { z } from 'zod'
import { principalOf, tenantOf, type Access } from '../../access/index.ts'
import { type FastifyInstance, parseInput } from '../../platform/index.ts'
import { documentId } from '../programmes.ts'
import { answerWithProgress } from '../progress.ts'
import {
  answerBody,
  boardQuery,
  playerBody,
  playOperations,
  playTryRequest,
  playQuery,
  rightBody,
  seedBody,
  verifyBody,
} from './contract.ts'
import { gameKinds } from './documents.ts'
import { hashOf, itemOf, ticket, ticketsOf } from './fairness.ts'
import type { Play } from './service.ts'

const member = z.object({ subscriberId: z.coerce.number().int().positive() })
const atGame = member.extend({ kind: z.enum(gameKinds), gameId: documentId })
const atRound = member.extend({ roundId: z.uuid() })

const isAsked = <Q extends { period?: string | undefined; region?: string | undefined }>({
  period,
  region,
  ...rest
}: Q) => ({
  ...rest,
  ...(period === undefined ? {} : { period }),
  ...(region === undefined ? {} : { region }),
})

const says = (operation: keyof typeof playOperations) => ({
  config: { operation: playOperations[operation] },
})
const admin = (operation: keyof typeof playOperations) => ({
  config: { roles: ['admin'] as const, operation: playOperations[operation] },
})
const tryOut = { config: { roles: ['admin', 'read'] as const, operation: playOperations.tryOut } }
const anyRole = {
  config: { roles: ['admin', 'ingest', 'read'] as const, operation: playOperations.verify },
}

/** Quests, achievements, streaks, badges and leaderboards: `/v1/members/:subscriberId/play`, `/v1/leaderboards/:id`. */
export function playRoutes(http: FastifyInstance, play: Play): void {
  http.get('/v1/members/:subscriberId/play', says('play'), async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme } = parseInput(playQuery, request.query)
    return play.view(tenantOf(request), programme, subscriberId)
  })
  http.post('/v1/members/:subscriberId/quests/:questId/join', admin('join'), async (request) => {
    const { subscriberId, questId } = parseInput(member.extend({ questId: documentId }), request.params)
    return play.joinQuest(tenantOf(request), questId, subscriberId)
  })
  http.put('/v1/members/:subscriberId/player', admin('player'), async (request, reply) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme, displayName, isHidden } = parseInput(playerBody, request.body)
    await play.setPlayer(tenantOf(request), programme, subscriberId, { displayName, isHidden })
    return reply.code(204).send()
  })
  http.get('/v1/leaderboards/:boardId', says('board'), async (request) => {
    const { boardId } = parseInput(z.object({ boardId: documentId }), request.params)
    return play.board(tenantOf(request), boardId, isAsked(parseInput(boardQuery, request.query)))
  })
  http.get('/v1/members/:subscriberId/leaderboards/:boardId', says('boardOfMember'), async (request) => {
    const { subscriberId, boardId } = parseInput(member.extend({ boardId: documentId }), request.params)
    const query = isAsked(parseInput(boardQuery, request.query))
    return play.board(tenantOf(request), boardId, { ...query, subscriberId })
  })
}

/** `POST /v1/loyalty/play/try`: what a quest, an achievement or a streak would have given; it stores nothing. */
export function playTryRoute(http: FastifyInstance, play: Play): void {
  http.post('/v1/loyalty/play/try', tryOut, (request, reply) => {
    const { document, from, to } = parseInput(playTryRequest, request.body)
    const span = { tenantId: tenantOf(request), from: instant(from), to: instant(to) }
    return answerWithProgress(request, reply, (onProgress) =>
      play.tryOut({ ...span, document, onProgress: (read, total) => onProgress({ read, total }) }),
    )
  })
}

const instant = (text: string | undefined): Temporal.Instant | undefined =>
  text === undefined ? undefined : Temporal.Instant.from(text)

/** Games of chance: rights, commitments, spins, quizzes, and what anybody may check of a round. */
export function gameRoutes(http: FastifyInstance, play: Play, access: Access): void {
  http.get('/v1/members/:subscriberId/games', says('games'), async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    const { programme } = parseInput(playQuery, request.query)
    return { games: await play.games(tenantOf(request), programme, subscriberId) }
  })
  http.get('/v1/members/:subscriberId/rounds', says('rounds'), async (request) => {
    const { subscriberId } = parseInput(member, request.params)
    return { rounds: await play.rounds(tenantOf(request), subscriberId) }
  })
  const ofGame = '/v1/members/:subscriberId/games/:kind/:gameId'
  http.post(`${ofGame}/commitment`, admin('commitment'), async (request) => {
    const { subscriberId, gameId, kind } = parseInput(
      atGame.extend({ kind: z.enum(['Wheel', 'Quiz']) }),
      request.params,
    )
    return play.commitment(tenantOf(request), kind, gameId, subscriberId)
  })
  http.post(`${ofGame}/rights`, admin('rights'), async (request) => {
    const { subscriberId, gameId, kind } = parseInput(atGame, request.params)
    const { idempotencyKey } = parseInput(rightBody, request.body)
    const { tenantId, keyId } = principalOf(request)
    const bought = await play.buyRight(tenantId, kind, gameId, subscriberId, idempotencyKey)
    await access.auditAlone(tenantId, { keyId, action: 'play_right_bought', target: bought.rightId })
    return bought
  })
  const ofRound = '/v1/members/:subscriberId/rounds/:roundId'
  http.post(`${ofRound}/spin`, admin('spin'), async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    const { clientSeed } = parseInput(seedBody, request.body)
    return play.spin(tenantOf(request), subscriberId, roundId, clientSeed)
  })
  http.post(`${ofRound}/start`, admin('start'), async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    const { clientSeed } = parseInput(seedBody, request.body)
    return play.startQuiz(tenantOf(request), subscriberId, roundId, clientSeed)
  })
  http.post(`${ofRound}/question`, admin('question'), async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    return play.quizQuestion(tenantOf(request), subscriberId, roundId)
  })
  http.post(`${ofRound}/answers`, admin('answer'), async (request) => {
    const { subscriberId, roundId } = parseInput(atRound, request.params)
    const answer = parseInput(answerBody, request.body)
    return play.answerQuiz(tenantOf(request), subscriberId, roundId, answer)
  })
  http.get('/v1/loyalty/games/:kind/:gameId/rounds', says('roundsOfGame'), async (request) => {
    const { kind, gameId } = parseInput(
      z.object({ kind: z.enum(gameKinds), gameId: documentId }),
      request.params,
    )
    return { rounds: await play.roundsOfGame(tenantOf(request), kind, gameId) }
  })
  http.get('/v1/rounds/:roundId', says('round'), async (request) => {
    const { roundId } = parseInput(z.object({ roundId: z.uuid() }), request.params)
    return play.fairRecord(tenantOf(request), roundId)
  })
  http.post('/v1/rounds/verify', anyRole, async (request) => {
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
