import { derivedId } from '../../platform/index.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import type { PlayReward } from './documents.ts'
import { takeMove } from './doors.ts'
import type { PlayReason } from './errors.ts'
import { isValid } from './plan.ts'
import {
  giveReward,
  judgeSeat,
  QUIZ_FINISHED,
  type Seat,
  seatAnyTime,
  type Table,
  tell,
  WHEEL_SPUN,
} from './seat.ts'

const DAY_MS = 86_400_000

/** Lets an event give rights to play, be a move in a chat, or bring the outcome of a round. */
export function takeGames(table: Table, event: TakenEvent, effects: Effects): void {
  for (const ready of table.plan.games) {
    const { document, rights } = ready
    const isMove = document.kind === 'BotGame' && document.moves.on === event.type
    if (!isMove && event.data['game'] !== document.id && !rights.some(({ on }) => on === event.type)) continue
    const seat = seatAnyTime(table, ready, event, effects)
    if (!seat) continue
    const { subscriberId } = seat.member
    for (const [i, right] of rights.entries()) {
      if (right.on !== event.type || !isValid(ready, event.atMs) || !right.count(seat.scope)) continue
      const { rounds, days } = document.rights[i]!
      for (let n = 0; n < rounds; n++) {
        table.memory.rights.add({
          rightId: derivedId('right', document.kind, document.id, event.eventId, i, n),
          programmeId: ready.programme.id,
          kind: document.kind,
          gameId: document.id,
          subscriberId,
          cause: `event:${event.type}`,
          earnedAtMs: event.atMs,
          expiresAtMs: days === undefined ? null : event.atMs + days * DAY_MS,
          roundId: null,
        })
      }
      judgeSeat(seat, ruleOf(document), 'play_right_earned', { rounds })
      const key = `${document.kind}:${document.id}:${event.eventId}:${i}`
      tell(seat, 'loyalty.play_right_earned', key, { kind: document.kind, game: document.id, rounds })
    }
    if (isMove) takeMove(table, seat)
    else if (event.type === WHEEL_SPUN && document.kind === 'Wheel') giveDrawn(table, seat)
    else if (event.type === QUIZ_FINISHED && document.kind === 'Quiz') giveAnswered(table, seat)
  }
}

const ruleOf = ({ kind, id }: { kind: string; id: string }): string => `${kind.toLowerCase()}:${id}`

/** The prize that a wheel drew, as the service decided and stored it. */
function giveDrawn(table: Table, seat: Seat): void {
  const { round, reward, ...saw } = seat.event.data as {
    round: string
    reward: PlayReward
    reason: PlayReason
  }
  const rule = `wheel:${seat.ready.document.id}`
  const points = reward.points === undefined ? undefined : BigInt(reward.points)
  judgeSeat(seat, rule, saw.reason, saw, points)
  tell(seat, 'loyalty.prize_won', round, { ...saw, round, pointsMinor: Number(points ?? 0n) })
  giveReward(table, seat, reward, rule, `${rule}:${round}`)
}

/** Rewards of a quiz for as many right answers as the service counted. */
function giveAnswered(table: Table, seat: Seat): void {
  const { round, rewards, ...saw } = seat.event.data as {
    round: string
    rewards: PlayReward[]
    correct: number
  }
  const rule = `quiz:${seat.ready.document.id}`
  judgeSeat(seat, rule, 'quiz_finished', saw)
  tell(seat, 'loyalty.quiz_finished', round, { ...saw, round })
  rewards.forEach((reward, i) => giveReward(table, seat, reward, rule, `${rule}:${round}:${i}`))
}
