import { derivedId, type Tx } from '../../platform/index.ts'
import { refuseAbuse } from '../abuse/gate.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import { actionConsumer, actionId, carryOut } from '../action.ts'
import type { Consumer } from '../consumer.ts'
import type { LocalTimes } from '../local-time.ts'
import { lockLoyalty } from '../members-store.ts'
import { ownerOf } from '../members.ts'
import { selectTaken } from '../reader-store.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { CommitmentView, GameView, RoundView, RoundsOfGameView, SpinView } from './contract.ts'
import { type Game, type GameKind, type Wheel } from './documents.ts'
import type { PlayReason } from './errors.ts'
import { isValid, planOf, type ReadyGame } from './plan.ts'
import { fairRecord } from './record.ts'
import type { Round } from './round.ts'
import * as store from './round-store.ts'
import { activeMember, refuse } from './member-at-play.ts'
import { spinWheel } from './spin.ts'
import { createQuizzes, type Quizzes } from './quizzes.ts'
import { closeDesk, newRound, openDesk, roundsLeft, type Turns } from './turn.ts'
import { oddsOf } from './wheel.ts'

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
  fairRecord(tenantId: string, roundId: string): Promise<RoundView>
  rounds(tenantId: string, subscriberId: number): Promise<RoundView[]>
  /** Latest rounds of a game with who played them. */
  roundsOfGame(tenantId: string, kind: GameKind, gameId: string): Promise<RoundsOfGameView['rounds']>
}

/** Name among the consumers of rounds that are bought. */
const RIGHTS = 'play-rights'

/** Rounds that are told at once. */
const LATEST = 50

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
  const records = async (tenantId: string, rounds: Round[]): Promise<RoundView[]> =>
    Promise.all(rounds.map(async (round) => fairRecord(round, await documentOf(tenantId, round))))

  return {
    ...createQuizzes(turns),
    games: (tenantId, programmeId, subscriberId) =>
      gamesOf(parts, local, tenantId, programmeId, subscriberId),
    async commitment(tenantId, kind, gameId, subscriberId) {
      const ready = await gameOf(tenantId, kind, gameId)
      const round = await database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const member = await activeMember(tx, ready.programme.id, subscriberId)
        const unfinished = await store.selectUnfinished(tx, [kind], [member.subscriberId])
        const open = unfinished.find((one) => one.gameId === gameId)
        if (open) return open
        const next = newRound(ready, member, clock.nowMs())
        await store.saveRounds(tx, [next])
        return next
      })
      const { roundId, seedHash, gameVersion } = round
      const odds = kind === 'Wheel' ? { odds: oddsOf(await documentOf<Wheel>(tenantId, round)) } : {}
      return { roundId, seedHash, gameVersion, ...odds }
    },
    async buyRight(tenantId, kind, gameId, subscriberId, key) {
      const ready = await gameOf(tenantId, kind, gameId)
      return database.tx(tenantId, (tx) => buyRight(parts, tx, tenantId, ready, { subscriberId, key }))
    },
    spin: (tenantId, subscriberId, roundId, clientSeed) =>
      turns<Wheel, SpinView>('Wheel', { tenantId, subscriberId, roundId }, (turn, wheel) =>
        spinWheel(turn, wheel, clientSeed),
      ),
    async fairRecord(tenantId, roundId) {
      const round = await database.tx(tenantId, (tx) => store.selectRound(tx, roundId))
      if (!round) refuse('round_not_found', 'no such round', roundId)
      return fairRecord(round, await documentOf<Game>(tenantId, round))
    },
    async rounds(tenantId, subscriberId) {
      return records(
        tenantId,
        await database.tx(tenantId, (tx) => store.selectRounds(tx, subscriberId, LATEST)),
      )
    },
    async roundsOfGame(tenantId, kind, gameId) {
      const rounds = await database.tx(tenantId, (tx) => store.selectRoundsOfGame(tx, kind, gameId, LATEST))
      const views = await records(tenantId, rounds)
      return views.map((view, i) => ({ ...view, subscriberId: rounds[i]!.subscriberId }))
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
    const seats = games
      .filter((ready) => ready.programme.id === programmeId && isValid(ready, atMs))
      .map((ready) => ({ ready, member, atMs }))
    const desk = await openDesk(tx, seats, local)
    return seats.map((seat): GameView => {
      const { document } = seat.ready
      const { kind, id, name, price = null } = document
      const odds = document.kind === 'Wheel' ? { odds: oddsOf(document) } : {}
      return { kind, id, name, rounds: roundsLeft(desk, seat), price, ...odds }
    })
  })
}

