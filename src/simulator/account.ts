import { purpose } from './draw.ts'
import { eventType } from './event-writer.ts'
import { repayLoans } from './lending.ts'
import { due } from './schedule.ts'
import type { World } from './world.ts'

const dayMs = 86_400_000

/** Takes from the balance (kopecks). What a trust payment put there is spent last. */
export function charge(world: World, subscriber: number, amountMinor: number, atMs: number): void {
  const { state } = world
  const left = state.balanceMinor[subscriber]! - amountMinor
  state.balanceMinor[subscriber] = left
  state.unspentLoanMinor[subscriber] = Math.min(state.unspentLoanMinor[subscriber]!, Math.max(0, left))
  if (left < world.people.topUpBelowMinor[subscriber]!) planTopUp(world, subscriber, atMs)
}

/** Puts on the balance from outside: repays what is owed, records the top-up, takes a fee that waited. */
export function credit(world: World, subscriber: number, amountMinor: number, atMs: number): void {
  const { state } = world
  state.balanceMinor[subscriber]! += amountMinor
  repayLoans(world, subscriber, amountMinor, atMs)
  const balanceMinor = state.balanceMinor[subscriber]!
  world.events.add(
    subscriber,
    'billing',
    eventType.topUp,
    atMs,
    `{"amountMinor":${amountMinor},"balanceMinor":${balanceMinor}}`,
  )
  if (state.barred[subscriber]) renew(world, subscriber, atMs)
}

/** Plans the person's next top-up, unless one is planned that comes soon enough. */
export function planTopUp(world: World, subscriber: number, atMs: number): void {
  const { b, state } = world
  const hasty = state.barred[subscriber] === 1
  const meanMs = hasty ? b.money.topUpWhenBarredMeanH * 3_600_000 : b.money.topUpMeanDays * dayMs
  const counter = state.topUps[subscriber]! * 2 + (hasty ? 1 : 0)
  const delayMs = world.draws.exponential(subscriber, purpose.topUpDelay, counter) * meanMs
  const topUpAtMs = Math.round(atMs + 60_000 + delayMs)
  const planned = state.topUpAtMs[subscriber]!
  if (planned > atMs && planned <= topUpAtMs) return
  if (planned > atMs && !hasty) return
  state.topUpAtMs[subscriber] = topUpAtMs
  world.schedule.add(topUpAtMs, subscriber, due.topUp)
}

/** The planned top-up happens. One that was moved to an earlier moment is left out. */
export function topUp(world: World, subscriber: number, atMs: number): void {
  const { b, state } = world
  if (state.topUpAtMs[subscriber] !== atMs) return
  state.topUpAtMs[subscriber] = 0
  const counter = state.topUps[subscriber]!++
  const double = world.draws.chance(b.money.doubleTopUpShare, subscriber, purpose.topUpDouble, counter)
  credit(world, subscriber, world.people.topUpMinor[subscriber]! * (double ? 2 : 1), atMs)
  if (
    state.barred[subscriber] ||
    state.balanceMinor[subscriber]! < world.people.topUpBelowMinor[subscriber]!
  ) {
    planTopUp(world, subscriber, atMs)
  }
}

/** The day of renewal: the fee is taken and a new package begins, or the line waits for a top-up. */
export function renew(world: World, subscriber: number, atMs: number): void {
  const { people, state, calendar } = world
  const feeMinor = people.monthlyFeeMinor[subscriber]!
  if (state.balanceMinor[subscriber]! < feeMinor) {
    if (state.barred[subscriber]) return
    state.barred[subscriber] = 1
    planTopUp(world, subscriber, atMs)
    return
  }
  state.barred[subscriber] = 0
  charge(world, subscriber, feeMinor, atMs)
  state.usedMb[subscriber] = 0
  state.allowanceMb[subscriber] = people.packageMb[subscriber]!
  state.exhaustedAtMs[subscriber] = 0
  state.past90[subscriber] = 0
  state.saving[subscriber] = 0
  world.events.add(
    subscriber,
    'billing',
    eventType.renewed,
    atMs,
    `{"packageMb":${people.packageMb[subscriber]!}}`,
  )
  const next = calendar.nextMonthDay(
    people.zone[subscriber]!,
    atMs,
    people.renewalDay[subscriber]!,
    people.renewalMinute[subscriber]!,
  )
  state.renewalAtMs[subscriber] = next
  world.schedule.add(next, subscriber, due.renewal)
}
