import { live } from './life.ts'
import type { TenurePort } from './tenure-port.ts'
import type { World } from './world.ts'

export type DriveTotals = { steps: number; accepted: number; duplicates: number; rejected: number }

export type DriveOptions = {
  /** Grid of simulated time, seconds; the behaviour's where missing. */
  stepS?: number
  /** Calls to Tenure under way at a time. */
  callsAtOnce?: number
  /** After each step. */
  onStep?: (nowMs: number) => void
}

/**
 * Plays the world's period against Tenure, as README.md here tells: live to the next due moment, hand over events,
 * then receipts and answers, then move Tenure's clock and wait until it has nothing left to do. One step after the
 * period's end lets what is under way arrive.
 */
export async function drive(
  world: World,
  tenure: TenurePort,
  options: DriveOptions = {},
): Promise<DriveTotals> {
  const stepMs = (options.stepS ?? world.b.worldStepS) * 1000
  const totals: DriveTotals = { steps: 0, accepted: 0, duplicates: 0, rejected: 0 }
  const step = async (untilMs: number): Promise<number | null> => {
    live(world, untilMs)
    for (const { body } of world.events.takeBatches()) {
      const answer = await tenure.postEvents(body)
      totals.accepted += answer.accepted
      totals.duplicates += answer.duplicates
      totals.rejected += answer.rejected
    }
    await world.calls.run(tenure, options.callsAtOnce ?? 64)
    const nextDueMs = await tenure.moveClock(untilMs)
    world.journal.flush()
    totals.steps++
    options.onStep?.(untilMs)
    return nextDueMs
  }
  let nowMs = world.startMs
  let tenureDueMs = await tenure.moveClock(nowMs)
  while (nowMs < world.endMs) {
    nowMs = nextMoment(world, nowMs, tenureDueMs, stepMs)
    tenureDueMs = await step(nowMs)
  }
  await step(nowMs + stepMs)
  return totals
}

/** The earliest due moment of both sides on the grid, after `nowMs` and not beyond the end. */
function nextMoment(world: World, nowMs: number, tenureDueMs: number | null, stepMs: number): number {
  const dueMs = world.events.waiting > 0 ? nowMs : Math.min(world.schedule.nextMs(), tenureDueMs ?? Infinity)
  if (dueMs === Infinity) return world.endMs
  const onGrid = Math.ceil(dueMs / stepMs) * stepMs
  const afterNow = Math.floor(nowMs / stepMs) * stepMs + stepMs
  return Math.min(world.endMs, Math.max(onGrid, afterNow))
}
