import { z } from 'zod'
import type { SubmitOutcome } from '../../channel.ts'
import { type HttpAnswer, jsonOrUndefined, outcomeOfStatus } from '../http-request.ts'

/** Error codes of the Cloud API whose meaning matters here (Meta's reference, "Error codes"), by our word for them. */
const reasons = new Map([
  [4, 'rate_limited'],
  [80_007, 'rate_limited'],
  [130_429, 'rate_limited'],
  [131_056, 'pair_rate_limited'],
  [0, 'token_refused'],
  [3, 'token_refused'],
  [10, 'token_refused'],
  [190, 'token_refused'],
  [368, 'account_restricted'],
  [131_031, 'account_restricted'],
  [131_042, 'account_unpaid'],
  [131_048, 'spam_limited'],
  [131_049, 'marketing_cap'],
  [131_050, 'marketing_stopped'],
  [130_472, 'experiment'],
  [131_026, 'not_on_whatsapp'],
  [470, 'window_closed'],
  [131_047, 'window_closed'],
  [131_051, 'type_unsupported'],
  [131_052, 'media_unreachable'],
  [131_053, 'media_unreachable'],
  [132_000, 'template_parameters'],
  [132_001, 'template_missing'],
  [132_005, 'template_too_long'],
  [132_007, 'template_rejected'],
  [132_012, 'template_parameters'],
  [132_015, 'template_paused'],
  [132_016, 'template_disabled'],
])

/**
 * What is sent again after so long, real ms. To the same subscriber six seconds have to pass; what is wrong with the
 * account an operator has to mend, and the messages wait for that as long as they live.
 */
const pausesMs = new Map([
  ['rate_limited', 1_000],
  ['pair_rate_limited', 6_000],
  ['token_refused', 60_000],
  ['account_restricted', 60_000],
  ['account_unpaid', 60_000],
  ['spam_limited', 60_000],
])

const answer = z.object({
  messages: z.array(z.object({ id: z.string().min(1) })).min(1),
})
const fault = z.object({ error: z.object({ code: z.number() }) })

/** Our word for an error code of the Cloud API. */
export const reasonOf = (code: number): string => reasons.get(code) ?? `whatsapp_${code}`

/** Whether a refusal says that nobody has WhatsApp at this address. */
export const isGone = (reason: string): boolean => reason === 'not_on_whatsapp'

/** What the answer to a message says: by its error's code first, by its status where that says nothing. */
export function outcomeOfAnswer(given: HttpAnswer): SubmitOutcome {
  const body = jsonOrUndefined(given.text)
  const taken = answer.safeParse(body)
  if (given.status === 200 && taken.success) {
    return { outcome: 'accepted', providerMessageId: taken.data.messages[0]!.id }
  }
  const failed = fault.safeParse(body)
  const reason = failed.success ? reasons.get(failed.data.error.code) : undefined
  if (reason !== undefined) {
    const afterMs = pausesMs.get(reason)
    return afterMs === undefined ? { outcome: 'refused', reason } : { outcome: 'retry', afterMs, reason }
  }
  if (given.status < 300) return { outcome: 'unknown', reason: 'answer_without_id' }
  const outcome = outcomeOfStatus(given)
  const isRefused = outcome.outcome === 'refused' && failed.success
  return isRefused ? { outcome: 'refused', reason: reasonOf(failed.data.error.code) } : outcome
}
