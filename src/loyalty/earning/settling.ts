import { instantOf } from '../../platform/index.ts'
import { accountOf, ownerOpening } from '../accounts.ts'
import type { Effects, TakenEvent } from '../consumer.ts'
import { ownerOf } from '../members.ts'
import type { Award } from './award.ts'
import { type Desk, judge, scopeIn } from './desk.ts'
import { awardedFact } from './crediting.ts'
import { textOf } from './offer.ts'
import type { CompiledRule } from './rule.ts'

/** Releases what waited for an event of this type. */
export function settlePending(desk: Desk, event: TakenEvent, effects: Effects): void {
  for (const rule of desk.rules.bySettling.get(event.type) ?? []) {
    const member = desk.batch.memberOf(rule.programme.id, event.subscriberId)
    if (!member) continue
    const { where, key } = rule.settling!
    const scope = scopeIn(desk, rule, event, member)
    if (where && where.value(scope) !== true) continue
    const name = textOf(key, scope)
    for (const award of desk.memory.pendingOf(event.type, member)) {
      if (award.ruleId !== rule.document.id) continue
      if (rule.pendingKey !== null && award.settleKey !== (name ?? null)) continue
      // What came too late for it is given up by the clock.
      if (event.atMs >= award.settleUntilMs!) continue
      release(desk, rule, award, effects)
    }
  }
}

/** A member who was merged or joined a household since keeps points on another account by now. */
function moveOn(desk: Desk, rule: CompiledRule, award: Award, points: bigint, effects: Effects): void {
  const { programme } = rule
  const member = desk.batch.memberOf(programme.id, award.subscriberId)
  const account = member ? accountOf(ownerOf(member), programme.currency) : award.accountId
  if (account === award.accountId) return
  effects.openAccount(ownerOpening(ownerOf(member!), programme.currency))
  effects.post({
    key: `move:${award.postedKey}`,
    kind: 'post',
    debitAccount: award.accountId,
    creditAccount: account,
    amountMinor: points,
    currency: programme.currency,
    at: instantOf(effects.event.atMs),
  })
}

/** Posts what returns have left of a reservation; the rest of it is free again. */
function release(desk: Desk, rule: CompiledRule, award: Award, effects: Effects): void {
  const { event } = effects
  const points = award.points - award.returnedPoints
  const key = `settle:${award.transferKey}`
  Object.assign(award, { state: 'posted', postedKey: key })
  desk.memory.changedAwards.add(award)
  desk.memory.move(award.accountId, points)
  effects.post(
    {
      key,
      kind: 'post_pending',
      pendingKey: award.transferKey,
      amountMinor: points,
      at: instantOf(event.atMs),
      memo: rule.document.id,
    },
    [awardedFact({ ...award, points }, rule.programme, event)],
  )
  moveOn(desk, rule, award, points, effects)
  judge(rule, effects, 'released', points, { award: award.transferKey, waitedFor: event.type })
  effects.announce({
    type: 'loyalty.points_released',
    programmeId: rule.programme.id,
    subscriberId: award.subscriberId,
    key,
    atMs: event.atMs,
    data: { rule: rule.document.id, points: Number(points) },
  })
}
