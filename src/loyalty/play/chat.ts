import { derivedId, type Tx } from '../../platform/index.ts'
import { ANSWERED } from '../announcements.ts'
import type { TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { LocalTimes } from '../local-time.ts'
import { lockLoyalty, selectMembers } from '../members-store.ts'
import type { BotGame, Game, Quiz, Wheel } from './documents.ts'
import { moveOf } from './doors.ts'
import { isValid, planOf, type ReadyGame } from './plan.ts'
import type { QuizProgress } from './quiz.ts'
import { ask, begin, takeAnswer } from './quizzes.ts'
import type { Round } from './round.ts'
import { spinWheel } from './spin.ts'
import { commitRound, openRound, rightsOf, type Turn } from './turn.ts'

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
/** `step` names the message whose button was pressed, and with it the round; absent: the member wants to begin. */
type Move = { answer: PlayAnswer; ready: ReadyGame; step?: string; number?: number }

/**
 * Takes those of the answers that are moves of a game, within the caller's transaction. Tells by the answer's id what is
 * to be said back; null where that is nothing: a button that was pressed twice, or one of an earlier message.
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
  const doors: Move[] = []
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

const MOVE = /^play:([^:]+)(?::([0-9a-f]{8}-\d{1,2}):(\d{1,2}))?$/

function moveAmong(games: ReadyGame[], answer: PlayAnswer): Move | undefined {
  const said = answer.choice ?? answer.text
  const [, id, step, number] = MOVE.exec(said) ?? []
  for (const ready of games) {
    const { document } = ready
    if (document.kind === 'BotGame') {
      if (document.moves.on === ANSWERED && moveOf(document, said) !== null) return { answer, ready }
    } else if (document.chat && document.id === id) {
      return step === undefined ? { answer, ready } : { answer, ready, step, number: Number(number) }
    }
  }
  return undefined
}

/** Doors are opened by the consumer, with the event that the answer is; what it announces is what is said. */
async function openDoors({ take, tx, tenantId }: Room, moves: Move[]): Promise<[string, ChatReply][]> {
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

/** A number of the round and of the message in it, for its buttons. */
const stepOf = ({ roundId }: Round, message: number): string => `${roundId.slice(-8)}-${message}`

/** One move at a wheel or quiz, under loyalty's turn. */
async function playMove(room: Room, { answer, ready, step, number }: Move): Promise<ChatReply | null> {
  const { tx, tenantId, documents, local } = room
  const { kind, id, name, programme, chat } = ready.document
  const say = (turn: string, template: string, more: object = {}): ChatReply => {
    return { template, variables: { game: id, name, turn, ...more } }
  }
  const atMs = answer.at.epochMilliseconds
  const members = await selectMembers(tx, [answer.subscriberId])
  const member = members.find((one) => one.programmeId === programme && one.mergedInto === null)
  if (member?.state !== 'active' || !isValid(ready, atMs)) return say('not_open', chat!.noRound)
  const open = await openRound(tx, ready, member)
  const rights = await rightsOf(tx, ready, member, atMs, local)
  const rounds = rights.count(id, member.subscriberId, atMs)
  if (step === undefined && open?.state !== 'open') {
    if (rounds === 0) return say('no_right', chat!.noRound)
    const round = open ?? (await commitRound(tx, ready, member, atMs))
    const { roundId, seedHash } = round
    return say('choose', chat!.choose, { round: roundId, seedHash, rounds, step: stepOf(round, 0) })
  }
  if (!open || (step !== undefined && !step.startsWith(stepOf(open, 0).slice(0, -1)))) return null
  // The document that was told with the hash holds for the round.
  const version = { kind, id, version: open.gameVersion }
  const document =
    open.gameVersion === ready.version
      ? ready.document
      : await documents.versionIn<Game>(tx, tenantId, version)
  const turn: Turn = { round: open, ready, member, rights, atMs }
  if (open.state === 'committed' && rounds === 0) return say('no_right', chat!.noRound)
  if (document!.kind === 'Wheel') return spinInChat(room, turn, document as Wheel, number, say)
  const message = step === undefined ? undefined : Number(step.split('-')[1])
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
