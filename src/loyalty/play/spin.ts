import type { Tx } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { type LocalTimes, periodOf } from '../local-time.ts'
import type { SpinView } from './contract.ts'
import type { Wheel } from './documents.ts'
import type { PlayReason } from './errors.ts'
import { refuse } from './member-at-play.ts'
import type { Round } from './round.ts'
import { addGiven, saveRights, saveRounds, selectGiven } from './round-store.ts'
import { WHEEL_SPUN } from './seat.ts'
import { takenOf, type Turn, useRight } from './turn.ts'
import { spin } from './wheel.ts'

/** Spins a wheel once a round, by the document that was told with the hash. */
export async function spinWheel(
  { take }: Pick<LoyaltyParts, 'take'>,
  tx: Tx,
  tenantId: string,
  { turn, wheel, clientSeed, local }: { turn: Turn; wheel: Wheel; clientSeed: string; local: LocalTimes },
): Promise<SpinView> {
  const { round, ready, rights, atMs } = turn
  if (round.state === 'finished') return spinOf(round, clientSeed)
  useRight(turn)
  const given = await selectGiven(tx, wheel.id)
  const period = wheel.budget ? periodOf(wheel.budget.period, local.at(atMs, ready.timeZone)) : ''
  const ofBudget = wheel.budget ? BigInt(wheel.budget.points) - given('', period) : null
  const result = spin(wheel, round, clientSeed, { ofPrize: (id) => given(id, ''), ofBudget })
  const { drawn, given: prize, reason, ticket, tickets } = result
  const points = BigInt(prize.reward.points ?? '0')
  await addGiven(tx, wheel.id, [
    { prizeId: prize.id, period: '', given: 1n },
    ...(wheel.budget && points > 0n ? [{ prizeId: '', period, given: points }] : []),
  ])
  const outcome = { drawn: drawn.id, prize: prize.id, reason }
  const progress = { ...outcome, ticket, tickets }
  Object.assign(round, { clientSeed, state: 'finished', startedAtMs: atMs, finishedAtMs: atMs, progress })
  await saveRounds(tx, [round])
  await saveRights(tx, [...rights.changed])
  const data = { game: wheel.id, round: round.roundId, ...outcome, reward: prize.reward }
  await take(tx, tenantId, [takenOf(WHEEL_SPUN, round, atMs, data)])
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
