import type { Outcome } from './delivery.ts'
import type { Dispatch } from './reading.ts'

/** So many failures, with no success between them, mean that the receiver is down. */
const FAILURES_OF_ONE_DOWN = 5

/** Failures since the receiver took anything, whatever they were about. */
export type Streak = { failures: number }

export type Posted<T> = {
  taken: T[]
  failed: { letter: T; error: string; retryAfterMs?: number }[]
  /** Not tried: behind a failure about the same subscriber, or the receiver is down. */
  left: T[]
  isDown: boolean
}

/**
 * Posts letters, several at a time but those of one lane one behind the other. A failure ends its lane; a row of
 * failures ends everything, so that a receiver that hangs is not waited for by each letter.
 */
export async function postAll<T extends Dispatch>(
  letters: readonly T[],
  concurrency: number,
  post: (letter: T) => Promise<Outcome>,
  streak: Streak,
): Promise<Posted<T>> {
  const posted: Posted<T> = { taken: [], failed: [], left: [], isDown: false }
  const lanes = [...Map.groupBy(letters, ({ lane }) => lane).values()]
  const work = async (): Promise<void> => {
    for (let lane = lanes.shift(); lane; lane = lanes.shift()) {
      for (const [i, letter] of lane.entries()) {
        if (posted.isDown) {
          posted.left.push(...lane.slice(i))
          break
        }
        const outcome = await post(letter)
        if (outcome.isTaken) {
          streak.failures = 0
          posted.taken.push(letter)
          continue
        }
        if (++streak.failures >= FAILURES_OF_ONE_DOWN) posted.isDown = true
        const { isTaken: _no, ...failure } = outcome
        posted.failed.push({ letter, ...failure })
        posted.left.push(...lane.slice(i + 1))
        break
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return posted
}
