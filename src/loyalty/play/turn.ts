import { derivedId, newId, type Tx } from '../../platform/index.ts'
import type { TakenEvent } from '../consumer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import type { LocalTimes } from '../local-time.ts'
import type { Member } from '../members.ts'
import type { GameKind, Game } from './documents.ts'
import { commit } from './fairness.ts'
import { refuse } from './member-at-play.ts'
import { Rights } from './memory.ts'
import { isValid, type ReadyGame } from './plan.ts'
import { freeRights, type Round } from './round.ts'
import { saveRounds, selectRights, selectUnfinished } from './round-store.ts'

/** A member's turn at a round, in a transaction that has loyalty's turn. */
export type Turn = { round: Round; ready: ReadyGame; member: Member; rights: Rights; atMs: number }

/** What a turn needs that is read before its transaction, so that no transaction waits for another connection. */
export type Prepared<D extends Game> = { document: D; games: ReadyGame[] }

/** How services come by turns and by the documents that were told with a round's hash. */
export type Turns = {
  /** Throws `round_not_found`. */
  prepare<D extends Game>(tenantId: string, roundId: string): Promise<Prepared<D>>
  at(tx: Tx, prepared: Prepared<Game>, subscriberId: number, roundId: string, kind: GameKind): Promise<Turn>
}

/** A round whose seed is drawn and whose hash may be told. */
function newRound({ document, version }: ReadyGame, { subscriberId }: Member, atMs: number): Round {
  return {
    ...commit(),
    roundId: newId(),
    programmeId: document.programme,
    kind: document.kind,
    gameId: document.id,
    gameVersion: version,
    subscriberId,
    clientSeed: null,
    state: 'committed',
    committedAtMs: atMs,
    startedAtMs: null,
    finishedAtMs: null,
    progress: {},
  }
}

/** Rounds of a game that a member has not finished, the one that is next first. */
export async function openRounds(
  tx: Tx,
  { document }: ReadyGame,
  { subscriberId }: Member,
): Promise<Round[]> {
  const unfinished = await selectUnfinished(tx, document.kind, [subscriberId])
  return unfinished.filter(({ gameId }) => gameId === document.id)
}

/** Draws the seed of a member's next round, whose hash may be told then. */
export async function commitRound(tx: Tx, ready: ReadyGame, member: Member, atMs: number): Promise<Round> {
  const round = newRound(ready, member, atMs)
  await saveRounds(tx, [round])
  return round
}

/** A member's rights to games of one kind, the free ones of the present period among them. */
export async function rightsOf(
  tx: Tx,
  games: ReadyGame[],
  { subscriberId }: Member,
  atMs: number,
  local: LocalTimes,
): Promise<Rights> {
  const [first] = games
  if (!first) return new Rights([])
  const free = games.flatMap(({ document, timeZone }) =>
    freeRights(document, subscriberId, local.at(atMs, timeZone), atMs),
  )
  const ids = free.map(({ rightId }) => rightId)
  const rights = new Rights(await selectRights(tx, first.document.kind, [subscriberId], ids))
  for (const right of free) rights.offer(right)
  return rights
}

/** Uses a right up for the round; throws `play_right_missing` when there is none, `game_not_found` out of season. */
export function useRight({ rights, ready, member, round, atMs }: Turn): void {
  if (!isValid(ready, atMs)) refuse('game_not_found', 'the game is not played now', ready.document.id)
  const right = rights.next(ready.document.id, member.subscriberId, atMs)
  if (!right) refuse('play_right_missing', 'no round is left', ready.document.id)
  rights.use(right, round.roundId)
}

/** The outcome of a round as an event that loyalty takes once. */
export function takenOf(type: string, round: Round, atMs: number, data: Record<string, unknown>): TakenEvent {
  const { roundId: id, subscriberId } = round
  const eventId = derivedId(LOYALTY_SOURCE, `${type} ${id}`)
  return { eventId, id, source: LOYALTY_SOURCE, type, atMs, subscriberId, data, depth: 0 }
}
