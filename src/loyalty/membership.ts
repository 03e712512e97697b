import assert from 'node:assert/strict'
import {
  type AccountOpening,
  type BalanceInDetail,
  balancesInDetail,
  type MoveRequest,
} from '../ledger/index.ts'
import { instantOf, type Tx } from '../platform/index.ts'
import { accountOf, ownerOpening, programmeOpening } from './accounts.ts'
import type { ActionJudgement } from './action.ts'
import type { Batch, Consumer, Effects, TakenEvent } from './consumer.ts'
import { selectHouseholdMembers } from './liability/household-store.ts'
import { type Member, ownerOf } from './members.ts'
import { updateMergedInto } from './members-store.ts'
import { judgedForfeit, judgedMove, MEMBERSHIP, movingWords } from './moved.ts'
import { onward } from './reinstating.ts'
import type { Programme } from './programmes.ts'

/** What people and systems may ask for members, as events that only this consumer takes. */
export const memberActions = {
  enrol: 'loyalty.asked.enrol',
  leave: 'loyalty.asked.leave',
  merge: 'loyalty.asked.merge',
  joinHousehold: 'loyalty.asked.join_household',
  leaveHousehold: 'loyalty.asked.leave_household',
} as const

type Desk = {
  batch: Batch
  holdings: Map<string, BalanceInDetail>
  /** Active members of the households that the batch speaks of, by programme and household. */
  households: Map<string, Set<number>>
  merges: { from: Member; into: Member }[]
}

/** Enrolment by hand, leaving, merging and households, with what each does to points. */
export function membershipConsumer(others: readonly Consumer[]): Consumer {
  return {
    name: MEMBERSHIP,
    words: movingWords,
    wants: () => new Set(Object.values(memberActions)),
    async open(tx, batch) {
      const [holdings, households] = [await holdingsOf(tx, batch), await householdsOf(tx, batch)]
      const desk: Desk = { batch, holdings, households, merges: [] }
      return {
        take: (event, effects) => act(desk, event, effects),
        async store(tx) {
          for (const { from, into } of desk.merges) {
            const { programmeId } = from
            await updateMergedInto(tx, programmeId, from.subscriberId, into.subscriberId)
            for (const consumer of others) {
              const merge = {
                tenantId: batch.tenantId,
                programmeId,
                from: from.subscriberId,
                into: into.subscriberId,
              }
              await consumer.merge?.(tx, merge)
            }
          }
        },
      }
    },
  }
}

function act(desk: Desk, event: TakenEvent, effects: Effects): void {
  const { batch } = desk
  const programme = batch.book.programmes.get(String(event.data['programme']))
  assert(programme, 'the service looks whether there is such a programme')
  if (event.type === memberActions.enrol) {
    batch.enrol(programme.id, event.subscriberId, event.atMs, String(event.data['by']))
    return
  }
  const member = batch.memberOf(programme.id, event.subscriberId)
  assert(member?.state === 'active', 'the service looks whether somebody is a member')
  batch.changed(member)
  switch (event.type) {
    case memberActions.leave:
      return leave(desk, programme, member, effects)
    case memberActions.merge:
      return merge(
        desk,
        programme,
        batch.memberOf(programme.id, Number(event.data['from']))!,
        member,
        effects,
      )
    case memberActions.joinHousehold: {
      const { household, sharesBalance } = event.data as { household: string; sharesBalance: boolean }
      const former = accountOf(ownerOf(member), programme.currency)
      Object.assign(member, { householdId: household, sharesBalance })
      peersOf(desk, member)?.add(member.subscriberId)
      moveAll(desk, programme, former, ownerOf(member), effects)
      return
    }
    default: {
      const former = accountOf(ownerOf(member), programme.currency)
      const isLast = departs(desk, member)
      if (isLast) moveAll(desk, programme, former, ownerOf(member), effects)
    }
  }
}

const placeOf = (programmeId: string, householdId: string): string => `${programmeId}\n${householdId}`
const peersOf = ({ households }: Desk, { programmeId, householdId }: Member): Set<number> | undefined =>
  householdId === null ? undefined : households.get(placeOf(programmeId, householdId))

/**
 * Takes a member out of the household, if there is one. What was shared stays with those who stay: true where nobody
 * does, so that it belongs to this member.
 */
function departs(desk: Desk, member: Member): boolean {
  const peers = peersOf(desk, member)
  peers?.delete(member.subscriberId)
  Object.assign(member, { householdId: null, sharesBalance: false })
  return peers === undefined || peers.size === 0
}

function leave(desk: Desk, programme: Programme, member: Member, effects: Effects): void {
  const account = accountOf(ownerOf(member), programme.currency)
  const sharesBalance = member.householdId !== null && member.sharesBalance
  const isLast = departs(desk, member)
  const isShared = sharesBalance && !isLast
  const forfeits = programme.leaving.points === 'forfeit' && !isShared
  const held = desk.holdings.get(account)
  if (forfeits && held) forfeit(programme, account, held, effects)
  else if (!isShared) moveAll(desk, programme, account, ownerOf(member), effects)
  const { event } = effects
  Object.assign(member, { state: 'left', endedAtMs: event.atMs })
  effects.announce({
    type: 'loyalty.member_left',
    programmeId: programme.id,
    subscriberId: member.subscriberId,
    key: event.eventId,
    atMs: event.atMs,
    data: { pointsMinor: isShared || !held ? 0 : Number(heldIn(held)), forfeited: forfeits },
  })
}

