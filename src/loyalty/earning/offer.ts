import { isoOf } from '../../platform/index.ts'
import type { Scope } from '../../expressions/index.ts'
import { minorDigits } from '../../operator/index.ts'
import type { TakenEvent } from '../consumer.ts'
import { type LocalTimes, periodOf } from '../local-time.ts'
import { type Member, memberFields } from '../members.ts'
import { nameIn } from '../naming.ts'
import type { CapPeriod, EarnRule } from './earn-rule.ts'
import type { EarnReason } from './errors.ts'
import { millionths, minorOfNumber, pointsFor, rounded } from './points.ts'
import type { CompiledRule, Reader } from './rule.ts'

/** What a rule would give for an event before caps, groups and budgets; `saw` holds the values that decided. */
export type Offer = { reason: EarnReason; points: bigint; baseMinor: bigint; saw: Record<string, unknown> }

/** More than this is a mistake in a rule, and sums of it still fit the ledger. */
export const MOST_POINTS = 10n ** 12n

/** The scope of a rule's expressions. */
export function scopeOf(
  rule: Pick<CompiledRule, 'timeZone'>,
  event: TakenEvent,
  member: Member,
  attributes: Record<string, unknown>,
  local: LocalTimes,
  balanceMinor?: bigint,
): Scope {
  return {
    event: event.data,
    subscriber: attributes,
    member: memberFields(member, event.atMs, balanceMinor),
    local: local.at(event.atMs, rule.timeZone),
  }
}

/** Values of fields such as `event.sum` in a scope; what is missing is null. */
export function seen(fields: string[], scope: Scope): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const [variable, name] = field.split('.') as [string, string]
      return [field, scope[variable]?.[name] ?? null]
    }),
  )
}

/** An amount in minor units; undefined when the expression cannot be read from what is there. */
export function amountOf(reader: Reader, rule: CompiledRule, scope: Scope): bigint | undefined {
  const value = reader.value(scope)
  if (value === undefined) return undefined
  return reader.type === 'double' ? minorOfNumber(value as number, decimalsOf(rule)) : BigInt(value as number)
}

const decimalsOf = ({ document, currency }: CompiledRule): number =>
  document.amountDecimals ?? minorDigits(currency)

/** The currency that an event says, where it is not that of a rule's amounts. */
export function otherCurrency(
  { currency }: Pick<CompiledRule, 'currency'>,
  scope: Scope,
): string | undefined {
  const said = scope['event']?.['currency']
  return typeof said === 'string' && said !== currency ? said : undefined
}

const refused = (reason: EarnReason, saw: Record<string, unknown>): Offer => ({
  reason,
  points: 0n,
  baseMinor: 1n,
  saw,
})

/** Judges an event by a rule; the same event, member and attributes always get the same offer. */
export function offerOf(rule: CompiledRule, event: TakenEvent, scope: Scope): Offer {
  const { document, where } = rule
  if (event.atMs < rule.validFromMs || event.atMs >= rule.validToMs) {
    const { validFrom = null, validTo = null } = document
    return refused('outside_validity', { at: isoOf(event.atMs), validFrom, validTo })
  }
  const saw = where ? { where: where.source, ...seen(where.fields, scope) } : {}
  const holds = where ? where.value(scope) : true
  if (holds !== true) return refused(holds === undefined ? 'condition_failed' : 'condition_not_met', saw)
  const { pendingUntil } = rule
  if (pendingUntil && pendingUntil.value(scope) === undefined)
    return refused('until_missing', { ...saw, ...seen(pendingUntil.fields, scope) })
  return counted(rule, scope, saw)
}

function counted(rule: CompiledRule, scope: Scope, saw: Record<string, unknown>): Offer {
  const { document, programme, amount } = rule
  const isFixed = !('steps' in document.points) && document.points.fixed !== undefined
  const other = isFixed ? undefined : otherCurrency(rule, scope)
  if (other !== undefined)
    return refused('currency_differs', { ...saw, currency: other, expected: rule.currency })
  const amountMinor = amount ? amountOf(amount, rule, scope) : undefined
  if (amountMinor === undefined && !isFixed) {
    return refused('amount_missing', { ...saw, ...(amount ? seen(amount.fields, scope) : {}) })
  }
  const shown = amountMinor === undefined ? saw : { ...saw, amountMinor }
  if (!isFixed && amountMinor! <= 0n) return refused('amount_not_positive', shown)
  const amountDecimals = decimalsOf(rule)
  const scale = { amountDecimals, pointDecimals: programme.decimals }
  const fraction = pointsFor(document.points, amountMinor ?? 0n, scale)
  if (!fraction) return refused('below_first_step', { ...shown, steps: stepsOf(document) })
  const times = multipliersOf(rule, scope)
  const points = rounded(
    fraction,
    times.map((one) => one.times),
    document.rounding,
  )
  const full = {
    ...shown,
    points: document.points,
    ...(times.length > 0
      ? { multipliers: Object.fromEntries(times.map(({ id, times }) => [id, times])) }
      : {}),
  }
  if (points <= 0n) return refused('rounds_to_zero', full)
  if (points > MOST_POINTS) return refused('too_large', full)
  const baseMinor = amountMinor !== undefined && amountMinor > 0n ? amountMinor : 1n
  return { reason: 'credited', points, baseMinor, saw: full }
}

const stepsOf = ({ points }: EarnRule): unknown => ('steps' in points ? points.steps[0]!.fromMinor : null)

function multipliersOf({ multipliers }: CompiledRule, scope: Scope): { id: string; times: string }[] {
  const holding = multipliers.filter(({ when }) => when.value(scope) === true)
  const best = holding
    .filter(({ best }) => best)
    .reduce<(typeof holding)[number] | undefined>(
      (top, one) => (top === undefined || millionths(one.times) > millionths(top.times) ? one : top),
      undefined,
    )
  return [...holding.filter(({ best }) => !best), ...(best ? [best] : [])]
}

/** The text by which a return names a purchase; undefined when it cannot be read. */
export function textOf(reader: Reader | null, scope: Scope): string | undefined {
  const value = reader?.value(scope)
  return value === undefined ? undefined : nameIn(value)
}

/** Names of the counters that hold a rule's caps at a moment, in the order of the caps. */
export function countersOf(
  { document, programme, timeZone }: CompiledRule,
  atMs: number,
  local: LocalTimes,
): { counter: string; perMember: boolean; period: string }[] {
  const at = local.at(atMs, timeZone)
  const of = (period: CapPeriod): string => (period === 'event' ? '' : periodOf(period, at))
  const caps = document.caps.map(({ per, period }) => ({
    counter: `${document.id}/${per}/${period}`,
    perMember: per === 'member',
    period: of(period),
  }))
  const budget = programme.budgets.find(({ id }) => id === document.budget)
  if (!budget) return caps
  const counter = `budget/${programme.id}/${budget.id}/${budget.period}`
  return [...caps, { counter, perMember: false, period: of(budget.period) }]
}
