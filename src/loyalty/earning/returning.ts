import type { TransferRequest } from '../../ledger/index.ts'
import { instantOf } from '../../platform/index.ts'
import { accountOf, ownerOpening, programmeAccount, programmeOpening } from '../accounts.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { hasForfeited, type Member, newMember, ownerOf } from '../members.ts'
import type { Programme } from '../programmes.ts'
import type { Award, Returned } from './award.ts'
import { balanceIn, type Desk, judge, refuse, scopeIn } from './desk.ts'
import { amountOf, otherCurrency, seen, textOf } from './offer.ts'
import { keptAfterReturns } from './points.ts'
import type { CompiledRule } from './rule.ts'

/** Takes points back for what an event returns, by every rule that listens to such returns. */
export function takeReturns(desk: Desk, event: TakenEvent, effects: Effects): void {
  for (const rule of desk.rules.byReturn.get(event.type) ?? []) {
    // Whoever has left still gives back what was returned, and whose purchase comes later is no member yet.
    const member =
      desk.batch.memberOf(rule.programme.id, event.subscriberId) ??
      newMember(rule.programme.id, event.subscriberId, event.atMs)
    const returned = returnedOf(desk, rule, event, member, effects)
    if (!returned) continue
    desk.memory.addReturn(returned)
    desk.memory.changedReturns.add(returned)
    applyReturns(desk, rule, member, returned.reference, effects)
  }
}

function returnedOf(
  desk: Desk,
  rule: CompiledRule,
  event: TakenEvent,
  member: Member,
  effects: Effects,
): Returned | undefined {
  const { where, reference, amount } = rule.returns!
  const scope = scopeIn(desk, rule, event, member)
  if (where && where.value(scope) !== true) {
    const reason = where.value(scope) === undefined ? 'condition_failed' : 'condition_not_met'
    refuse(rule, effects, reason, { where: where.source, ...seen(where.fields, scope) })
    return undefined
  }
  const name = textOf(reference, scope)
  const other = amount ? otherCurrency(rule, scope) : undefined
  if (other !== undefined) {
    refuse(rule, effects, 'currency_differs', { currency: other, expected: rule.currency })
    return undefined
  }
  const amountMinor = amount ? amountOf(amount, rule, scope) : null
  if (name === undefined || amountMinor === undefined) {
    const fields = [...reference.fields, ...(amount?.fields ?? [])]
    refuse(rule, effects, 'amount_missing', seen(fields, scope))
    return undefined
  }
  if (amountMinor !== null && amountMinor <= 0n) {
    refuse(rule, effects, 'amount_not_positive', { amountMinor })
    return undefined
  }
  return {
    ruleId: rule.document.id,
    eventId: event.eventId,
    subscriberId: member.subscriberId,
    reference: name,
    amountMinor,
    appliedMinor: 0n,
    isApplied: false,
    atMs: event.atMs,
  }
}

/**
 * Lets returns meet their purchases, whichever came first: each takes from the awards of its reference, the oldest
 * first, until it is used up. What is left of it waits for another purchase of that reference. A whole return is of
 * every line that was bought up to its own time, and waits for those that are read after it.
 */
export function applyReturns(
  desk: Desk,
  rule: CompiledRule,
  member: Member,
  reference: string,
  effects: Effects,
): void {
  const { memory } = desk
  const awards = memory.awardsOf(rule.document.id, member, reference)
  for (const returned of memory.waitingOf(rule.document.id, member, reference)) {
    const { amountMinor } = returned
    let isMet = false
    for (const award of awards) {
      const room = award.baseMinor - award.returnedMinor
      if (returned.isApplied || room <= 0n) continue
      if (amountMinor === null && award.atMs > returned.atMs) continue
      const left = amountMinor === null ? room : amountMinor - returned.appliedMinor
      const minor = left > room ? room : left
      returned.appliedMinor += minor
      returned.isApplied = returned.appliedMinor === amountMinor
      isMet = true
      takeBack(desk, { rule, member, award, returned, minor }, effects)
    }
    memory.changedReturns.add(returned)
    if (!isMet && returned.eventId === effects.event.eventId) {
      const reason = awards.length > 0 ? 'nothing_to_return' : 'return_waits'
      refuse(rule, effects, reason, { reference, amountMinor })
    }
  }
}

type Taking = { rule: CompiledRule; member: Member; award: Award; returned: Returned; minor: bigint }

