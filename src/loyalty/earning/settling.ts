import { instantOf } from '../../platform/index.ts'
import { accountOf, ownerOpening } from '../accounts.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { expiryMs } from '../local-time.ts'
import { hasForfeited, newMember, ownerOf } from '../members.ts'
import { judgedMove } from '../moved.ts'
import { keepsExpiry } from '../programmes.ts'
import type { Award, Confirmation } from './award.ts'
import { type Desk, judge, refuse, scopeIn } from './desk.ts'
import { awardedFact, lotOf } from './crediting.ts'
import { seen, textOf } from './offer.ts'
import type { CompiledRule } from './rule.ts'

/** Releases what waited for an event of this type, and remembers the event for purchases that come after it. */
export function settlePending(desk: Desk, event: TakenEvent, effects: Effects): void {
  const { memory } = desk
  for (const rule of desk.rules.bySettling.get(event.type) ?? []) {
    // Whose purchase comes later may be no member yet.
    const member =
      desk.batch.memberOf(rule.programme.id, event.subscriberId) ??
      newMember(rule.programme.id, event.subscriberId, event.atMs)
    const { where, key } = rule.settling!
    const scope = scopeIn(desk, rule, event, member)
    if (where && where.value(scope) !== true) continue
    const settleKey = rule.pendingKey === null ? '' : textOf(key, scope)
    if (settleKey === undefined) {
      refuse(rule, effects, 'confirmation_key_missing', seen(key?.fields ?? [], scope))
      continue
    }
    const { eventId, atMs } = event
    const { subscriberId } = member
    const ruleId = rule.document.id
    const confirmation = { ruleId, eventId, subscriberId, settleKey, hasSettled: false, atMs }
    memory.addConfirmation(confirmation)
    memory.changedConfirmations.add(confirmation)
    for (const award of memory.pendingOf(event.type, member)) {
      if (award.ruleId === ruleId && (award.settleKey ?? '') === settleKey) {
        settle(desk, rule, award, confirmation, effects)
      }
    }
    if (rule.pendingKey !== null && !confirmation.hasSettled) {
      refuse(rule, effects, 'confirmation_waits', { key: settleKey })
    }
  }
}

/** Releases a new reservation at once where the event for which it would wait came before it. */
export function settleNew(desk: Desk, rule: CompiledRule, award: Award, effects: Effects): void {
  for (const confirmation of desk.memory.confirmationsOf(award)) {
    if (award.state === 'pending') settle(desk, rule, award, confirmation, effects)
  }
}

/**
 * Releases a reservation if the event is one for which it waits: it happened in time and not before the purchase, so
 * that the order in which the two come makes no difference. Goods may be handed over before they are paid, and clocks
 * differ: an event that names its purchase and has met none yet also settles one that happened after it.
 */
function settle(
  desk: Desk,
  rule: CompiledRule,
  award: Award,
  confirmation: Confirmation,
  effects: Effects,
): void {
  const { atMs, hasSettled } = confirmation
  // What came too late for it is given up by the clock.
  if (atMs >= award.settleUntilMs!) return
  // Whoever left and gave up all points by that gets no more of them; one who is back in time does.
  const member = desk.batch.memberOf(rule.programme.id, award.subscriberId)
  if (member && hasForfeited(rule.programme, member)) return
  if (atMs < award.atMs && (rule.pendingKey === null || hasSettled)) return
  confirmation.hasSettled = true
  desk.memory.changedConfirmations.add(confirmation)
  release(desk, rule, award, Math.max(atMs, award.atMs), effects)
}

/**
 * A member who was merged or is in another household since keeps points on another account by now. Refused where the
 * points have paid a debt of those who share the former one.
 */
function moveOn(
  desk: Desk,
  rule: CompiledRule,
  award: Award,
  points: bigint,
  atMs: number,
  effects: Effects,
): void {
  const { programme } = rule
  const member = desk.batch.memberOf(programme.id, award.subscriberId)
  const account = member ? accountOf(ownerOf(member), programme.currency) : award.accountId
  if (account === award.accountId) return
  const transferKey = `move:${award.postedKey}`
  for (const one of judgedMove(programme, award.accountId, account, points))
    effects.judge({ consumer: 'earning', programmeId: programme.id, transferKey, ...one })
  effects.openAccount(ownerOpening(ownerOf(member!), programme.currency))
  effects.post({
    key: transferKey,
    kind: 'post',
    debitAccount: award.accountId,
    creditAccount: account,
    amountMinor: points,
    currency: programme.currency,
    at: instantOf(atMs),
  })
}

/** Posts what returns have left of a reservation; the rest of it is free again. */
function release(desk: Desk, rule: CompiledRule, award: Award, atMs: number, effects: Effects): void {
  const { event } = effects
  const { document, programme, timeZone } = rule
  const points = award.points - award.returnedPoints
  const key = `settle:${award.transferKey}`
  const expiresAtMs = expiryMs(document.expiry ?? programme.expiry, atMs, timeZone)
  Object.assign(award, { state: 'posted', postedKey: key, availableFromMs: atMs, expiresAtMs })
  desk.memory.changedAwards.add(award)
  desk.memory.move(award.accountId, points)
  effects.post(
    {
      key,
      kind: 'post_pending',
      pendingKey: award.transferKey,
      amountMinor: points,
      at: instantOf(atMs),
      memo: document.id,
      lot: lotOf(award, keepsExpiry(document.expiry)),
    },
    [awardedFact({ ...award, points }, programme, event)],
  )
  const saw = {
    award: award.transferKey,
    waitedFor: award.settleOn,
    ...(expiresAtMs === null ? {} : { expiresAt: instantOf(expiresAtMs).toString() }),
  }
  judge(rule, effects, 'released', points, saw, { account: award.accountId })
  moveOn(desk, rule, award, points, atMs, effects)
  effects.announce({
    type: 'loyalty.points_released',
    programmeId: programme.id,
    subscriberId: award.subscriberId,
    key,
    atMs: event.atMs,
    data: {
      rule: document.id,
      pointsMinor: Number(points),
      ...(expiresAtMs === null ? {} : { expiresAt: expiresAtMs }),
    },
  })
}
