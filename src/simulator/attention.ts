import { purpose } from './draw.ts'
import type { World } from './world.ts'

const hourMs = 3_600_000

/** Whether the phone is on and in coverage: while it is used, else by blocks of time whose phase is the person's own. */
export function reachable(world: World, subscriber: number, atMs: number): boolean {
  const { draws, b } = world
  if (inHand(world, subscriber, atMs)) return true
  return !draws.chance(
    b.coverage.awayShare,
    subscriber,
    purpose.coverage,
    coverageBlock(world, subscriber, atMs),
  )
}

/** The first moment from `atMs` on when the phone can be reached, epoch ms. */
export function nextReachable(world: World, subscriber: number, atMs: number): number {
  const blockMs = world.b.coverage.blockH * hourMs
  let at = atMs
  while (!reachable(world, subscriber, at)) {
    const phaseMs = coveragePhase(world, subscriber)
    at = (coverageBlock(world, subscriber, at) + 1) * blockMs - phaseMs
  }
  return Math.max(atMs, Math.ceil(at))
}

function coverageBlock(world: World, subscriber: number, atMs: number): number {
  return Math.floor((atMs + coveragePhase(world, subscriber)) / (world.b.coverage.blockH * hourMs))
}

function coveragePhase(world: World, subscriber: number): number {
  const unit = world.draws.unit(subscriber, purpose.coverageOffset)
  return Math.floor(unit * world.b.coverage.blockH * hourMs)
}

/** Whether the person sleeps at that moment, by local hour and own shift. */
export function asleep(world: World, subscriber: number, atMs: number): boolean {
  const { sleepFromH, sleepToH } = world.b.reading
  const hour = world.calendar.localHour(world.people.zone[subscriber]!, atMs)
  const shifted = (hour - world.people.sleepShiftH[subscriber]! + 48) % 24
  return sleepFromH > sleepToH
    ? shifted >= sleepFromH || shifted < sleepToH
    : shifted >= sleepFromH && shifted < sleepToH
}

/** When an SMS that reached the phone at `atMs` is read; undefined when it never is. */
export function smsReadAt(
  world: World,
  subscriber: number,
  atMs: number,
  message: number,
): number | undefined {
  const { draws, b } = world
  if (draws.chance(b.reading.smsNeverShare, subscriber, purpose.smsNever, message)) return undefined
  const delayMs = draws.spread(b.reading.smsDelayMin, subscriber, purpose.smsDelay, message) * 60_000
  return awakeFrom(world, subscriber, Math.round(atMs + delayMs))
}

function awakeFrom(world: World, subscriber: number, atMs: number): number {
  if (!asleep(world, subscriber, atMs)) return atMs
  const hour = (world.b.reading.sleepToH + world.people.sleepShiftH[subscriber]! + 48) % 24
  // Half an hour after waking, so that the shift's rounding cannot leave the person asleep.
  return world.calendar.nextLocalHour(world.people.zone[subscriber]!, atMs, hour) + 1_800_000
}

/** Whether a pop-up is seen before it closes: the phone must be in the hand. */
export function seesPopUp(world: World, subscriber: number, atMs: number, message: number): boolean {
  const { draws, b } = world
  const held = inHand(world, subscriber, atMs)
  if (!held && asleep(world, subscriber, atMs)) return false
  const share = held ? b.reading.popUpSeenInHandShare : b.reading.popUpSeenShare
  return draws.chance(share, subscriber, purpose.popUpSeen, message)
}

function inHand(world: World, subscriber: number, atMs: number): boolean {
  return atMs - world.state.lastUseMs[subscriber]! <= world.b.reading.inHandMin * 60_000
}