function takeBack(desk: Desk, taking: Taking, effects: Effects): void {
  const { rule, member, award, returned, minor } = taking
  award.returnedMinor += minor
  const kept = keptAfterReturns(award.points, award.baseMinor, award.returnedMinor)
  const points = award.points - kept - award.returnedPoints
  const lapsed = lapsedOf(desk, award, points)
  award.returnedPoints += points
  award.lapsedPoints += lapsed
  desk.memory.changedAwards.add(award)
  const saw = {
    reference: returned.reference,
    returnedMinor: minor,
    ofMinor: award.baseMinor,
    earned: award.points,
    award: award.transferKey,
  }
  let forgiven = 0n
  const { state } = award
  if (award.state === 'posted' && points > lapsed) forgiven = post(desk, taking, points - lapsed, effects)
  if (award.state === 'pending' && kept === 0n) voidPending(award, effects)
  const taken = points - lapsed - forgiven
  const isReserved = state === 'pending' && points > 0n
  const isTaken = state === 'posted' && taken > 0n
  const reason = isReserved ? 'reserve_reduced' : isTaken ? 'returned' : 'nothing_to_return'
  const about = isTaken ? { transferKey: keyOf(award, returned) } : {}
  const seenPoints = {
    ...(isReserved ? { reserved: points } : {}),
    ...(lapsed > 0n ? { lapsed } : {}),
    ...(forgiven > 0n ? { forgiven } : {}),
  }
  judge(rule, effects, reason, isTaken ? -taken : 0n, { ...saw, ...seenPoints }, about)
  if (points === 0n) return
  effects.announce({
    type: 'loyalty.points_returned',
    programmeId: rule.programme.id,
    subscriberId: member.subscriberId,
    key: `${returned.eventId}:${award.transferKey}`,
    atMs: effects.event.atMs,
    data: {
      rule: rule.document.id,
      pointsMinor: Number(points),
      forgivenMinor: Number(forgiven),
      isPending: award.state !== 'posted',
      // What was reserved counted from its release on.
      earnedAt: award.settleOn === null ? award.atMs : award.availableFromMs,
    },
  })
}

/**
 * How many of the points that a return would take back are gone already, because they expired or were forfeited: returns
 * ask for those first, each once, so that nobody loses the same points twice.
 */
function lapsedOf({ memory }: Desk, { transferKey, lapsedPoints }: Award, points: bigint): bigint {
  const gone = (memory.lapsed.get(transferKey) ?? 0n) - lapsedPoints
  if (gone <= 0n) return 0n
  return gone < points ? gone : points
}

/** Key of the transfer by which a return takes from an award. */
const keyOf = ({ transferKey }: Award, { eventId }: Returned): string => `return:${eventId}:${transferKey}`

/** Gives a reservation up. */
export function voidPending(award: Award, effects: Effects): void {
  award.state = 'voided'
  effects.post({
    key: `void:${award.transferKey}`,
    kind: 'void_pending',
    pendingKey: award.transferKey,
    at: instantOf(effects.event.atMs),
  })
}

/**
 * Posts what is taken back: out of the lots that the award made, and what is gone from there as the programme says.
 * Returns how much was forgiven.
 */
function post(desk: Desk, taking: Taking, points: bigint, effects: Effects): bigint {
  const { rule, member, award, returned } = taking
  const { programme } = rule
  const account = accountOf(ownerOf(member), programme.currency)
  // What is reserved for something else cannot be taken.
  const balance = balanceIn(desk, account) - (desk.memory.reserved.get(account) ?? 0n)
  // Whoever left and gave up all points by that owes none.
  const taken = takeable(
    programme,
    hasForfeited(programme, member) ? 'forgive' : programme.returns.onSpent,
    balance,
    points,
  )
  award.forgivenPoints += points - taken
  if (taken === 0n) return points
  const common = {
    key: keyOf(award, returned),
    at: instantOf(effects.event.atMs),
    amountMinor: taken,
    memo: rule.document.id,
    deficit: programme.returns.onSpent === 'forgive' ? 'forgive' : 'debt',
  } as const
  desk.memory.takings.push({ key: common.key, award, points: taken })
  effects.openAccount(programmeOpening(programme, 'liability'))
  effects.openAccount(ownerOpening(ownerOf(member), programme.currency))
  const request: TransferRequest =
    account === award.accountId
      ? { ...common, kind: 'reverse', reversedKey: award.postedKey! }
      : {
          // The points have moved to another account, of another member or a household, and are taken from there.
          ...common,
          kind: 'post',
          debitAccount: account,
          creditAccount: programmeAccount(programme, 'liability'),
          currency: programme.currency,
        }
  if (request.kind === 'reverse') desk.memory.move(account, -taken)
  effects.post(request)
  return points - taken
}

/** How much can be taken of what is asked, by what the programme says about points that were spent already. */
function takeable(
  { returns }: Programme,
  onSpent: Programme['returns']['onSpent'],
  balance: bigint,
  points: bigint,
): bigint {
  if (onSpent === 'debt') return points
  const room = balance + (onSpent === 'limit' ? BigInt(returns.limit!) : 0n)
  if (room <= 0n) return 0n
  return room < points ? room : points
}
