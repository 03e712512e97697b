import { derivedId, DomainError, type Tx } from '../../platform/index.ts'
import { LOYALTY_SOURCE } from '../intake.ts'
import { LocalTimes, periodOf } from '../local-time.ts'
import { lockLoyalty } from '../members-store.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { type ChatReply, type PlayAnswer, takeMoves } from './chat.ts'
import { createGames, type Games } from './games.ts'
import { aliasOf, isDisplayName } from './leaderboard.ts'
import { isValid, planOf, type ReadyMeasured } from './plan.ts'
import type { TryAnswer } from '../rehearsal-contract.ts'
import type { Leaderboard } from './documents.ts'
import { activeMember, refuse } from './member-at-play.ts'
import { mayBegin } from './quest.ts'
import { type PlayTrial, tryPlay } from './rehearsal.ts'
import * as scores from './score-store.ts'
import { QUEST_JOINED } from './seat.ts'
import * as store from './store.ts'
import { type PlayView, playView } from './view.ts'

/** A line of a leaderboard: never with a phone number, and of others never with their own number. */
export type BoardLine = { rank: number; name: string; score: bigint; isMe: boolean }
export type BoardView = {
  board: string
  period: string
  region: string
  members: number
  top: BoardLine[]
  /** The member who asks: null without a score; rank null for whoever opted out. */
  me: { rank: number | null; score: bigint; isHidden: boolean; near: BoardLine[] } | null
}
export type BoardQuery = {
  period?: string
  region?: string
  limit: number
  subscriberId?: number
  near: number
}

export type Play = Games & {
  /** Tries a quest, an achievement or a streak on history. Throws `play_document_invalid`. */
  tryOut(asked: PlayTrial): Promise<TryAnswer>
  /** What a member has going, has reached and may do in a programme. */
  view(tenantId: string, programmeId: string, subscriberId: number): Promise<PlayView>
  /** Joins a quest by hand; throws `quest_join_conflict` when another run is open or none is left. */
  joinQuest(tenantId: string, questId: string, subscriberId: number): Promise<{ run: number }>
  setPlayer(tenantId: string, programmeId: string, subscriberId: number, player: scores.Player): Promise<void>
  board(tenantId: string, boardId: string, query: BoardQuery): Promise<BoardView>
  /**
   * Takes answers that are moves of a game, within the caller's transaction, which holds loyalty's turn from then on.
   * Tells by the ids of those that were moves what is to be said back, if anything.
   */
  takeAnswers(tx: Tx, tenantId: string, answers: PlayAnswer[]): Promise<Map<string, ChatReply | null>>
}

/** Quests, achievements, streaks, badges and leaderboards as members and the console see them, and the games. */
export function createPlay(parts: LoyaltyParts): Play {
  const { database, books, clock } = parts
  const local = new LocalTimes()
  return {
    ...createGames(parts, local),
    tryOut: (asked) => tryPlay(parts, asked),
    async view(tenantId, programmeId, subscriberId) {
      const book = await books.of(tenantId)
      return database.tx(tenantId, async (tx) => {
        const member = await activeMember(tx, programmeId, subscriberId)
        return playView(tx, planOf(book), programmeId, member.subscriberId, clock.nowMs(), local)
      })
    },
    joinQuest: (tenantId, questId, subscriberId) => joinQuest(parts, tenantId, questId, subscriberId),
    async setPlayer(tenantId, programmeId, subscriberId, player) {
      if (player.displayName !== null && !isDisplayName(player.displayName)) {
        throw new DomainError('display_name_invalid', 'others would see this name', {
          field: 'displayName',
          expected: 'up to 30 characters on one line, without "@", "/" and no more than five digits',
        })
      }
      await database.tx(tenantId, async (tx) => {
        lockLoyalty(tx)
        const member = await activeMember(tx, programmeId, subscriberId)
        await scores.savePlayer(tx, programmeId, member.subscriberId, player)
      })
    },
    async board(tenantId, boardId, query) {
      const book = await books.of(tenantId)
      const ready = planOf(book).boards.find(({ document }) => document.id === boardId)
      if (!ready) refuse('leaderboard_not_found', `no leaderboard "${boardId}"`, boardId)
      const { document, timeZone } = ready
      const period = query.period ?? periodOf(document.period, local.at(clock.nowMs(), timeZone))
      const stand = { boardId, period, region: query.region ?? '' }
      return database.tx(tenantId, (tx) => boardView(tx, ready, stand, query))
    },
    takeAnswers: (tx, tenantId, answers) => takeMoves({ ...parts, local }, tx, tenantId, answers),
  }
}

