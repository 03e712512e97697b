import { createHash } from 'node:crypto'

import type { World } from './world.ts'

/** One line that stands for how every subscriber ended: equal for equal runs, whatever order requests came in. */
export function perSubscriberDigest(world: World): string {
  const { people, state } = world
  const hash = createHash('sha256')
  for (let i = 0; i < people.size; i++) {
    hash.update(
      [
        people.keys[i],
        state.balanceMinor[i],
        Math.round(state.usedMb[i]! * 100),
        state.allowanceMb[i],
        state.sessions[i],
        state.topUps[i],
        state.loans[i],
        state.orders[i],
        state.sales[i],
        state.messages[i],
        state.answers[i],
        state.events[i],
      ].join('|'),
    )
    hash.update('\n')
  }
  return hash.digest('hex')
}
