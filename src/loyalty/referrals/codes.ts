import type { Batch, TakenEvent } from '../consumer.ts'
import type { ReadyReferral } from './plan.ts'
import { normalCode } from './referral.ts'

/** A code that came by the API, as an event that only referrals take. */
export const CODE_GIVEN = 'referral.code_given'

/** The code that an event brings for a referral programme. */
export function codeOf(
  batch: Batch,
  { document, code }: ReadyReferral,
  event: TakenEvent,
): string | undefined {
  if (event.type === CODE_GIVEN) {
    return event.data['referral'] === document.id ? normalCode(event.data['code']) : undefined
  }
  if (code?.on !== event.type) return undefined
  const subscriber = batch.subscriberOf(event.subscriberId)?.attributes ?? {}
  return normalCode(code.value({ event: event.data, subscriber }))
}
