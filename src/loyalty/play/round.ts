import { derivedId } from '../../platform/index.ts'
import { type LocalTime, periodOf } from '../local-time.ts'
import type { Game, GameKind } from './documents.ts'

/** A right to play one round of a game. */
export type Right = {
  rightId: string
  programmeId: string
  kind: GameKind
  gameId: string
  subscriberId: number
  /** What gave it: `event:TYPE`, `free:PERIOD` or `points`. */
  cause: string
  earnedAtMs: number
  expiresAtMs: number | null
  /** The round that used it. */
  roundId: string | null
}

/**
 * A round of a game of chance: `committed` when the hash of its seed was told, `open` once the member's seed or first
 * move is there, `finished` when the outcome is decided and the seed is told.
 */
export type Round = {
  roundId: string
  programmeId: string
  kind: GameKind
  gameId: string
  /** Version of the document that was told with the hash: its odds hold for the round. */
  gameVersion: number
  subscriberId: number
  /** 64 hexadecimal digits, secret until the round is finished. */
  serverSeed: string
  seedHash: string
  clientSeed: string | null
  state: 'committed' | 'open' | 'finished'
  committedAtMs: number
  startedAtMs: number | null
  finishedAtMs: number | null
  /** What the game keeps: a wheel's prize, a quiz's questions and answers, the door. */
  progress: Record<string, unknown>
}

/** Number of the free right `i` of a period, so that no period gives it twice. */
export const freeRightId = (
  { kind, gameId, subscriberId }: Pick<Right, 'kind' | 'gameId' | 'subscriberId'>,
  period: string,
  i: number,
): string => derivedId('free round', kind, gameId, subscriberId, period, i)

/** The free rights of the period that holds a moment, whether used or not: their numbers follow from the period. */
export function freeRights(
  { free, programme, kind, id }: Game,
  subscriberId: number,
  local: LocalTime,
  atMs: number,
): Right[] {
  if (!free) return []
  const period = periodOf(free.period, local)
  return Array.from({ length: free.rounds }, (_, i) => ({
    rightId: freeRightId({ kind, gameId: id, subscriberId }, period, i),
    programmeId: programme,
    kind,
    gameId: id,
    subscriberId,
    cause: `free:${period}`,
    earnedAtMs: atMs,
    expiresAtMs: null,
    roundId: null,
  }))
}
