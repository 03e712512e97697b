import type { Plan, Step } from './catalogue.ts'
import type { ChosenOrder, Run } from './message.ts'
import { cheapestOrder } from './reachability.ts'

/** The chance that a message of a step does for the subscriber what the step waits for, and the own history behind it. */
type Reach = { tried: number; reached: number; reach: number }

/**
 * The order of a cascade's steps in which a subscriber is reached for the least expected cost, with what it was chosen
 * by. `reachOf` answers for the subscriber; a step that cannot be sent reaches nobody. `priceOf` is one message's.
 */
export function chooseOrder(
  plan: Plan,
  reachOf: (step: Step) => Reach | undefined,
  priceOf: (step: Step) => bigint,
): ChosenOrder {
  const steps = plan.steps.map((step) => {
    const { tried, reached, reach } = reachOf(step) ?? { tried: 0, reached: 0, reach: 0 }
    return { channel: step.channel, priceMinor: priceOf(step), tried, reached, reach }
  })
  return {
    order: cheapestOrder(steps),
    steps: steps.map(({ priceMinor, reach, ...step }) => ({
      ...step,
      priceMinor: String(priceMinor),
      reach: Math.round(reach * 1_000) / 1_000,
    })),
  }
}

/** The step of the cascade that a run takes at a place of its own order, counted from 0. */
export function stepAt(plan: Plan, run: Pick<Run, 'chosen'>, at: number): Step {
  return plan.steps[run.chosen?.order[at] ?? at]!
}