/** How services come by turns at rounds. */
function turnsOf(parts: LoyaltyParts, local: LocalTimes): Turns {
  const { database, books, clock, documents } = parts
  const nobody = (roundId: string): never => refuse('round_not_found', 'no such round', roundId)
  return async (kind, { tenantId, subscriberId, roundId }, play) => {
    // Read before the transaction, which must not wait for another connection.
    const { games } = planOf(await books.of(tenantId))
    const known = await database.tx(tenantId, (tx) => store.selectRound(tx, roundId))
    const ready = games.find(({ document }) => document.kind === kind && document.id === known?.gameId)
    if (known?.kind !== kind || !ready) return nobody(roundId)
    const document = await documents.get(tenantId, kind, known.gameId, known.gameVersion)
    return database.tx(tenantId, async (tx) => {
      lockLoyalty(tx)
      const round = (await store.selectRound(tx, roundId))!
      const member = await activeMember(tx, round.programmeId, subscriberId)
      if (member.subscriberId !== round.subscriberId) return nobody(roundId)
      const seat = { ready, member, atMs: clock.nowMs() }
      const desk = await openDesk(tx, [seat], local)
      const told = play({ ...seat, round, desk }, document as never)
      await closeDesk(parts, tx, tenantId, desk)
      return told
    })
  }
}

/** Does what was bought, and keeps it for the member's history. */
export const playRightConsumer: Consumer = actionConsumer(RIGHTS, {})

async function buyRight(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  { document, programme, version }: ReadyGame,
  { subscriberId, key }: { subscriberId: number; key: string },
): Promise<{ rightId: string }> {
  const { kind, id, price } = document
  const at = parts.clock.now()
  const rule = `${kind.toLowerCase()}:${id}`
  lockLoyalty(tx)
  // By whom it was asked for, and not by the member as whom they go on: a merge between two tries changes nothing.
  const rightId = derivedId('bought round', kind, id, subscriberId, key)
  if ((await selectTaken(tx, [actionId(RIGHTS, rightId)])).size > 0) return { rightId }
  if (price === undefined) refuse('play_right_not_for_sale', 'rounds of this game are not for sale', id)
  const member = await activeMember(tx, programme.id, subscriberId)
  const owner = ownerOf(member)
  const subject = { programmeId: programme.id, subscriberId: member.subscriberId, doing: 'redeem' as const }
  await refuseAbuse(tx, [{ ...subject, points: BigInt(price) }], at)
  const points = BigInt(price)
  const reason: PlayReason = 'play_right_bought'
  await carryOut(parts, tx, tenantId, [
    {
      part: RIGHTS,
      key: rightId,
      programmeId: programme.id,
      subscriberId: member.subscriberId,
      atMs: at.epochMilliseconds,
      accounts: [programmeOpening(programme, 'redeemed'), ownerOpening(owner, programme.currency)],
      transfers: [
        {
          key: `play:right:${rightId}`,
          kind: 'post',
          debitAccount: accountOf(owner, programme.currency),
          creditAccount: programmeAccount(programme, 'redeemed'),
          amountMinor: points,
          currency: programme.currency,
          at,
          memo: rule,
        },
      ],
      judgements: [{ rule, ruleVersion: version, reason, points: -points, saw: { right: rightId } }],
    },
  ])
  const earnedAtMs = at.epochMilliseconds
  const blank = { cause: 'points', earnedAtMs, expiresAtMs: null, roundId: null }
  const { subscriberId: owns } = member
  await store.saveRights(tx, [
    { rightId, programmeId: programme.id, kind, gameId: id, subscriberId: owns, ...blank },
  ])
  return { rightId }
}
