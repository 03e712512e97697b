import type { ActivationRequest } from '../../operator/index.ts'
import { decimalText, derivedId, instantOf } from '../../platform/index.ts'
import type { Batch, Effects, TakenEvent } from '../consumer.ts'
import type { Member } from '../members.ts'
import type { CountedPurchases } from './counting.ts'
import { dateOf } from './days.ts'
import type { TierReason } from './errors.ts'
import { amountDecimalsOf, type Ladders, type ReadyLadder } from './ladder.ts'
import { countedOn, type Granted, lookAt, type Look, prune, type Standing } from './standing.ts'
import type { TierChange } from './store.ts'

/** What the session works with: loaded before, changed in memory, stored after. */
export type Desk = {
  batch: Pick<Batch, 'memberOf' | 'membersOf' | 'subscriberOf'>
  ladders: Ladders
  /** Ladders that are being filled with the past. */
  unfilled: ReadonlySet<string>
  standings: Map<string, Standing>
  changed: Set<Standing>
  changes: TierChange[]
  purchases: CountedPurchases
  /** What campaigns sold, which stands on no log. */
  sold: TakenEvent[]
  orders: ActivationRequest[]
}

/** Place of a standing in the desk's memory. */
export const placeOf = (ladderId: string, subscriberId: number): string => `${ladderId}\n${subscriberId}`

/** A standing that is looked at because of an event. */
export type Seat = { desk: Desk; ladder: ReadyLadder; member: Member; standing: Standing; effects: Effects }

/** Changes a standing, which is stored at the end of the batch. */
export function change({ desk, standing }: Seat, fields: Partial<Standing>): void {
  Object.assign(standing, fields)
  desk.changed.add(standing)
}

/**
 * Looks at a standing as of a moment, and moves it where it belongs. While its ladder is being filled nobody knows where
 * that is: the tier stays, unless somebody decides about it by hand.
 */
export function look(seat: Seat, atMs: number, reason: TierReason, saw: Record<string, unknown> = {}): void {
  const { desk, ladder, standing } = seat
  const { tiers } = ladder.document
  const isFilling = desk.unfilled.has(ladder.document.id)
  const today = ladder.days.dayOf(atMs)
  prune(ladder, standing, today)
  if (standing.override?.untilMs != null && standing.override.untilMs <= atMs) standing.override = null
  const found = lookAt(ladder, standing, atMs, isFilling)
  const { index, dueMs, isOverridden } = found
  if (dueMs !== standing.dueMs) change(seat, { dueMs })
  standing.lookedAtMs = atMs
  const tier = isFilling && !isOverridden ? standing.tier : (tiers[index]?.id ?? null)
  if (tier !== standing.tier) {
    const isUp = placeIn(ladder, tier) > placeIn(ladder, standing.tier)
    const why = isUp && reason === 'tier_lapsed' ? 'tier_reached' : reason
    move(seat, tier, atMs, why, { ...seen(seat, found, today), ...saw })
  } else if (saw['by'] !== undefined) note(seat, atMs, reason, saw)
  else if (!isFilling) refit(seat, atMs)
  warn(seat, found, today, atMs)
}

/** The place of a tier in its ladder; none is below all. */
export const placeIn = (ladder: ReadyLadder, tier: string | null): number =>
  ladder.document.tiers.findIndex(({ id }) => id === tier)

function seen(
  { ladder, standing }: Seat,
  { merit, isOverridden }: Look,
  today: number,
): Record<string, unknown> {
  const { by } = ladder.document
  return {
    ...(by.measure === 'tenure'
      ? { since: standing.startDay === null ? null : dateOf(standing.startDay).toString() }
      : { counted: countedOn(ladder, standing, today) }),
    ...(Number.isFinite(merit.until) ? { keptBefore: dateOf(merit.until).toString() } : {}),
    ...(isOverridden ? { override: standing.override!.tier } : {}),
  }
}

/** Notes in the history what changed no tier. */
function note(
  { desk, ladder, standing }: Seat,
  atMs: number,
  reason: TierReason,
  saw: Record<string, unknown>,
): void {
  const { tier, subscriberId } = standing
  const former = tier
  desk.changed.add(standing)
  desk.changes.push({
    ladderId: ladder.document.id,
    subscriberId,
    move: ++standing.moves,
    former,
    tier,
    reason,
    atMs,
    saw,
  })
}

/** Brings a member to a tier, tells it and keeps why; null is none. */
export function move(
  seat: Seat,
  tier: string | null,
  atMs: number,
  reason: TierReason,
  saw: Record<string, unknown>,
): void {
  const { desk, ladder, standing, effects } = seat
  const { id: ladderId, isPrimary } = ladder.document
  const { subscriberId, tier: former } = standing
  const direction = placeIn(ladder, tier) > placeIn(ladder, former) ? 'up' : 'down'
  change(seat, { tier, sinceMs: atMs, moves: standing.moves + 1, toldUntil: null })
  desk.changes.push({ ladderId, subscriberId, move: standing.moves, former, tier, reason, atMs, saw })
  const programmeId = ladder.programme.id
  const key = `${ladderId}:${subscriberId}:${standing.moves}`
  effects.judge({
    consumer: 'tiers',
    programmeId,
    rule: ladderId,
    ruleVersion: ladder.version,
    reason,
    saw: { ...saw, tier, former },
  })
  effects.announce({
    type: 'loyalty.tier_changed',
    programmeId,
    subscriberId,
    key,
    atMs,
    data: {
      ladder: ladderId,
      direction,
      reason,
      isPrimary,
      ...(tier === null ? {} : { tier }),
      ...(former === null ? {} : { former }),
    },
  })
  const at = instantOf(atMs)
  const attributes = { programmeId, ladderId, tier, former, direction }
  effects.fact({ kind: 'tier_changed', at, subscriberId, reason, ref: key, attributes })
  refit(seat, atMs)
}

