import type { GameView } from './contract.ts'
import type { Wheel } from './documents.ts'
import type { PlayReason } from './errors.ts'
import { itemOf, ticket, ticketsOf } from './fairness.ts'
import type { Round } from './round.ts'

export type Prize = Wheel['prizes'][number]
/** The prize that the seeds drew, and the one that was given: another where the drawn one could not be. */
export type Spin = { drawn: Prize; given: Prize; ticket: bigint; tickets: bigint; reason: PlayReason }

/** The prize of a wheel for a pair of seeds, by the odds of the document alone. */
export function draw(wheel: Wheel, round: Pick<Round, 'serverSeed' | 'roundId'>, clientSeed: string): Prize {
  const { serverSeed, roundId } = round
  return itemOf(wheel.prizes, ticket({ serverSeed, clientSeed, roundId }, 0, ticketsOf(wheel.prizes)))
}

/**
 * Spins a wheel. What is drawn never depends on what is left; a prize that ran out, or whose points would go beyond the
 * budget, is drawn all the same and the document's `otherwise` is given instead.
 */
export function spin(
  wheel: Wheel,
  round: Pick<Round, 'serverSeed' | 'roundId'>,
  clientSeed: string,
  left: { ofPrize(prizeId: string): bigint; ofBudget: bigint | null },
): Spin {
  const { serverSeed, roundId } = round
  const tickets = ticketsOf(wheel.prizes)
  const number = ticket({ serverSeed, clientSeed, roundId }, 0, tickets)
  const drawn = itemOf(wheel.prizes, number)
  const otherwise = wheel.prizes.find(({ id }) => id === wheel.otherwise)
  const result = (given: Prize, reason: PlayReason): Spin => ({
    drawn,
    given,
    ticket: number,
    tickets,
    reason,
  })
  if (drawn.stock !== undefined && left.ofPrize(drawn.id) >= BigInt(drawn.stock)) {
    return result(otherwise ?? drawn, 'prize_stock_exhausted')
  }
  const points = BigInt(drawn.reward.points ?? '0')
  if (points > 0n && left.ofBudget !== null && left.ofBudget < points) {
    return result(otherwise ?? drawn, 'prize_budget_exhausted')
  }
  return result(drawn, 'prize_won')
}

/** The odds as everybody may read them: of so many tickets each prize has its share. */
export function oddsOf({ prizes }: Wheel): NonNullable<GameView['odds']> {
  const tickets = Number(ticketsOf(prizes))
  return prizes.map(({ id, name, weight }) => ({ id, name, weight, oneIn: tickets / weight }))
}
