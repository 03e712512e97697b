import { type CompiledFunction, compileExpression } from '../../expressions/index.ts'
import type { Book } from '../book.ts'
import type { Programme, Words } from '../programmes.ts'
import {
  type Achievement,
  type Badge,
  type BotGame,
  type Game,
  type GameKind,
  gameKinds,
  type Leaderboard,
  type Quest,
  type Quiz,
  type Streak,
  type Wheel,
} from './documents.ts'
import { type Measure, measureOf, playDeclarations } from './measure.ts'

/** A document ready to be played: with its programme, zone, validity and version. */
export type Ready<D> = {
  document: D
  version: number
  programme: Programme
  timeZone: string
  validFromMs: number
  validToMs: number
}
export type ReadyQuest = Ready<Quest> & { measures: Measure[] }
export type ReadyMeasured<D> = Ready<D> & { measure: Measure }
export type ReadyGame<D extends Game = Game> = Ready<D> & {
  rights: Measure[]
  choice: CompiledFunction | null
}

/** Everything that is played by a tenant's present documents. */
export type Plan = {
  quests: ReadyQuest[]
  achievements: ReadyMeasured<Achievement>[]
  streaks: ReadyMeasured<Streak>[]
  boards: ReadyMeasured<Leaderboard>[]
  games: ReadyGame[]
  badgeNames: Map<string, Words>
  /** Event types that any of them listens to. */
  types: Set<string>
}

const owner = {}

/** The plan of a book, made once; a document that fits the event types no more is left out. */
export const planOf = (book: Book): Plan =>
  book.once(owner, () => planFrom(book, (kind) => book.reader.list(kind)))

/** The plan of these documents of each kind. */
export function planFrom(book: Book, list: (kind: string) => readonly unknown[]): Plan {
  const quests = readyOf<Quest, ReadyQuest>(book, 'Quest', list('Quest'), (ready) => ({
    ...ready,
    measures: ready.document.steps.map((step) => measureOf(step, book)),
  }))
  const measured = <D extends Achievement | Streak | Leaderboard>(kind: string): ReadyMeasured<D>[] =>
    readyOf<D, ReadyMeasured<D>>(book, kind, list(kind), (ready) => ({
      ...ready,
      measure: measureOf(ready.document, book),
    }))
  const games = gameKinds.flatMap((kind) => gamesOf(book, kind, list(kind)))
  const achievements = measured<Achievement>('Achievement')
  const streaks = measured<Streak>('Streak')
  const boards = measured<Leaderboard>('Leaderboard')
  const types = new Set([
    ...quests.flatMap(({ measures }) => measures.map(({ on }) => on)),
    ...[...achievements, ...streaks, ...boards].map(({ measure }) => measure.on),
    ...games.flatMap(({ rights }) => rights.map(({ on }) => on)),
    ...games.flatMap(({ document }) => (document.kind === 'BotGame' ? [document.moves.on] : [])),
  ])
  const badges = list('Badge') as Badge[]
  const badgeNames = new Map(badges.map(({ id, name }) => [id, name]))
  return { quests, achievements, streaks, boards, games, badgeNames, types }
}

function gamesOf(book: Book, kind: GameKind, given: readonly unknown[]): ReadyGame[] {
  return readyOf<Wheel | Quiz | BotGame, ReadyGame>(book, kind, given, (ready) => ({
    ...ready,
    rights: ready.document.rights.map(({ on, where }) => measureOf({ on, where }, book)),
    choice: ready.document.kind === 'BotGame' ? choiceOf(ready.document, book) : null,
  }))
}

function choiceOf({ moves }: BotGame, book: Book): CompiledFunction {
  return compileExpression(moves.choice, playDeclarations(book.reader, moves.on), 'string').toFunction()
}

type Common = { id: string; programme: string; validFrom?: string | undefined; validTo?: string | undefined }

function readyOf<D extends Common, R>(
  book: Book,
  kind: string,
  given: readonly unknown[],
  make: (ready: Ready<D>) => R,
): R[] {
  const documents = (given as D[]).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return documents.flatMap((document) => {
    const programme = book.programmes.get(document.programme)
    if (!programme) return []
    const { validFrom, validTo } = document
    const ready: Ready<D> = {
      document,
      version: book.versionOf(kind, document.id),
      programme,
      timeZone: book.timeZoneOf(programme),
      validFromMs: validFrom === undefined ? -Infinity : msOf(validFrom),
      validToMs: validTo === undefined ? Infinity : msOf(validTo),
    }
    try {
      return [make(ready)]
    } catch {
      return []
    }
  })
}

const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

/** Whether a document is valid at a moment. */
export const isValid = ({ validFromMs, validToMs }: Ready<unknown>, atMs: number): boolean =>
  atMs >= validFromMs && atMs < validToMs
