import type { Scope } from '../../expressions/index.ts'
import { accountOf } from '../accounts.ts'
import type { Batch, Effects, Judgement, TakenEvent } from '../consumer.ts'
import type { LocalTimes } from '../local-time.ts'
import { type Member, ownerOf } from '../members.ts'
import type { EarnMemory } from './award.ts'
import type { EarnReason } from './errors.ts'
import { scopeOf } from './offer.ts'
import type { CompiledRule, RulesOfBook } from './rule.ts'

/** What a session of earning works with. */
export type Desk = {
  batch: Pick<Batch, 'book' | 'memberOf' | 'subscriberOf' | 'movedOn'>
  rules: RulesOfBook
  memory: EarnMemory
  local: LocalTimes
}

/** What stands on an account by now, with what the batch has done so far. */
export const balanceIn = ({ batch, memory }: Desk, accountId: string): bigint =>
  (memory.balances.get(accountId) ?? 0n) + batch.movedOn(accountId)

/** The scope of a rule's expressions for an event and a member. */
export function scopeIn(desk: Desk, rule: CompiledRule, event: TakenEvent, member: Member): Scope {
  const { batch, local } = desk
  const attributes = batch.subscriberOf(member.subscriberId)?.attributes ?? {}
  const balance = rule.readsBalance
    ? balanceIn(desk, accountOf(ownerOf(member), rule.programme.currency))
    : undefined
  return scopeOf(rule, event, member, attributes, local, balance)
}

/** Keeps the judgement of a rule about the event that is being taken. */
export function judge(
  { document, version, programme }: CompiledRule,
  effects: Effects,
  reason: EarnReason,
  points: bigint,
  saw: Record<string, unknown>,
  about: Pick<Judgement, 'account' | 'transferKey'> = {},
): void {
  effects.judge({
    ...about,
    consumer: 'earning',
    programmeId: programme.id,
    rule: document.id,
    ruleVersion: version,
    reason,
    points,
    saw,
  })
}

/** Keeps the judgement of a rule that gives nothing. */
export const refuse = (
  rule: CompiledRule,
  effects: Effects,
  reason: EarnReason,
  saw: Record<string, unknown>,
): void => judge(rule, effects, reason, 0n, saw)