async function joinQuest(
  { database, books, clock, take }: LoyaltyParts,
  tenantId: string,
  questId: string,
  subscriberId: number,
): Promise<{ run: number }> {
  const ready = planOf(await books.of(tenantId)).quests.find(({ document }) => document.id === questId)
  if (!ready) refuse('quest_not_found', `no quest "${questId}"`, questId)
  return database.tx(tenantId, async (tx) => {
    lockLoyalty(tx)
    const member = await activeMember(tx, ready.programme.id, subscriberId)
    const atMs = clock.nowMs()
    const runs = await store.selectLatestRuns(tx, [member.subscriberId])
    const latest = runs.find((run) => run.questId === questId)
    const isOver = latest?.deadlineAtMs != null && atMs >= latest.deadlineAtMs
    const former = latest?.state === 'open' && isOver ? { ...latest, state: 'expired' as const } : latest
    if (!isValid(ready, atMs) || !mayBegin(ready.document, former, atMs))
      refuse('quest_join_conflict', 'this quest cannot be joined now')
    const run = (latest?.run ?? 0) + 1
    const id = `${questId}:${member.subscriberId}:${run}`
    await take(tx, tenantId, [
      {
        eventId: derivedId(LOYALTY_SOURCE, `${QUEST_JOINED} ${id}`),
        id,
        source: LOYALTY_SOURCE,
        type: QUEST_JOINED,
        atMs,
        subscriberId: member.subscriberId,
        data: { quest: questId },
        depth: 0,
      },
    ])
    return { run }
  })
}

async function boardView(
  tx: Tx,
  ready: ReadyMeasured<Leaderboard>,
  stand: { boardId: string; period: string; region: string },
  { limit, subscriberId, near }: BoardQuery,
): Promise<BoardView> {
  const top = await scores.selectTop(tx, stand, limit)
  const programmeId = ready.programme.id
  const me = subscriberId === undefined ? undefined : await scores.selectScore(tx, stand, subscriberId)
  const isRanked = me !== undefined && !me.isHidden && me.score > 0n
  const { above, below } = isRanked
    ? await scores.selectNeighbours(tx, stand, me, near)
    : { above: [], below: [] }
  const around = isRanked ? [...above, me, ...below] : []
  const all = [...top, ...around]
  const players = await scores.selectPlayers(
    tx,
    programmeId,
    all.map((place) => place.subscriberId),
  )
  const ranks = await scores.ranksOf(
    tx,
    stand,
    around.map(({ score }) => score),
  )
  // From the top on, ranks follow from the order alone.
  top.forEach(({ score }, i) => {
    if (i === 0 || top[i - 1]!.score !== score) ranks.set(score, i + 1)
  })
  const lineOf = (place: scores.Place): BoardLine => ({
    rank: ranks.get(place.score)!,
    name: players.get(place.subscriberId)?.displayName ?? aliasOf(programmeId, place.subscriberId),
    score: place.score,
    isMe: place.subscriberId === subscriberId,
  })
  return {
    board: stand.boardId,
    period: stand.period,
    region: stand.region,
    members: await scores.countRanked(tx, stand),
    top: top.map(lineOf),
    me: me
      ? {
          rank: isRanked ? ranks.get(me.score)! : null,
          score: me.score,
          isHidden: me.isHidden,
          near: around.map(lineOf),
        }
      : null,
  }
}
