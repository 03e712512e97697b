import type { Round } from './round.ts'

/** What a choice says to a game: to begin, or which of the things that were shown with a step, from 1 on. */
export type Move = 'begin' | { step: string; number: number }

const MOVE = /^play:([^:]+)(?::([0-9a-f]{8}-\d{1,2}):(\d{1,2}))?$/

/** The game that a choice speaks of and the move in it; undefined where it speaks of something else. */
export function moveOf(choice: unknown): { gameId: string; move: Move } | undefined {
  const [, gameId, step, number] = MOVE.exec(typeof choice === 'string' ? choice : '') ?? []
  if (gameId === undefined) return undefined
  return { gameId, move: step === undefined ? 'begin' : { step, number: Number(number) } }
}

/** Names a round and a message in it, for the message's buttons: they must move nothing in a later round. */
export const stepOf = (round: Pick<Round, 'roundId'>, message: number): string =>
  `${nameOf(round)}-${message}`

/** The message of a round that a step names; undefined where it names another round. */
export function messageOf(round: Pick<Round, 'roundId'>, step: string): number | undefined {
  const [name, message] = step.split('-')
  return name === nameOf(round) ? Number(message) : undefined
}

const nameOf = ({ roundId }: Pick<Round, 'roundId'>): string => roundId.slice(-8)