/** What can be spent, now or later, becomes breakage. */
function forfeit(programme: Programme, account: string, balance: BalanceInDetail, effects: Effects): void {
  const points = heldIn(balance)
  if (points === 0n) return
  say(programme, judgedForfeit(account, points), effects)
  const opening = programmeOpening(programme, 'breakage')
  effects.openAccount(opening)
  effects.post(takeAll(`forfeit:${effects.event.eventId}`, account, opening, points, effects.event))
}

function merge(desk: Desk, programme: Programme, from: Member, into: Member, effects: Effects): void {
  const former = accountOf(ownerOf(from), programme.currency)
  const sharesBalance = from.householdId !== null && from.sharesBalance
  const isLast = departs(desk, from)
  if (!sharesBalance || isLast) moveAll(desk, programme, former, ownerOf(into), effects)
  const { event } = effects
  Object.assign(from, { state: 'merged', mergedInto: into.subscriberId, endedAtMs: event.atMs })
  // Tenure is the longer one of the two.
  into.enrolledAtMs = Math.min(into.enrolledAtMs, from.enrolledAtMs)
  desk.batch.changed(from)
  desk.merges.push({ from, into })
  effects.announce({
    type: 'loyalty.members_merged',
    programmeId: programme.id,
    subscriberId: into.subscriberId,
    key: event.eventId,
    atMs: event.atMs,
    data: { from: from.subscriberId },
  })
}

/** Moves everything from one account to another one: what can be spent, now or later, with its lots, or the debt. */
function moveAll(desk: Desk, programme: Programme, from: string, toOwner: string, effects: Effects): void {
  const { event } = effects
  const destination = ownerOpening(toOwner, programme.currency)
  const to = destination.accountId
  const balance = desk.holdings.get(from)
  if (from === to || !balance) return
  const { balanceMinor } = balance
  const points = balanceMinor < 0n ? balanceMinor : heldIn(balance)
  if (points === 0n) return
  effects.openAccount(destination)
  say(programme, judgedMove(programme, from, to, points), effects)
  effects.post(
    points > 0n
      ? takeAll(`move:${event.eventId}`, from, destination, points, event)
      : {
          key: `move:${event.eventId}:debt`,
          kind: 'post',
          debitAccount: to,
          creditAccount: from,
          amountMinor: -points,
          currency: programme.currency,
          deficit: 'debt',
          at: instantOf(event.atMs),
        },
  )
}

/** What lies in the lots of an account and has not expired. */
const heldIn = ({ availableMinor, upcomingMinor }: BalanceInDetail): bigint =>
  (availableMinor > 0n ? availableMinor : 0n) + upcomingMinor

/** Takes all that an account holds: whatever forgives takes from the lots that come later too, and lots stay as they are. */
const takeAll = (
  key: string,
  from: string,
  destination: AccountOpening,
  points: bigint,
  { atMs }: TakenEvent,
): MoveRequest => ({ ...onward(key, from, destination, points, atMs), deficit: 'forgive' })

/** Keeps what becomes of points for the history of whoever is concerned. */
function say({ id }: Programme, judgements: ActionJudgement[], effects: Effects): void {
  for (const one of judgements) effects.judge({ consumer: MEMBERSHIP, programmeId: id, ...one })
}

/** What lies on every account that the actions of a batch may empty. */
async function holdingsOf(tx: Tx, batch: Batch): Promise<Desk['holdings']> {
  const accounts = new Map<string, number>()
  for (const { type, subscriberId, data, atMs } of batch.events) {
    if (!Object.values<string>(memberActions).includes(type)) continue
    const programme = batch.book.programmes.get(String(data['programme']))
    for (const id of [subscriberId, Number(data['from'])]) {
      const member = programme && batch.memberOf(programme.id, id)
      if (member) accounts.set(accountOf(ownerOf(member), programme.currency), atMs)
    }
  }
  const ids = [...accounts.keys()]
  return ids.length === 0 ? new Map() : balancesInDetail(tx, ids, instantOf(Math.max(...accounts.values())))
}

/** Who is in the households of members whom the actions of a batch concern, and in those that they join. */
async function householdsOf(tx: Tx, batch: Batch): Promise<Desk['households']> {
  const asked = new Map<string, Set<string>>()
  for (const { type, subscriberId, data } of batch.events) {
    if (!Object.values<string>(memberActions).includes(type)) continue
    const programmeId = String(data['programme'])
    const former = [subscriberId, Number(data['from'])].map(
      (id) => batch.memberOf(programmeId, id)?.householdId ?? null,
    )
    const joined = type === memberActions.joinHousehold ? String(data['household']) : null
    const named = [...former, joined].filter((id) => id !== null)
    asked.set(programmeId, (asked.get(programmeId) ?? new Set()).union(new Set(named)))
  }
  const households: Desk['households'] = new Map()
  for (const [programmeId, ids] of asked) {
    const found = await selectHouseholdMembers(tx, programmeId, [...ids])
    for (const id of ids) households.set(placeOf(programmeId, id), new Set(found.get(id)))
  }
  return households
}
