import { z } from 'zod'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'

/** What pages about messages need to know of a subscriber; identities stay with the server. */
const subscriber = z.object({
  subscriberId: z.number(),
  timeZone: z.string(),
  language: z.enum(['en', 'ru', 'uk']),
})
export type SubscriberHead = z.infer<typeof subscriber>

/** A subscriber by number, or by a phone number or another identity. */
export function findSubscriber(text: string, signal?: AbortSignal): Promise<SubscriberHead> {
  const typed = text.trim()
  const isNumber = /^\d{1,9}$/.test(typed)
  const path = isNumber ? calls.subscriber(Number(typed)) : calls.subscriberByIdentity(identityOf(typed))
  return ask(path, subscriber, { signal })
}

/** A phone number as people write it, with blanks, brackets and dashes, as the server reads it. */
export function identityOf(typed: string): string {
  if (!/^\+?[\d\s()-]{7,}$/.test(typed)) return typed
  return `msisdn:${typed.replace(/[^\d+]/g, '').replace(/^(?!\+)/, '+')}`
}
