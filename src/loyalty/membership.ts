import assert from 'node:assert/strict'
import { type BalanceInDetail, balancesInDetail, type Lot, lotsOf } from '../ledger/index.ts'
import { instantOf, type Tx } from '../platform/index.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from './accounts.ts'
import type { ActionJudgement } from './action.ts'
import type { Batch, Consumer, Effects, TakenEvent } from './consumer.ts'
import { moveAwards } from './earning/store.ts'
import { selectHouseholdMembers } from './liability/household-store.ts'
import { type Member, ownerOf } from './members.ts'
import { updateMergedInto } from './members-store.ts'
import { judgedForfeit, judgedMove, MEMBERSHIP, movingWords } from './moved.ts'
import type { Programme } from './programmes.ts'

/** What people and systems may ask for members, as events that only this consumer takes. */
export const memberActions = {
  enrol: 'loyalty.asked.enrol',
  leave: 'loyalty.asked.leave',
  merge: 'loyalty.asked.merge',
  joinHousehold: 'loyalty.asked.join_household',
  leaveHousehold: 'loyalty.asked.leave_household',
} as const

type Holdings = { balance: BalanceInDetail; lots: Lot[] }

/** A lot that is not available yet and goes over to another account: it is given back and given anew. */
type MovedLot = { fromKey: string; toKey: string; accountId: string }

type Desk = {
  batch: Batch
  holdings: Map<string, Holdings>
  /** Active members of the households that the batch speaks of, by programme and household. */
  households: Map<string, Set<number>>
  moved: MovedLot[]
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
      const desk: Desk = { batch, holdings, households, moved: [], merges: [] }
      return {
        take: (event, effects) => act(desk, event, effects),
        async store(tx) {
          await moveAwards(tx, desk.moved)
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
  const { availableMinor = 0n, upcomingMinor = 0n } = held?.balance ?? {}
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
    data: { points: isShared ? 0 : Number(availableMinor + upcomingMinor), forfeited: forfeits },
  })
}

/** What can be spent becomes breakage; what was to become available later is taken back. */
function forfeit(programme: Programme, account: string, { balance, lots }: Holdings, effects: Effects): void {
  const at = instantOf(effects.event.atMs)
  const upcoming = upcomingOf(lots, effects.event.atMs)
  const points = sumOf(upcoming) + (balance.availableMinor > 0n ? balance.availableMinor : 0n)
  say(programme, judgedForfeit(account, points), effects)
  for (const lot of upcoming) {
    effects.post({
      key: `forfeit:${effects.event.eventId}:${lot.lotId}`,
      kind: 'reverse',
      reversedKey: lot.originKey,
      amountMinor: lot.remainingMinor,
      deficit: 'forgive',
      at,
    })
  }
  if (balance.availableMinor <= 0n) return
  effects.openAccount(programmeOpening(programme, 'breakage'))
  effects.post({
    key: `forfeit:${effects.event.eventId}`,
    kind: 'post',
    debitAccount: account,
    creditAccount: programmeAccount(programme, 'breakage'),
    amountMinor: balance.availableMinor,
    currency: programme.currency,
    at,
    memo: 'left',
  })
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

/** Moves everything from one account to another one: what can be spent with its lots, what comes later, and debts. */
function moveAll(desk: Desk, programme: Programme, from: string, toOwner: string, effects: Effects): void {
  const to = accountOf(toOwner, programme.currency)
  const held = desk.holdings.get(from)
  if (from === to || !held) return
  const { event } = effects
  const common = { currency: programme.currency, at: instantOf(event.atMs), kind: 'post' as const }
  effects.openAccount(ownerOpening(toOwner, programme.currency))
  const { availableMinor, balanceMinor } = held.balance
  const upcoming = upcomingOf(held.lots, event.atMs)
  const now = balanceMinor < 0n ? balanceMinor : availableMinor > 0n ? availableMinor : 0n
  say(programme, judgedMove(programme, from, to, now + sumOf(upcoming)), effects)
  if (balanceMinor < 0n) {
    const request = {
      debitAccount: to,
      creditAccount: from,
      amountMinor: -balanceMinor,
      deficit: 'debt' as const,
    }
    effects.post({ ...common, ...request, key: `move:${event.eventId}:debt` })
  } else if (availableMinor > 0n) {
    const request = { debitAccount: from, creditAccount: to, amountMinor: availableMinor }
    effects.post({ ...common, ...request, key: `move:${event.eventId}` })
  }
  for (const lot of upcoming) {
    const key = `move:${event.eventId}:${lot.lotId}`
    const { earnedAt, availableFrom, expiresAt, remainingMinor } = lot
    effects.post({
      key: `${key}:back`,
      kind: 'reverse',
      reversedKey: lot.originKey,
      amountMinor: remainingMinor,
      at: common.at,
    })
    effects.post({
      ...common,
      key,
      debitAccount: programmeAccount(programme, 'liability'),
      creditAccount: to,
      amountMinor: remainingMinor,
      lot: { earnedAt, availableFrom, ...(expiresAt ? { expiresAt } : {}) },
    })
    desk.moved.push({ fromKey: lot.originKey, toKey: key, accountId: to })
  }
}

const sumOf = (lots: Lot[]): bigint => lots.reduce((sum, { remainingMinor }) => sum + remainingMinor, 0n)

/** Keeps what becomes of points for the history of whoever is concerned. */
function say({ id }: Programme, judgements: ActionJudgement[], effects: Effects): void {
  for (const one of judgements) effects.judge({ consumer: MEMBERSHIP, programmeId: id, ...one })
}

const upcomingOf = (lots: Lot[], atMs: number): Lot[] =>
  lots.filter(
    ({ availableFrom, remainingMinor }) => availableFrom.epochMilliseconds > atMs && remainingMinor > 0n,
  )

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
  const holdings: Desk['holdings'] = new Map()
  if (ids.length === 0) return holdings
  const atMs = Math.max(...accounts.values())
  const balances = await balancesInDetail(tx, ids, instantOf(atMs))
  const lots = Map.groupBy(await lotsOf(tx, ids), ({ accountId }) => accountId)
  for (const [accountId, balance] of balances)
    holdings.set(accountId, { balance, lots: lots.get(accountId) ?? [] })
  return holdings
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
