import { z } from 'zod'
import { reportPath } from '../../src/insights/contract.ts'

/** Every address of the console: nothing else in `web/` writes a path. */
export const paths = {
  campaigns: '/',
  report: '/campaigns/$campaignId',
  triggers: '/triggers',
  trigger: '/triggers/$triggerId',
  deadLetters: '/dead-letters',
} as const

/** Every address of the server that the console calls. */
export const calls = {
  campaigns: '/v1/campaigns',
  report: reportPath,
  events: '/v1/events',
  tenant: '/v1/tenant',
  live: '/v1/live',
  triggers: '/v1/triggers',
  trigger: (triggerId: string, act: 'firings' | 'explain' | 'pause' | 'resume') =>
    `/v1/triggers/${encodeURIComponent(triggerId)}/${act}`,
  firingsOverTime: '/v1/triggers/firings-over-time',
  tryTrigger: '/v1/triggers/try',
  deadLetters: '/v1/dead-letters',
  replay: '/v1/dead-letters/replay',
  discard: '/v1/dead-letters/discard',
} as const

export const languages = ['en', 'ru', 'uk'] as const
export type Language = (typeof languages)[number]

export const panels = ['headline', 'funnel', 'refusals', 'packages', 'days'] as const
export type Panel = (typeof panels)[number]

/** What an address carries everywhere: the language, if the sender's is to be the reader's. */
export const shellSearch = z.object({ lang: z.enum(languages).optional().catch(undefined) })

export const ruleStates = ['running', 'paused', 'problem'] as const
export type RuleStateName = (typeof ruleStates)[number]

/** What the list of triggers carries: the words searched for, and the state that is shown. */
export const triggersSearch = z.object({
  q: z.string().optional().catch(undefined),
  state: z.enum(ruleStates).optional().catch(undefined),
})

/** What one trigger's page carries; the subscriber only by number, so that no phone number stands in an address. */
export const triggerSearch = z.object({
  unit: z.enum(['hour', 'day']).optional().catch(undefined),
  table: z.literal('firings').optional().catch(undefined),
  subscriber: z.int().optional().catch(undefined),
})

/** What the dead letters' page carries: the reason that is shown, and the letter that is open. */
export const deadLettersSearch = z.object({
  code: z.string().optional().catch(undefined),
  state: z.enum(['open', 'held', 'replayed', 'discarded']).optional().catch(undefined),
  letter: z.string().optional().catch(undefined),
})

/** What the report's address carries besides: the pictures shown as tables, with commas between. */
export const reportSearch = z.object({ table: z.string().optional().catch(undefined) })

/** The pictures that an address asks for as tables; what it does not know it leaves out. */
export function panelsAsTables(table: string | undefined): Panel[] {
  const named = new Set((table ?? '').split(','))
  return panels.filter((panel) => named.has(panel))
}
