import { isoOf } from '../../platform/index.ts'
import type { RoundView } from './contract.ts'
import type { Game } from './documents.ts'
import { winningDoor } from './doors.ts'
import { hashOf } from './fairness.ts'
import { drawQuestions, type QuizProgress } from './quiz.ts'
import type { Round } from './round.ts'
import { draw } from './wheel.ts'

/** The public record of a round; `game` is the version of the document that was told with the hash. */
export function fairRecord(round: Round, game: Game): RoundView {
  const isFinished = round.state === 'finished'
  return {
    roundId: round.roundId,
    kind: round.kind,
    game: round.gameId,
    gameVersion: round.gameVersion,
    state: round.state,
    seedHash: round.seedHash,
    committedAt: isoOf(round.committedAtMs),
    clientSeed: round.clientSeed,
    serverSeed: isFinished ? round.serverSeed : null,
    outcome: isFinished ? outcomeOf(round) : null,
    odds: game.kind === 'Wheel' ? game.prizes.map(({ id, name, weight }) => ({ id, name, weight })) : null,
    isVerified: isFinished ? isVerified(round, game) : null,
  }
}

/** A quiz's record names questions and options in their order, but not what the member answered. */
function outcomeOf({ kind, progress }: Round): Record<string, unknown> {
  if (kind !== 'Quiz') return progress
  const { asked, ...rest } = progress as QuizProgress
  return { ...rest, questions: asked.map(({ question, options }) => ({ question, options })) }
}

function isVerified(round: Round, game: Game): boolean {
  if (hashOf(round.serverSeed) !== round.seedHash) return false
  const { clientSeed, progress } = round
  switch (game.kind) {
    case 'Wheel':
      return draw(game, round, clientSeed!).id === progress['drawn']
    case 'BotGame':
      return winningDoor({ doors: Number(progress['doors']) }, round) === progress['winning']
    case 'Quiz': {
      const orderOf = ({ question, options }: { question: string; options: string[] }): string =>
        [question, ...options].join('\n')
      const { asked } = progress as QuizProgress
      return (
        drawQuestions(game, round, clientSeed!).map(orderOf).join('\n\n') === asked.map(orderOf).join('\n\n')
      )
    }
  }
}
