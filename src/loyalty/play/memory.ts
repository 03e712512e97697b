import type { AchievementState } from './achievement.ts'
import type { Game } from './documents.ts'
import type { Point } from './leaderboard.ts'
import type { QuestRun } from './quest.ts'
import type { Right, Round } from './round.ts'
import type { StreakState } from './streak.ts'

export type BadgeHeld = {
  badgeId: string
  programmeId: string
  subscriberId: number
  cause: string
  atMs: number
}

const keyOf = (id: string, subscriberId: number): string => `${id}\n${subscriberId}`

/** States by document and member, with those that were changed and are to be stored. */
export class States<T extends { subscriberId: number }> {
  readonly #all = new Map<string, T>()
  readonly changed = new Set<T>()
  readonly #idOf: (state: T) => string

  constructor(idOf: (state: T) => string, loaded: T[] = []) {
    this.#idOf = idOf
    for (const state of loaded) this.put(state)
  }

  of(id: string, subscriberId: number): T | undefined {
    return this.#all.get(keyOf(id, subscriberId))
  }

  put(state: T): T {
    this.#all.set(keyOf(this.#idOf(state), state.subscriberId), state)
    return state
  }

  /** Puts a state that is to be stored. */
  change(state: T): T {
    this.changed.add(state)
    return this.put(state)
  }
}

/** What play remembers of the members of a batch: loaded before it, changed while it is taken, stored after it. */
export type Memory = {
  quests: States<QuestRun>
  achievements: States<AchievementState>
  streaks: States<StreakState>
  badges: States<BadgeHeld>
  points: Point[]
  rights: Rights
  rounds: Rounds
}

/** The memory of somebody of whom nothing is known. */
export const emptyMemory = (): Memory => ({
  quests: new States(({ questId }) => questId),
  achievements: new States(({ achievementId }) => achievementId),
  streaks: new States(({ streakId }) => streakId),
  badges: new States(({ badgeId }) => badgeId),
  points: [],
  rights: new Rights([]),
  rounds: new Rounds([]),
})

/** Rounds of the batch's members that are not finished: of a game one, and two of whoever was two members. */
export class Rounds {
  readonly #all: Round[]
  readonly changed = new Set<Round>()

  constructor(loaded: Round[]) {
    this.#all = loaded
  }

  /** Those that have begun, the oldest first. */
  open(gameId: string, subscriberId: number): Round[] {
    return this.#all.filter(
      (round) => round.gameId === gameId && round.subscriberId === subscriberId && round.state === 'open',
    )
  }

  /** Notes a round that is to be stored. */
  change(round: Round): Round {
    if (!this.#all.includes(round)) this.#all.push(round)
    this.changed.add(round)
    return round
  }
}

type GameName = Pick<Game, 'kind' | 'id'>

/** Rights to play of the batch's members. */
export class Rights {
  readonly #all = new Map<string, Right>()
  readonly changed = new Set<Right>()

  constructor(loaded: Right[]) {
    for (const right of loaded) this.#all.set(right.rightId, right)
  }

  /** Offers a member the free rights of a moment instead of those of an earlier one; they are stored when they are used. */
  offer(game: GameName, subscriberId: number, free: Right[]): void {
    for (const right of this.#unused(game, subscriberId)) if (isFree(right)) this.#all.delete(right.rightId)
    for (const right of free) if (!this.#all.has(right.rightId)) this.#all.set(right.rightId, right)
  }

  add(right: Right): void {
    if (this.#all.has(right.rightId)) return
    this.#all.set(right.rightId, right)
    this.changed.add(right)
  }

  /** The right to be used next: a free one, then the one that ends first, then the oldest. */
  next(game: GameName, subscriberId: number, atMs: number): Right | undefined {
    return this.#open(game, subscriberId, atMs).toSorted(
      (a, b) =>
        Number(isFree(b)) - Number(isFree(a)) ||
        compare(a.expiresAtMs ?? Infinity, b.expiresAtMs ?? Infinity) ||
        compare(a.earnedAtMs, b.earnedAtMs) ||
        (a.rightId < b.rightId ? -1 : 1),
    )[0]
  }

  count(game: GameName, subscriberId: number, atMs: number): number {
    return this.#open(game, subscriberId, atMs).length
  }

  #open(game: GameName, subscriberId: number, atMs: number): Right[] {
    return this.#unused(game, subscriberId).filter(
      ({ expiresAtMs }) => expiresAtMs === null || atMs < expiresAtMs,
    )
  }

  /** Two games of different kinds may have one id. */
  #unused({ kind, id }: GameName, subscriberId: number): Right[] {
    return [...this.#all.values()].filter(
      (right) =>
        right.kind === kind &&
        right.gameId === id &&
        right.subscriberId === subscriberId &&
        right.roundId === null,
    )
  }

  use(right: Right, roundId: string): void {
    right.roundId = roundId
    this.changed.add(right)
  }
}

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)
const isFree = ({ cause }: Right): boolean => cause.startsWith('free:')

/** How often prizes of wheels were given, and by how much that has grown: loaded before turns, stored after them. */
export class Prizes {
  readonly #given = new Map<string, bigint>()
  readonly #added = new Map<string, PrizeCount>()

  constructor(loaded: PrizeCount[]) {
    for (const { given, ...place } of loaded) this.#given.set(prizeKey(place), given)
  }

  /** What was given of a prize, or of a budget's period, by now. */
  given(place: PrizePlace): bigint {
    return this.#given.get(prizeKey(place)) ?? 0n
  }

  add(place: PrizePlace, count: bigint): void {
    const key = prizeKey(place)
    this.#given.set(key, this.given(place) + count)
    this.#added.set(key, { ...place, given: (this.#added.get(key)?.given ?? 0n) + count })
  }

  added(): PrizeCount[] {
    return [...this.#added.values()]
  }
}

/** A wheel's prize; without one the points of its budget in a period. */
export type PrizePlace = { gameId: string; prizeId: string; period: string }
export type PrizeCount = PrizePlace & { given: bigint }

const prizeKey = ({ gameId, prizeId, period }: PrizePlace): string => [gameId, prizeId, period].join('\n')
