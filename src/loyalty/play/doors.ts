import { newId } from '../../platform/index.ts'
import type { BotGame } from './documents.ts'
import { commit, ticket } from './fairness.ts'
import { messageOf, moveOf, stepOf } from './move.ts'
import { isValid, type ReadyGame } from './plan.ts'
import { freeRights, type Round } from './round.ts'
import { giveReward, judgeSeat, type Seat, type Table, tell } from './seat.ts'

/** The door behind which the prize is, from 1 on. It is fixed before the member chooses: the message has no member's seed. */
export function winningDoor(
  { doors }: Pick<BotGame, 'doors'>,
  { serverSeed, roundId }: Pick<Round, 'serverSeed' | 'roundId'>,
): number {
  return 1 + Number(ticket({ serverSeed, clientSeed: '', roundId }, 0, BigInt(doors)))
}

/**
 * A move in a chat: opens a round and tells the hash of its seed, or opens a door and tells what is behind it with the
 * seed. Each answer to the member is announced as `loyalty.game_turn`, which a campaign or message speaks of.
 */
export function takeMove(table: Table, seat: Seat): void {
  const ready = seat.ready as ReadyGame<BotGame>
  const { document: game } = ready
  const said = moveOf(ready.choice!(seat.scope))
  if (said?.gameId !== game.id) return
  const { move } = said
  const { memory } = table
  const { event, member } = seat
  const open = memory.rounds.open(game.id, member.subscriberId)
  const turn = (data: object): void => {
    tell(seat, 'loyalty.game_turn', `${game.id}:${event.eventId}`, {
      game: game.id,
      doors: game.doors,
      ...data,
    })
  }
  if (move === 'begin') {
    const isPlayed = isValid(ready, event.atMs)
    const round = open[0] ?? (isPlayed ? begin(table, seat, ready) : undefined)
    if (!round) return turn({ turn: isPlayed ? 'no_right' : 'not_open' })
    const { roundId, seedHash } = round
    return turn({ turn: 'choose', round: roundId, seedHash, step: stepOf(round, 0) })
  }
  const round = open.find((one) => messageOf(one, move.step) !== undefined)
  if (!round) return turn({ turn: 'past_round' })
  if (move.number >= 1 && move.number <= doorsOf(round)) finish(table, seat, ready, round, move.number, turn)
}

function begin(
  table: Table,
  seat: Seat,
  { document: game, version, timeZone }: ReadyGame<BotGame>,
): Round | undefined {
  const { memory, local } = table
  const { event, member } = seat
  const { subscriberId } = member
  const free = freeRights(game, subscriberId, local.at(event.atMs, timeZone), event.atMs)
  memory.rights.offer(game, subscriberId, free)
  const right = memory.rights.next(game, subscriberId, event.atMs)
  if (!right) return undefined
  const roundId = newId()
  memory.rights.use(right, roundId)
  return memory.rounds.change({
    ...commit(),
    roundId,
    programmeId: game.programme,
    kind: 'BotGame',
    gameId: game.id,
    gameVersion: version,
    subscriberId,
    clientSeed: '',
    state: 'open',
    committedAtMs: event.atMs,
    startedAtMs: event.atMs,
    finishedAtMs: null,
    progress: { doors: game.doors },
  })
}

function finish(
  table: Table,
  seat: Seat,
  { document: game }: ReadyGame<BotGame>,
  round: Round,
  door: number,
  turn: (data: object) => void,
): void {
  const doors = doorsOf(round)
  const winning = winningDoor({ doors }, round)
  const isWon = door === winning
  Object.assign(round, {
    state: 'finished',
    finishedAtMs: seat.event.atMs,
    progress: { doors, door, winning },
  })
  table.memory.rounds.change(round)
  const rule = `botgame:${game.id}`
  const { roundId, serverSeed, seedHash } = round
  judgeSeat(seat, rule, isWon ? 'game_won' : 'game_lost', { door, winning })
  turn({ turn: isWon ? 'won' : 'lost', round: roundId, door, winningDoor: winning, seedHash, serverSeed })
  if (isWon) giveReward(table, seat, game.reward, rule, `${rule}:${roundId}`)
}

/** The number of doors that was told with the hash holds for the round. */
const doorsOf = ({ progress }: Round): number => Number(progress['doors'])
