import { z } from 'zod'
import { reportPath } from '../../src/insights/contract.ts'

/** Every address of the console: nothing else in `web/` writes a path. */
export const paths = {
  campaigns: '/',
  report: '/campaigns/$campaignId',
} as const

/** Every address of the server that the console calls. */
export const calls = {
  campaigns: '/v1/campaigns',
  report: reportPath,
  events: '/v1/events',
} as const

export const languages = ['en', 'ru', 'uk'] as const
export type Language = (typeof languages)[number]

export const panels = ['headline', 'funnel', 'refusals', 'packages', 'days'] as const
export type Panel = (typeof panels)[number]

/** What an address carries everywhere: the language, if the sender's is to be the reader's. */
export const shellSearch = z.object({ lang: z.enum(languages).optional().catch(undefined) })

/** What the report's address carries besides: the pictures shown as tables, with commas between. */
export const reportSearch = z.object({ table: z.string().optional().catch(undefined) })

/** The pictures that an address asks for as tables; what it does not know it leaves out. */
export function panelsAsTables(table: string | undefined): Panel[] {
  const named = new Set((table ?? '').split(','))
  return panels.filter((panel) => named.has(panel))
}
