import { periodOf } from '../local-time.ts'
import type { SpinView } from './contract.ts'
import type { Wheel } from './documents.ts'
import type { PlayReason } from './errors.ts'
import { refuse } from './member-at-play.ts'
import type { Round } from './round.ts'
import { WHEEL_SPUN } from './seat.ts'
import { takenOf, type Turn, useRight } from './turn.ts'
import { spin } from './wheel.ts'

/** Spins a wheel once a round, by the document that was told with the hash. */
export function spinWheel(turn: Turn, wheel: Wheel, clientSeed: string): SpinView {
  const { round, ready, desk, atMs } = turn
  if (round.state === 'finished') return spinOf(round, clientSeed)
  useRight(turn)
  const { id: gameId, budget } = wheel
  const ofPrize = (prizeId: string) => ({ gameId, prizeId, period: '' })
  const ofBudget = budget && {
    gameId,
    prizeId: '',
    period: periodOf(budget.period, desk.local.at(atMs, ready.timeZone)),
  }
  const result = spin(wheel, round, clientSeed, {
    ofPrize: (id) => desk.prizes.given(ofPrize(id)),
    ofBudget: ofBudget ? BigInt(budget.points) - desk.prizes.given(ofBudget) : null,
  })
  const { drawn, given: prize, reason, ticket, tickets } = result
  const points = BigInt(prize.reward.points ?? '0')
  desk.prizes.add(ofPrize(prize.id), 1n)
  if (ofBudget && points > 0n) desk.prizes.add(ofBudget, points)
  const outcome = { drawn: drawn.id, prize: prize.id, reason }
  const progress = { ...outcome, ticket, tickets }
  Object.assign(round, { clientSeed, state: 'finished', startedAtMs: atMs, finishedAtMs: atMs, progress })
  desk.rounds.add(round)
  const data = { game: gameId, round: round.roundId, ...outcome, reward: prize.reward }
  desk.events.push(takenOf(WHEEL_SPUN, round, atMs, data))
  return spinOf(round, clientSeed)
}

/** What a spin tells; throws `round_conflict` when it was played with another seed. */
function spinOf({ roundId, progress, serverSeed, seedHash, clientSeed }: Round, given: string): SpinView {
  if (clientSeed !== given) refuse('round_conflict', 'the round was played with another seed', roundId)
  const { drawn, prize, reason } = progress as {
    drawn: string
    prize: string
    reason: PlayReason
  }
  return { roundId, prize, drawn, reason, clientSeed, serverSeed, seedHash }
}
