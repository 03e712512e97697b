import { DomainError } from '../../platform/index.ts'
import type { ChannelEvents, InboundAnswer } from '../channel.ts'

/**
 * Hands an answer up and resolves when the provider may be told that it was taken: because it is kept, or because it
 * is refused for good (nobody has that address) and would be refused again. The text to reply with, if any; any other
 * error goes on, so that the provider comes again.
 */
export async function handUpAnswer(
  events: ChannelEvents,
  answer: InboundAnswer,
): Promise<string | undefined> {
  try {
    return (await events.onAnswer(answer)) ?? undefined
  } catch (error) {
    if (error instanceof DomainError) return undefined
    throw error
  }
}
