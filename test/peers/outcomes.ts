import type { Channel, OutboundMessage, SubmitOutcome } from '../../src/messaging/index.ts'

/** Submits a batch and resolves with its outcomes in order; a second outcome for one message is an error. */
export function outcomesOf(channel: Channel, messages: OutboundMessage[]): Promise<SubmitOutcome[]> {
  const outcomes: (SubmitOutcome | undefined)[] = messages.map(() => undefined)
  let open = messages.length
  return new Promise((resolve, reject) => {
    channel.submit(messages, (index, outcome) => {
      if (outcomes[index] !== undefined) reject(new Error(`a second outcome for message ${index}`))
      outcomes[index] = outcome
      if (--open === 0) resolve(outcomes as SubmitOutcome[])
    })
  })
}
