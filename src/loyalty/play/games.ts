import { openAccounts, postTransfers } from '../../ledger/index.ts'
import { derivedId, DomainError, type Tx } from '../../platform/index.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import type { LocalTimes } from '../local-time.ts'
import { lockLoyalty } from '../members-store.ts'
import { ownerOf } from '../members.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { Game, GameKind, Wheel } from './documents.ts'
import { isValid, planOf, type ReadyGame } from './plan.ts'
import { fairRecord, type FairRecord } from './record.ts'
import type { Round } from './round.ts'
import * as store from './round-store.ts'
import { activeMember, refuse } from './member-at-play.ts'
import { spinWheel, type SpinView } from './spin.ts'
import { createQuizzes, type Quizzes } from './quizzes.ts'
import { commitRound, openRound, rightsOf, type Turns } from './turn.ts'
import { oddsOf } from './wheel.ts'

export type GameView = {
  kind: GameKind
  id: string
  name: object
  /** Rounds that the member may begin now, free ones included. */
  rounds: number
  price: string | null
  odds?: ReturnType<typeof oddsOf>
}
export type CommitmentView = {
  roundId: string
  seedHash: string
  gameVersion: number
  odds?: ReturnType<typeof oddsOf>
}

export type Games = Quizzes & {
  games(tenantId: string, programmeId: string, subscriberId: number): Promise<GameView[]>
  /** The hash of the seed of the next round; the same until the round is played. */
  commitment(
    tenantId: string,
    kind: 'Wheel' | 'Quiz',
    gameId: string,
    subscriberId: number,
  ): Promise<CommitmentView>
  /** Buys a right with points, once an idempotency key. */
  buyRight(
    tenantId: string,
    kind: GameKind,
    gameId: string,
    subscriberId: number,
    key: string,
  ): Promise<{ rightId: string }>
  /** Spins once a round: the same seed gives the same answer again, another one `round_conflict`. */
  spin(tenantId: string, subscriberId: number, roundId: string, clientSeed: string): Promise<SpinView>
  /** A round for anybody who wants to check it: with the seed as soon as it is finished. */
  fairRecord(tenantId: string, roundId: string): Promise<FairRecord>
  rounds(tenantId: string, subscriberId: number): Promise<FairRecord[]>
}

/** Games of chance, played by the API. */
export function createGames(parts: LoyaltyParts, local: LocalTimes): Games {
  const { database, books, clock, documents } = parts
  const gameOf = async (tenantId: string, kind: GameKind, gameId: string): Promise<ReadyGame> => {
    const { games } = planOf(await books.of(tenantId))
    const ready = games.find(({ document }) => document.kind === kind && document.id === gameId)
    if (!ready || !isValid(ready, clock.nowMs()))
      refuse('game_not_found', `no ${kind} "${gameId}" now`, gameId)
    return ready
  }
  const documentOf = async <D extends Game>(tenantId: string, round: Round): Promise<D> =>
    (await documents.get<D>(tenantId, round.kind, round.gameId, round.gameVersion))!
  const turns = turnsOf(parts, local)
  const records = async (tenantId: string, rounds: Round[]): Promise<FairRecord[]> =>
    Promise.all(rounds.map(async (round) => fairRecord(round, await documentOf(tenantId, round))))

  return {
    ...createQuizzes(parts, turns),
    games: (tenantId, programmeId, subscriberId) =>
      gamesOf(parts, local, tenantId, programmeId, subscriberId),
    async commitment(tenantId, kind, gameId, subscriberId) {
      const ready = await gameOf(tenantId, kind, gameId)
      const round = await database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const member = await activeMember(tx, ready.programme.id, subscriberId)
        return (await openRound(tx, ready, member)) ?? commitRound(tx, ready, member, clock.nowMs())
      })
      const { roundId, seedHash, gameVersion } = round
      const odds = kind === 'Wheel' ? { odds: oddsOf(await documentOf<Wheel>(tenantId, round)) } : {}
      return { roundId, seedHash, gameVersion, ...odds }
    },
    async buyRight(tenantId, kind, gameId, subscriberId, key) {
      const ready = await gameOf(tenantId, kind, gameId)
      return database.tx(tenantId, (tx) => buyRight(tx, ready, subscriberId, key, clock.now()))
    },
    async spin(tenantId, subscriberId, roundId, clientSeed) {
      const prepared = await turns.prepare<Wheel>(tenantId, roundId)
      return database.tx(tenantId, async (tx) => {
        const turn = await turns.at(tx, prepared, subscriberId, roundId, 'Wheel')
        return spinWheel(parts, tx, tenantId, { turn, wheel: prepared.document, clientSeed, local })
      })
    },
    async fairRecord(tenantId, roundId) {
      const round = await database.tx(tenantId, (tx) => store.selectRound(tx, roundId))
      if (!round) refuse('round_not_found', 'no such round', roundId)
      return fairRecord(round, await documentOf<Game>(tenantId, round))
    },
    async rounds(tenantId, subscriberId) {
      return records(tenantId, await database.tx(tenantId, (tx) => store.selectRounds(tx, subscriberId, 50)))
    },
  }
}

