import { planTopUp, renew, topUp } from './account.ts'
import { purpose } from './draw.ts'
import { due, type DueItem } from './schedule.ts'
import { scheduleSession, useData } from './usage.ts'
import type { World } from './world.ts'

const dayMs = 86_400_000
/** Length of the month of use that the starting state supposes, days. */
const cycleDays = 30.4

/** Puts everybody in the middle of a life: part of the package used, a renewal and perhaps a top-up ahead. */
export function begin(world: World): void {
  const { people, state, draws, calendar, schedule, startMs } = world
  for (let i = 0; i < people.size; i++) {
    const zone = people.zone[i]!
    const renewalAtMs = calendar.nextMonthDay(zone, startMs, people.renewalDay[i]!, people.renewalMinute[i]!)
    state.renewalAtMs[i] = renewalAtMs
    schedule.add(renewalAtMs, i, due.renewal)
    const elapsedDays = Math.max(0, cycleDays - (renewalAtMs - startMs) / dayMs)
    const perDay = people.needMbPerDay[i]! * Math.exp(0.2 * draws.normal(i, purpose.openingUse))
    openingUse(world, i, perDay, elapsedDays)
    scheduleSession(world, i, startMs)
    if (state.balanceMinor[i]! < people.topUpBelowMinor[i]!) planTopUp(world, i, startMs)
  }
}

/** Used so far: to 90 % at the full pace, beyond it at a saver's pace where the person saves. */
function openingUse(world: World, i: number, perDay: number, elapsedDays: number): void {
  const { people, state, b, startMs } = world
  const packageMb = people.packageMb[i]!
  const past90Days = (0.9 * packageMb) / perDay
  if (elapsedDays < past90Days) {
    state.usedMb[i] = perDay * elapsedDays
    return
  }
  const pace = people.saver[i] ? perDay * b.exhaustion.savingFactor : perDay
  const usedMb = 0.9 * packageMb + pace * (elapsedDays - past90Days)
  state.past90[i] = 1
  state.saving[i] = people.saver[i]!
  state.usedMb[i] = Math.min(packageMb, usedMb)
  if (usedMb >= packageMb) state.exhaustedAtMs[i] = startMs - ((usedMb - packageMb) / pace) * dayMs
}

const item: DueItem = { atMs: 0, subscriber: 0, kind: 0, act: undefined }

/** Lives up to and including `untilMs`, in the order of exact times; the clock then stands at `untilMs`. */
export function live(world: World, untilMs: number): void {
  const { schedule, clock } = world
  while (schedule.take(untilMs, item)) {
    const { atMs, subscriber } = item
    clock.setMs(atMs)
    if (item.kind === due.session) useData(world, subscriber, atMs)
    else if (item.kind === due.topUp) topUp(world, subscriber, atMs)
    else if (item.kind === due.renewal) renew(world, subscriber, atMs)
    else item.act?.()
  }
  clock.setMs(untilMs)
}
