import { derivedId, type Tx } from '../../platform/index.ts'
import { ANSWERED } from '../announcements.ts'
import type { Announcement, TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { LocalTimes } from '../local-time.ts'
import type { Member } from '../members.ts'
import { lockLoyalty, selectMembers } from '../members-store.ts'
import type { Game, Quiz, Wheel } from './documents.ts'
import { messageOf, type Move, moveOf, stepOf } from './move.ts'
import { isValid, planOf, type ReadyGame } from './plan.ts'
import type { QuizProgress } from './quiz.ts'
import { ask, begin, takeAnswer } from './quizzes.ts'
import type { Round } from './round.ts'
import { selectUnfinished } from './round-store.ts'
import { spinWheel } from './spin.ts'
import { closeDesk, type Desk, newRound, openDesk, roundsLeft, type Turn } from './turn.ts'

/** An answer from a chat, as messaging stores it. */
export type PlayAnswer = {
  answerId: string
  subscriberId: number
  channel: string
  text: string
  choice: string | null
  at: Temporal.Instant
}

/** What is said back to a move: a template, and what it may speak of. */
export type ChatReply = { template: string; variables: Record<string, unknown> }

type Parts = Pick<LoyaltyParts, 'books' | 'documents' | 'take'> & { local: LocalTimes }
type Answered = { answer: PlayAnswer; ready: ReadyGame; move: Move }
/** A move of an active member. */
type Seated = Answered & { member: Member; atMs: number }

/**
 * Takes those of the answers that are moves of a game, within the caller's transaction. Tells by the answer's id what is
 * to be said back; null where that is nothing: a button of the round that was pressed twice, or of an earlier question.
 */
export async function takeMoves(
  parts: Parts,
  tx: Tx,
  tenantId: string,
  answers: PlayAnswer[],
): Promise<Map<string, ChatReply | null>> {
  const { games } = planOf(await parts.books.of(tenantId, tx))
  const moves = new Map<string, Answered>()
  for (const answer of answers) {
    const move = moveAmong(games, answer)
    if (move && !moves.has(answer.answerId)) moves.set(answer.answerId, move)
  }
  if (moves.size === 0) return new Map()
  lockLoyalty(tx)
  const members = await selectMembers(tx, [
    ...new Set([...moves.values()].map((one) => one.answer.subscriberId)),
  ])
  const replies = new Map<string, ChatReply | null>()
  const seats: Seated[] = []
  for (const [answerId, one] of moves) {
    const atMs = one.answer.at.epochMilliseconds
    const member = memberAt(members, one)
    if (member?.state === 'active') seats.push({ ...one, member, atMs })
    else replies.set(answerId, sayOf(one.ready)('not_open', 'noRound'))
  }
  const room = await openRoom(parts, tx, tenantId, seats)
  for (const seat of seats) replies.set(seat.answer.answerId, isAtDoors(seat) ? null : playMove(room, seat))
  const doors = [...moves.values()].filter(isAtDoors)
  const told = await closeDesk(parts, tx, tenantId, room.desk, doors.map(answeredEvent))
  for (const [answerId, reply] of doorReplies(doors, told)) replies.set(answerId, reply)
  return replies
}

function moveAmong(games: ReadyGame[], answer: PlayAnswer): Answered | undefined {
  const said = moveOf(answer.choice ?? answer.text)
  const ready = games.find(({ document }) => {
    const isInChat = document.kind === 'BotGame' ? document.moves.on === ANSWERED : document.chat
    return document.id === said?.gameId && isInChat
  })
  return said && ready && { answer, ready, move: said.move }
}

const isAtDoors = ({ ready }: Answered): boolean => ready.document.kind === 'BotGame'

/** Whoever answers, in the game's programme, as whom they go on after a merge. */
function memberAt(members: Member[], { answer, ready }: Answered): Member | undefined {
  const inProgramme = members.filter(({ programmeId }) => programmeId === ready.document.programme)
  const own = inProgramme.find(({ subscriberId }) => subscriberId === answer.subscriberId)
  return own?.mergedInto == null
    ? own
    : inProgramme.find(({ subscriberId }) => subscriberId === own.mergedInto)
}

type Say = (turn: string, template: keyof NonNullable<Game['chat']>, more?: object) => ChatReply | null

/** What a game says: nothing without templates, where others listen to what is announced. */
const sayOf =
  ({ document: { id, name, chat } }: ReadyGame): Say =>
  (turn, template, more = {}) => {
    const named = chat?.[template]
    return named === undefined ? null : { template: named, variables: { game: id, name, turn, ...more } }
  }

/** An answer as the event with which doors are opened; what the consumer announces of it is what is said. */
const answeredEvent = ({ answer }: Answered): TakenEvent => {
  const { answerId, subscriberId, channel, text, choice, at } = answer
  return {
    eventId: derivedId('/messaging', answerId),
    id: answerId,
    source: '/messaging',
    type: ANSWERED,
    atMs: at.epochMilliseconds,
    subscriberId,
    data: { channel, text, choice: choice ?? text },
    depth: 0,
  }
}

function doorReplies(moves: Answered[], announced: Announcement[]): [string, ChatReply | null][] {
  const turns = new Map(
    announced.filter(({ type }) => type === 'loyalty.game_turn').map(({ key, data }) => [key, data]),
  )
  return moves.flatMap((move): [string, ChatReply | null][] => {
    const data = turns.get(`${move.ready.document.id}:${answeredEvent(move).eventId}`)
    if (!data) return []
    const turn = String(data['turn'])
    const template = turn === 'choose' ? turn : turn === 'won' || turn === 'lost' ? 'result' : 'noRound'
    return [[move.answer.answerId, sayOf(move.ready)(turn, template, data)]]
  })
}

/** What the moves at wheels and quizzes need: everything is loaded for all of them at once. */
type Room = {
  desk: Desk
  /** Rounds that were not finished when the first move was made. */
  rounds: Round[]
  /** The document that was told with a round's hash, which holds for the round. */
  documentOf(round: Round, ready: ReadyGame): Game
}

async function openRoom(parts: Parts, tx: Tx, tenantId: string, all: Seated[]): Promise<Room> {
  const seats = all.filter((seat) => !isAtDoors(seat))
  const ids = [...new Set(seats.map(({ member }) => member.subscriberId))]
  const games = new Map(seats.map(({ ready }) => [`${ready.document.kind} ${ready.document.id}`, ready]))
  const unfinished = await selectUnfinished(tx, ['Wheel', 'Quiz'], ids)
  const rounds = unfinished.filter(({ kind, gameId }) => games.has(`${kind} ${gameId}`))
  const former = new Map<string, Game>()
  for (const { kind, gameId: id, gameVersion: version } of rounds) {
    const key = `${kind} ${id} ${version}`
    if (games.get(`${kind} ${id}`)!.version === version || former.has(key)) continue
    former.set(key, (await parts.documents.versionIn<Game>(tx, tenantId, { kind, id, version }))!)
  }
  return {
    desk: await openDesk(tx, seats, parts.local),
    rounds,
    documentOf: ({ kind, gameId, gameVersion }, ready) =>
      former.get(`${kind} ${gameId} ${gameVersion}`) ?? ready.document,
  }
}

/** One move at a wheel or quiz, under loyalty's turn. */
function playMove(room: Room, { ready, move, member, atMs }: Seated): ChatReply | null {
  const { desk } = room
  const say = sayOf(ready)
  const { kind, id } = ready.document
  const unfinished = room.rounds.filter(
    (round) =>
      round.kind === kind &&
      round.gameId === id &&
      round.subscriberId === member.subscriberId &&
      round.state !== 'finished',
  )
  const open =
    move === 'begin'
      ? (unfinished.find(({ state }) => state === 'open') ?? unfinished[0])
      : unfinished.find((one) => messageOf(one, move.step) !== undefined)
  // Who has begun may go on when the season is over.
  if (!isValid(ready, atMs) && open?.state !== 'open') return say('not_open', 'noRound')
  const rounds = roundsLeft(desk, { ready, member, atMs })
  if (move === 'begin' && open?.state !== 'open') {
    if (rounds === 0) return say('no_right', 'noRound')
    const round = open ?? newRound(ready, member, atMs)
    if (!open) {
      room.rounds.push(round)
      desk.rounds.add(round)
    }
    const { roundId, seedHash } = round
    return say('choose', 'choose', { round: roundId, seedHash, rounds, step: stepOf(round, 0) })
  }
  if (!open) return say('past_round', 'noRound')
  if (open.state === 'committed' && rounds === 0) return say('no_right', 'noRound')
  const [message, number] = move === 'begin' ? [] : [messageOf(open, move.step), move.number]
  const document = room.documentOf(open, ready)
  const turn: Turn = { round: open, ready, member, desk, atMs }
  return document.kind === 'Wheel'
    ? spinInChat(turn, document, number, say)
    : quizInChat(turn, document as Quiz, message, number, say)
}

/** The number that the member chose is their seed. */
function spinInChat(turn: Turn, wheel: Wheel, number: number | undefined, say: Say): ChatReply | null {
  const { roundId: round, ...rest } = spinWheel(turn, wheel, String(number))
  const prizeName = wheel.prizes.find(({ id }) => id === rest.prize)!.name
  return say('won', 'result', { ...rest, round, prizeName })
}

/** Message 0 is the one with the hash; message k has the question k. */
function quizInChat(
  turn: Turn,
  quiz: Quiz,
  message: number | undefined,
  number: number | undefined,
  say: Say,
): ChatReply | null {
  const { round } = turn
  if (message === 0 && round.state === 'committed') begin(quiz, turn, String(number))
  else if (message !== undefined) {
    const asked = (round.progress as Partial<QuizProgress>).asked?.[message - 1]
    const option = asked?.options[number! - 1]
    if (!asked || option === undefined || asked.askedAtMs === null || asked.answer !== null) return null
    takeAnswer(quiz, turn, asked.question, option)
  }
  const next = ask(quiz, turn)
  if (next.state === 'open') {
    const { number: of, ...question } = next.question
    const seconds = quiz.secondsPerQuestion
    return say('question', 'question', { ...question, number: of, seconds, step: stepOf(round, of) })
  }
  const { roundId, state: _state, ...result } = next
  return say('finished', 'result', { ...result, round: roundId, clientSeed: round.clientSeed })
}