/** What a tier gives: its own benefits and those of the tiers below, the higher one's where both have the same. */
function benefitsOf({ document }: ReadyLadder, place: number): Map<string, Granted> {
  const named = document.tiers
    .slice(0, place + 1)
    .flatMap(({ id: tier, benefits }) =>
      benefits.map(({ id, order }): [string, Granted] => [id, { id, tier, ...order }]),
    )
  return new Map(named)
}

/**
 * Gives what is due and ends what is not. A benefit of another tier under the same id takes the place of the one before:
 * it is granted anew, and nothing ends but a product that the new one does not end by itself.
 */
function refit(seat: Seat, atMs: number): void {
  const { ladder, standing } = seat
  const due = benefitsOf(ladder, placeIn(ladder, standing.tier))
  const had = new Map(standing.benefits.map((one) => [one.id, one]))
  const ended = standing.benefits.filter(({ id }) => !due.has(id))
  const granted = [...due.values()].filter((one) => !isSame(seat, had.get(one.id), one))
  if (ended.length + granted.length === 0) return
  // What stays is kept as it was granted.
  const benefits = [...due.values()].map((one) => (granted.includes(one) ? one : had.get(one.id)!))
  change(seat, { benefits })
  for (const one of ended) tellBenefit(seat, 'loyalty.benefit_ended', one.id, one.onEnd, atMs)
  for (const one of granted) {
    const former = had.get(one.id)
    if (former?.onEnd !== undefined && former.onEnd !== one.onEnd) {
      orderFor(seat, `loyalty.benefit_replaced ${keyOf(seat, one.id)}`, former.onEnd)
    }
    tellBenefit(seat, 'loyalty.benefit_granted', one.id, one.productId, atMs)
  }
}

/** Whether what a member has is what is due: the same product or, where none is ordered, the same words. */
function isSame({ ladder }: Seat, had: Granted | undefined, due: Granted): boolean {
  if (!had || had.productId !== due.productId) return false
  if (due.productId !== undefined || had.tier === due.tier) return true
  const wordsOf = ({ id, tier }: Granted): string | undefined => {
    const found = ladder.document.tiers.find((one) => one.id === tier)?.benefits.find((one) => one.id === id)
    return found && JSON.stringify([found.name, found.description])
  }
  return wordsOf(had) === wordsOf(due)
}

/** A benefit may come and go with one look only once, so this names it for ever. */
const keyOf = ({ ladder, standing }: Seat, benefit: string): string =>
  `${ladder.document.id}:${standing.subscriberId}:${benefit}:${standing.moves}:${ladder.version}`

function tellBenefit(
  seat: Seat,
  type: string,
  benefit: string,
  productId: string | undefined,
  atMs: number,
): void {
  const { ladder, standing, effects } = seat
  const { subscriberId, tier } = standing
  const key = keyOf(seat, benefit)
  effects.announce({
    type,
    programmeId: ladder.programme.id,
    subscriberId,
    key,
    atMs,
    data: {
      ladder: ladder.document.id,
      benefit,
      ...(tier === null ? {} : { tier }),
      ...(productId === undefined ? {} : { productId }),
    },
  })
  if (productId !== undefined) orderFor(seat, `${type} ${key}`, productId)
}

/** Orders a product from the operator at no price. */
function orderFor({ desk, ladder, standing }: Seat, cause: string, productId: string): void {
  const activationId = derivedId(cause)
  const { currency } = ladder.programme
  // Its journey is nobody's: the reference names no instance.
  const free = { priceMinor: 0n, creditMinor: 0n, currency }
  desk.orders.push({
    activationId,
    subscriberId: standing.subscriberId,
    productId,
    ...free,
    reference: activationId,
  })
}

/** Tells once when a tier is in its grace: what was reached before does not count any more. */
function warn(seat: Seat, { merit, isOverridden }: Look, today: number, atMs: number): void {
  const { ladder, standing, effects } = seat
  const { end, until } = merit
  if (isOverridden || end > today || standing.toldUntil === until) return
  change(seat, { toldUntil: until })
  const { subscriberId, tier } = standing
  const asked = BigInt(ladder.document.tiers[merit.index]!.at!)
  const ladderId = ladder.document.id
  const missing = asked - countedOn(ladder, standing, today)
  effects.announce({
    type: 'loyalty.tier_at_risk',
    programmeId: ladder.programme.id,
    subscriberId,
    // A grace may begin once more, after a tier by hand or another ladder, and is then told again.
    key: `${ladderId}:${subscriberId}:${tier}:${until}:${standing.moves}:${effects.event.eventId}`,
    atMs,
    data: {
      ladder: ladderId,
      tier: tier!,
      missing: decimalText(missing, amountDecimalsOf(ladder)),
      missingMinor: Number(missing),
      until: ladder.days.startMs(until),
      on: dateOf(until - 1).toString(),
    },
  })
}
