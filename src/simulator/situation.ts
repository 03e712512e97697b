import { type Situation, urgencyOf } from './decision.ts'
import type { World } from './world.ts'

const dayMs = 86_400_000

/** How a subscriber stands at a moment: the person's traits and what the package and the calendar do to them. */
export function situationOf(world: World, subscriber: number, atMs: number): Situation {
  const { people, state, b } = world
  const exhaustedAtMs = state.exhaustedAtMs[subscriber]!
  const daysToRenewal = Math.max(0, state.renewalAtMs[subscriber]! - atMs) / dayMs
  const usable = state.barred[subscriber] === 0
  const urgency = urgencyOf(
    {
      exhaustedForH: usable && exhaustedAtMs > 0 ? (atMs - exhaustedAtMs) / 3_600_000 : undefined,
      nearEnd: usable && state.past90[subscriber] === 1,
      saver: people.saver[subscriber] === 1,
      wifi: atMs >= state.wifiAtMs[subscriber]!,
      halfLifeH: people.halfLifeH[subscriber]!,
      daysToRenewal,
    },
    b,
  )
  const aheadDays = Math.min(daysToRenewal, people.planDays[subscriber]!)
  return {
    importance: people.importance[subscriber]!,
    urgency,
    wantedMb: Math.max(30, people.needMbPerDay[subscriber]! * aheadDays),
    pickiness: people.pickiness[subscriber]!,
    priceSensitivity: people.priceSensitivity[subscriber]!,
    debtAversion: people.debtAversion[subscriber]!,
    effortPerKey: people.effortPerKey[subscriber]!,
    annoyance: annoyanceAt(world, subscriber, atMs),
  }
}

/** One more advertising message was read. */
export function annoy(world: World, subscriber: number, atMs: number): void {
  world.state.annoyance[subscriber] = annoyanceAt(world, subscriber, atMs) + world.b.annoyance.perMessage
  world.state.annoyanceAtMs[subscriber] = atMs
}

function annoyanceAt(world: World, subscriber: number, atMs: number): number {
  const days = (atMs - world.state.annoyanceAtMs[subscriber]!) / dayMs
  return world.state.annoyance[subscriber]! * 2 ** (-days / world.b.annoyance.halfLifeDays)
}
