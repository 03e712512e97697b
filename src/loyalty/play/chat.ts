import { derivedId, type Tx } from '../../platform/index.ts'
import { ANSWERED } from '../announcements.ts'
import type { TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { LocalTimes } from '../local-time.ts'
import { lockLoyalty, selectMembers } from '../members-store.ts'
import type { BotGame, Game, Quiz, Wheel } from './documents.ts'
import { messageOf, type Move, moveOf, stepOf } from './move.ts'
import { isValid, planOf, type ReadyGame } from './plan.ts'
import type { QuizProgress } from './quiz.ts'
import { ask, begin, takeAnswer } from './quizzes.ts'
import { spinWheel } from './spin.ts'
import { commitRound, openRounds, rightsOf, type Turn } from './turn.ts'

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

type Parts = Pick<LoyaltyParts, 'books' | 'documents' | 'take'>
type Room = Parts & { tx: Tx; tenantId: string; local: LocalTimes }
type Answered = { answer: PlayAnswer; ready: ReadyGame; move: Move }

/**
 * Takes those of the answers that are moves of a game, within the caller's transaction. Tells by the answer's id what is
 * to be said back; null where that is nothing: a button of the round that was pressed twice, or of an earlier question.
 */
export async function takeMoves(
  parts: Parts & { local: LocalTimes },
  tx: Tx,
  tenantId: string,
  answers: PlayAnswer[],
): Promise<Map<string, ChatReply | null>> {
  const { games } = planOf(await parts.books.of(tenantId, tx))
  const room: Room = { ...parts, tx, tenantId }
  const replies = new Map<string, ChatReply | null>()
  const doors: Answered[] = []
  for (const answer of answers) {
    const move = moveAmong(games, answer)
    if (!move || replies.has(answer.answerId)) continue
    replies.set(answer.answerId, null)
    if (move.ready.document.kind === 'BotGame') doors.push(move)
    else {
      lockLoyalty(tx)
      replies.set(answer.answerId, await playMove(room, move))
    }
  }
  for (const [answerId, reply] of await openDoors(room, doors)) replies.set(answerId, reply)
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

/** Doors are opened by the consumer, with the event that the answer is; what it announces is what is said. */
async function openDoors({ take, tx, tenantId }: Room, moves: Answered[]): Promise<[string, ChatReply][]> {
  if (moves.length === 0) return []
  const events = moves.map(
    ({ answer: { answerId, subscriberId, channel, text, choice, at } }): TakenEvent => ({
      eventId: derivedId('/messaging', answerId),
      id: answerId,
      source: '/messaging',
      type: ANSWERED,
      atMs: at.epochMilliseconds,
      subscriberId,
      data: { channel, text, choice: choice ?? text },
      depth: 0,
    }),
  )
  const { announcements } = await take(tx, tenantId, events)
  const turns = new Map(
    announcements.filter(({ type }) => type === 'loyalty.game_turn').map(({ key, data }) => [key, data]),
  )
  return moves.flatMap(({ answer: { answerId }, ready: { document } }, i): [string, ChatReply][] => {
    const data = turns.get(`${document.id}:${events[i]!.eventId}`)
    const { chat, name } = document as BotGame
    if (!data || !chat) return []
    const { turn } = data
    const template =
      turn === 'choose' ? chat.choose : turn === 'won' || turn === 'lost' ? chat.result : chat.noRound
    return [[answerId, { template, variables: { name, ...data } }]]
  })
}

/** One move at a wheel or quiz, under loyalty's turn. */
async function playMove(room: Room, { answer, ready, move }: Answered): Promise<ChatReply | null> {
  const { tx, tenantId, documents, local } = room
  const { kind, id, name, programme, chat } = ready.document
  const say = (turn: string, template: string, more: object = {}): ChatReply => {
    return { template, variables: { game: id, name, turn, ...more } }
  }
  const atMs = answer.at.epochMilliseconds
  const members = await selectMembers(tx, [answer.subscriberId])
  const member = members.find((one) => one.programmeId === programme && one.mergedInto === null)
  if (member?.state !== 'active' || !isValid(ready, atMs)) return say('not_open', chat!.noRound)
  const unfinished = await openRounds(tx, ready, member)
  const open =
    move === 'begin' ? unfinished[0] : unfinished.find((one) => messageOf(one, move.step) !== undefined)
  const rights = await rightsOf(tx, [ready], member, atMs, local)
  const rounds = rights.count(id, member.subscriberId, atMs)
  if (move === 'begin' && open?.state !== 'open') {
    if (rounds === 0) return say('no_right', chat!.noRound)
    const round = open ?? (await commitRound(tx, ready, member, atMs))
    const { roundId, seedHash } = round
    return say('choose', chat!.choose, { round: roundId, seedHash, rounds, step: stepOf(round, 0) })
  }
  if (!open) return say('past_round', chat!.noRound)
  const [message, number] = move === 'begin' ? [] : [messageOf(open, move.step), move.number]
  // The document that was told with the hash holds for the round.
  const version = { kind, id, version: open.gameVersion }
  const document =
    open.gameVersion === ready.version
      ? ready.document
      : await documents.versionIn<Game>(tx, tenantId, version)
  const turn: Turn = { round: open, ready, member, rights, atMs }
  if (open.state === 'committed' && rounds === 0) return say('no_right', chat!.noRound)
  if (document!.kind === 'Wheel') return spinInChat(room, turn, document as Wheel, number, say)
  return quizInChat(room, turn, document as Quiz, message, number, say)
}

type Say = (turn: string, template: string, more: object) => ChatReply

/** The number that the member chose is their seed. */
async function spinInChat(
  room: Room,
  turn: Turn,
  wheel: Wheel,
  number: number | undefined,
  say: Say,
): Promise<ChatReply> {
  const { tx, tenantId, local } = room
  const spun = await spinWheel(room, tx, tenantId, { turn, wheel, clientSeed: String(number), local })
  const { roundId: round, ...rest } = spun
  const prizeName = wheel.prizes.find(({ id }) => id === spun.prize)!.name
  return say('won', turn.ready.document.chat!.result, { ...rest, round, prizeName })
}

/** Message 0 is the one with the hash; message k has the question k. */
async function quizInChat(
  { take, tx, tenantId }: Room,
  turn: Turn,
  quiz: Quiz,
  message: number | undefined,
  number: number | undefined,
  say: Say,
): Promise<ChatReply | null> {
  const { round } = turn
  if (message === 0 && round.state === 'committed') await begin(tx, quiz, turn, String(number))
  else if (message !== undefined) {
    const asked = (round.progress as Partial<QuizProgress>).asked?.[message - 1]
    const option = asked?.options[number! - 1]
    if (!asked || option === undefined || asked.askedAtMs === null || asked.answer !== null) return null
    await takeAnswer(take, tx, tenantId, { quiz, turn, question: asked.question, option })
  }
  const next = await ask(take, tx, tenantId, quiz, turn)
  const chat = turn.ready.document.chat!
  if (next.state === 'open') {
    const { number: of, ...question } = next.question
    const seconds = quiz.secondsPerQuestion
    return say('question', chat.question!, { ...question, number: of, seconds, step: stepOf(round, of) })
  }
  const { roundId, state: _state, ...result } = next
  return say('finished', chat.result, { ...result, round: roundId, clientSeed: round.clientSeed })
}