async function gamesOf(
  { database, books, clock }: LoyaltyParts,
  local: LocalTimes,
  tenantId: string,
  programmeId: string,
  subscriberId: number,
): Promise<GameView[]> {
  const { games } = planOf(await books.of(tenantId))
  const atMs = clock.nowMs()
  return database.tx(tenantId, async (tx) => {
    const member = await activeMember(tx, programmeId, subscriberId)
    const views: GameView[] = []
    for (const ready of games) {
      if (ready.programme.id !== programmeId || !isValid(ready, atMs)) continue
      const { kind, id, name, price = null } = ready.document
      const rights = await rightsOf(tx, ready, member, atMs, local)
      const rounds = rights.count(id, member.subscriberId, atMs)
      const odds = ready.document.kind === 'Wheel' ? { odds: oddsOf(ready.document) } : {}
      views.push({ kind, id, name, rounds, price, ...odds })
    }
    return views
  })
}

/** How services come by turns at rounds. */
function turnsOf({ database, books, clock, documents }: LoyaltyParts, local: LocalTimes): Turns {
  return {
    async prepare<D extends Game>(tenantId: string, roundId: string) {
      const { games } = planOf(await books.of(tenantId))
      const round = await database.tx(tenantId, (tx) => store.selectRound(tx, roundId))
      if (!round) refuse('round_not_found', 'no such round', roundId)
      const { kind, gameId, gameVersion } = round
      return { document: (await documents.get<D>(tenantId, kind, gameId, gameVersion))!, games }
    },
    async at(tx, { games }, subscriberId, roundId, kind) {
      lockLoyalty(tx)
      const round = await store.selectRound(tx, roundId)
      const ready = games.find(({ document }) => document.kind === kind && document.id === round?.gameId)
      if (!round || !ready) refuse('round_not_found', 'no such round', roundId)
      const member = await activeMember(tx, round.programmeId, subscriberId)
      if (member.subscriberId !== round.subscriberId) refuse('round_not_found', 'no such round', roundId)
      const atMs = clock.nowMs()
      return { round, ready, member, atMs, rights: await rightsOf(tx, ready, member, atMs, local) }
    },
  }
}

async function buyRight(
  tx: Tx,
  { document, programme }: ReadyGame,
  subscriberId: number,
  key: string,
  at: Temporal.Instant,
): Promise<{ rightId: string }> {
  const { kind, id, price } = document
  if (price === undefined) refuse('play_right_not_for_sale', 'rounds of this game are not for sale', id)
  lockLoyalty(tx)
  const member = await activeMember(tx, programme.id, subscriberId)
  const owner = ownerOf(member)
  const rightId = derivedId('bought round', kind, id, member.subscriberId, key)
  const [bought] = await store
    .selectRights(tx, kind, [member.subscriberId], [rightId])
    .then((all) => all.filter((one) => one.rightId === rightId))
  if (bought) return { rightId }
  await openAccounts(tx, [programmeOpening(programme, 'redeemed'), ownerOpening(owner, programme.currency)])
  const [result] = await postTransfers(
    tx,
    [
      {
        key: `play:right:${rightId}`,
        kind: 'post',
        debitAccount: accountOf(owner, programme.currency),
        creditAccount: programmeAccount(programme, 'redeemed'),
        amountMinor: BigInt(price),
        currency: programme.currency,
        at,
        memo: `${kind.toLowerCase()}:${id}`,
      },
    ],
    at,
  )
  if (result?.outcome === 'refused')
    throw new DomainError(result.problem.code, result.problem.message, result.problem)
  const earnedAtMs = at.epochMilliseconds
  const blank = { cause: 'points', earnedAtMs, expiresAtMs: null, roundId: null }
  const { subscriberId: owns } = member
  await store.saveRights(tx, [
    { rightId, programmeId: programme.id, kind, gameId: id, subscriberId: owns, ...blank },
  ])
  return { rightId }
}
