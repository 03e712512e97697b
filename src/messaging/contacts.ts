import type { Message } from './message.ts'
import type { Contact } from './policy.ts'

/** A contact with the message that made it, so that it is counted once wherever it is read from. */
export type Counted = Contact & { messageId: string }

/** The contact that a message is: from its mark on, unless it turned out that it was not sent. */
export function contactOf(message: Message): Counted | undefined {
  const { messageId, channel, purpose, markedMs, submittedMs, run } = message
  if (message.state !== 'submitting' && submittedMs === null) return undefined
  return { messageId, channel, purpose, runId: run.runId, atMs: submittedMs ?? markedMs }
}
