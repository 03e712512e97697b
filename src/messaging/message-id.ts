import { derivedId } from '../platform/index.ts'

/** The hexadecimal digit with its last bit turned, by the code of the digit. */
const turned: string[] = []
for (let digit = 0; digit < 16; digit++)
  for (const text of [digit.toString(16), digit.toString(16).toUpperCase()])
    turned[text.charCodeAt(0)] = (digit ^ 1).toString(16)

/**
 * The id of a run's message at a step: there is one, whoever makes it and however often. That of the first message is
 * the run's own with its last bit turned, so that either finds the other (`messaging.run_of_message`).
 */
export function messageIdOf(runId: string, step: number): string {
  if (step > 0) return derivedId('message', runId, step)
  return runId.slice(0, -1) + turned[runId.charCodeAt(runId.length - 1)]
}
