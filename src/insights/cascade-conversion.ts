import type { Access } from '../access/index.ts'
import { campaignsOfCascade, conversionsOfCascade, type StepConversion } from '../messaging/index.ts'
import { type Analytics, type Clock, type Database, type Documents, DomainError } from '../platform/index.ts'
import type { CascadeConversion } from './contract.ts'
import { conversion } from './metrics/conversion.ts'

type Dependencies = {
  database: Database
  analytics: Analytics
  documents: Documents
  access: Access
  clock: Clock
}

export type ConversionQuery = { from?: string | undefined; to?: string | undefined; windowHours: number }

const DAYS = 30
const HOUR_MS = 3_600_000

/**
 * What was bought after a cascade's messages, by channel and by step. Purchases are found in analytics and belong to
 * messages; which of these are the cascade's, only its runs know. Throws `cascade_not_found`.
 */
export async function conversionOfCascade(
  { database, analytics, documents, access, clock }: Dependencies,
  tenantId: string,
  cascadeId: string,
  query: ConversionQuery,
): Promise<CascadeConversion> {
  if (!(await documents.get(tenantId, 'Cascade', cascadeId)))
    throw new DomainError('cascade_not_found', `no cascade ${cascadeId}`, {
      field: 'cascadeId',
      found: cascadeId,
      expected: 'id of a Cascade',
    })
  const { windowHours } = query
  const to = query.to === undefined ? clock.now() : Temporal.Instant.from(query.to)
  const from =
    query.from === undefined ? to.subtract({ hours: 24 * DAYS }) : Temporal.Instant.from(query.from)
  const campaignIds = await database.tx(tenantId, (tx) => campaignsOfCascade(tx, cascadeId, from, to))
  const windowMs = windowHours * HOUR_MS
  const fromMs = from.epochMilliseconds
  const converted = await conversion(analytics, { tenantId, campaignIds, fromMs, windowMs })
  const steps = await database.tx(tenantId, (tx) => conversionsOfCascade(tx, cascadeId, from, to, converted))
  const { currency, currencyDecimals } = await access.tenant(tenantId)
  return {
    cascadeId,
    from: from.toString(),
    to: to.toString(),
    windowHours,
    currency,
    currencyDecimals,
    channels: [...Map.groupBy(steps, ({ channel }) => channel)].map(([channel, own]) => ({
      channel,
      ...figuresOf(own),
    })),
    steps: steps.map(({ step, channel, ...figures }) => ({ step, channel, ...figuresOf([figures]) })),
  }
}

type Figures = Omit<CascadeConversion['channels'][number], 'channel'>

function figuresOf(steps: Omit<StepConversion, 'step' | 'channel'>[]): Figures {
  const sum = (figure: 'sent' | 'converted' | 'purchases'): number =>
    steps.reduce((total, step) => total + step[figure], 0)
  const sent = sum('sent')
  const converted = sum('converted')
  return {
    sent,
    converted,
    purchases: sum('purchases'),
    revenueMinor: steps.reduce((total, { revenueMinor }) => total + revenueMinor, 0n).toString(),
    conversionRate: sent > 0 ? converted / sent : null,
  }
}
