import { derivedId, newId, type Tx } from '../../platform/index.ts'
import type { Announcement, TakenEvent } from '../consumer.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import type { LocalTimes } from '../local-time.ts'
import type { Member } from '../members.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { GameKind, Game } from './documents.ts'
import { commit } from './fairness.ts'
import { refuse } from './member-at-play.ts'
import { Prizes, Rights } from './memory.ts'
import { isValid, type ReadyGame } from './plan.ts'
import { freeRights, type Right, type Round } from './round.ts'
import { addGiven, saveRights, saveRounds, selectGiven, selectRights } from './round-store.ts'

/** What turns work with: loaded before the first of them, changed in memory, stored together after the last. */
export type Desk = {
  /** Rounds that were changed. */
  rounds: Set<Round>
  rights: Rights
  prizes: Prizes
  /** What came of rounds, for loyalty to take. */
  events: TakenEvent[]
  local: LocalTimes
}

/** A member's turn at a round, in a transaction that has loyalty's turn. */
export type Turn = { round: Round; ready: ReadyGame; member: Member; desk: Desk; atMs: number }

/** How services let a member have a turn at a round of a kind, with the document that was told with its hash. */
export type Turns = <D extends Game, T>(
  kind: GameKind,
  about: { tenantId: string; subscriberId: number; roundId: string },
  play: (turn: Turn, document: D) => T,
) => Promise<T>

/** A member's next round, whose seed is drawn and whose hash may be told once it is stored. */
export function newRound({ document, version }: ReadyGame, { subscriberId }: Member, atMs: number): Round {
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

/** A member at a game at a moment. */
type AtGame = { ready: ReadyGame; member: Member; atMs: number }

const freeOf = ({ ready: { document, timeZone }, member, atMs }: AtGame, local: LocalTimes): Right[] =>
  freeRights(document, member.subscriberId, local.at(atMs, timeZone), atMs)

/** Loads what turns of members at games need. */
export async function openDesk(tx: Tx, seats: AtGame[], local: LocalTimes): Promise<Desk> {
  const free = seats.flatMap((seat) => freeOf(seat, local).map(({ rightId }) => rightId))
  const games = seats.map(({ ready }) => ready.document)
  const wheels = games.filter(({ kind }) => kind === 'Wheel').map(({ id }) => id)
  const ids = [...new Set(seats.map(({ member }) => member.subscriberId))]
  const kinds = [...new Set(games.map(({ kind }) => kind))]
  return {
    rounds: new Set(),
    rights: new Rights(await selectRights(tx, kinds, ids, [...new Set(free)])),
    prizes: new Prizes(await selectGiven(tx, [...new Set(wheels)])),
    events: [],
    local,
  }
}

/** How many rounds a member may play at a moment, the free ones of its period among them. */
export function roundsLeft({ rights, local }: Desk, seat: AtGame): number {
  const { document } = seat.ready
  rights.offer(document, seat.member.subscriberId, freeOf(seat, local))
  return rights.count(document, seat.member.subscriberId, seat.atMs)
}

/** Stores what turns have changed, and lets loyalty take what came of them and of `others`. */
export async function closeDesk(
  { take }: Pick<LoyaltyParts, 'take'>,
  tx: Tx,
  tenantId: string,
  { rounds, rights, prizes, events }: Desk,
  others: TakenEvent[] = [],
): Promise<Announcement[]> {
  await saveRounds(tx, [...rounds])
  await saveRights(tx, [...rights.changed])
  await addGiven(tx, prizes.added())
  const all = [...events, ...others]
  return all.length === 0 ? [] : (await take(tx, tenantId, all)).announcements
}

/** Uses a right up for the round; throws `play_right_missing` when there is none, `game_not_found` out of season. */
export function useRight({ desk, ready, member, round, atMs }: Turn): void {
  if (!isValid(ready, atMs)) refuse('game_not_found', 'the game is not played now', ready.document.id)
  const { rights, local } = desk
  rights.offer(ready.document, member.subscriberId, freeOf({ ready, member, atMs }, local))
  const right = rights.next(ready.document, member.subscriberId, atMs)
  if (!right) refuse('play_right_missing', 'no round is left', ready.document.id)
  rights.use(right, round.roundId)
}

/** The outcome of a round as an event that loyalty takes once. */
export function takenOf(type: string, round: Round, atMs: number, data: Record<string, unknown>): TakenEvent {
  const { roundId: id, subscriberId } = round
  const eventId = derivedId(LOYALTY_SOURCE, `${type} ${id}`)
  return { eventId, id, source: LOYALTY_SOURCE, type, atMs, subscriberId, data, depth: 0 }
}
