import { charge } from './account.ts'
import { purpose } from './draw.ts'
import { eventType } from './event-writer.ts'
import { due } from './schedule.ts'
import { considerBuying } from './self-service.ts'
import type { World } from './world.ts'

/** Schedules the next stretch of use: a Poisson process with the person's rate and the weekly rhythm. */
export function scheduleSession(world: World, subscriber: number, afterMs: number): void {
  const { draws, people, state, calendar } = world
  const gap = draws.exponential(subscriber, purpose.sessionGap, state.sessions[subscriber]!)
  const hours = (gap * 24) / people.sessionsPerDay[subscriber]!
  const atMs = calendar.afterActivity(people.zone[subscriber]!, afterMs, hours)
  if (atMs <= world.endMs) world.schedule.add(atMs, subscriber, due.session)
}

/** One stretch of use: out of the package, across its end, or at the price of a megabyte. */
export function useData(world: World, subscriber: number, atMs: number): void {
  const { state, people, draws, b } = world
  const number = state.sessions[subscriber]!++
  scheduleSession(world, subscriber, atMs)
  if (state.barred[subscriber]) return
  state.lastUseMs[subscriber] = atMs
  const sigma = b.need.volumeSigma
  const factor = Math.exp(
    sigma * draws.normal(subscriber, purpose.sessionVolume, number) - (sigma * sigma) / 2,
  )
  let wantedMb = (people.needMbPerDay[subscriber]! / people.sessionsPerDay[subscriber]!) * factor
  const leftMb = state.allowanceMb[subscriber]! - state.usedMb[subscriber]!
  if (leftMb <= 0) {
    payAsYouGo(world, subscriber, wantedMb, number, atMs)
    considerBuying(world, subscriber, number, atMs)
    return
  }
  if (state.saving[subscriber]) wantedMb *= b.exhaustion.savingFactor
  const volumeMb = Math.max(0.01, round2(Math.min(wantedMb, leftMb)))
  state.usedMb[subscriber] =
    wantedMb >= leftMb ? state.allowanceMb[subscriber]! : state.usedMb[subscriber]! + volumeMb
  const allowanceMb = state.allowanceMb[subscriber]!
  const usedPercent = Math.floor((state.usedMb[subscriber]! / allowanceMb) * 100)
  recordUse(world, subscriber, volumeMb, 'package', usedPercent, 0, atMs)
  if (usedPercent >= 90 && !state.past90[subscriber]) {
    state.past90[subscriber] = 1
    state.saving[subscriber] = people.saver[subscriber]!
    world.events.add(subscriber, 'network', eventType.data90, atMs, `{"packageMb":${allowanceMb}}`)
  }
  if (state.usedMb[subscriber]! < allowanceMb) return
  // A session that a hundredth of a megabyte pushed over the end wanted nothing more.
  exhaust(world, subscriber, number, Math.max(0, wantedMb - leftMb), atMs)
  considerBuying(world, subscriber, number, atMs)
}

function exhaust(world: World, subscriber: number, number: number, goesOnMb: number, atMs: number): void {
  const { state, draws, b, schedule } = world
  state.exhaustedAtMs[subscriber] = atMs
  const wifi = draws.chance(b.exhaustion.wifiShare, subscriber, purpose.wifi, number)
  const delayH = draws.exponential(subscriber, purpose.wifiDelay, number) * b.exhaustion.wifiMeanH
  state.wifiAtMs[subscriber] = wifi ? atMs + delayH * 3_600_000 : Infinity
  const data = `{"packageMb":${state.allowanceMb[subscriber]!}}`
  world.events.add(subscriber, 'network', eventType.dataExceeded, atMs, data)
  const fallsAtMs = atMs + b.exhaustion.paygBeginsS * 1000
  schedule.act(fallsAtMs, subscriber, () => {
    if (state.exhaustedAtMs[subscriber] === atMs) useAtPrice(world, subscriber, goesOnMb, number, fallsAtMs)
  })
}

function payAsYouGo(world: World, subscriber: number, wantedMb: number, number: number, atMs: number): void {
  const { draws, b, state } = world
  if (!draws.chance(b.exhaustion.paygSessionShare, subscriber, purpose.paygHappens, number)) return
  // Later sessions on an empty balance are refused before they become a record.
  if (state.balanceMinor[subscriber]! < 0.05 * b.exhaustion.paygMinorPerMb) return
  useAtPrice(world, subscriber, wantedMb, number, atMs)
}

/** Traffic by the megabyte as far as the balance pays for it. Nothing at all is still recorded: it was asked for. */
function useAtPrice(world: World, subscriber: number, wantedMb: number, number: number, atMs: number): void {
  const { state, draws, b } = world
  const { paygMeanMb, paygMinorPerMb } = b.exhaustion
  const drawnMb = draws.exponential(subscriber, purpose.paygVolume, number) * paygMeanMb
  const affordableMb = state.balanceMinor[subscriber]! / paygMinorPerMb
  const volumeMb = Math.floor(Math.min(drawnMb, wantedMb, affordableMb) * 100) / 100
  const chargeMinor = Math.round(volumeMb * paygMinorPerMb)
  if (chargeMinor > 0) charge(world, subscriber, chargeMinor, atMs)
  recordUse(world, subscriber, volumeMb, 'payg', 100, chargeMinor, atMs)
}

function recordUse(
  world: World,
  subscriber: number,
  volumeMb: number,
  charging: 'package' | 'payg',
  usedPercent: number,
  chargeMinor: number,
  atMs: number,
): void {
  world.events.add(
    subscriber,
    'network',
    eventType.usage,
    atMs,
    `{"volumeMb":${volumeMb},"charging":"${charging}","packageUsedPercent":${usedPercent},"chargeMinor":${chargeMinor}}`,
  )
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}
