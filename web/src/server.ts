import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { campaignReport, type CampaignReport } from '../../src/insights/contract.ts'
import { calls } from './paths.ts'
import { apiKey, signOut } from './session.ts'

const campaignList = z.array(
  z.object({
    campaignId: z.string(),
    name: z.object({ en: z.string(), ru: z.string(), uk: z.string() }),
    state: z.string(),
  }),
)
export type CampaignLine = z.infer<typeof campaignList>[number]

export type FailureKind = 'unreachable' | 'rejected' | 'missing' | 'not_understood'

/** Why the server's answer could not be used; `detail` is for the person who has to look into it. */
export class ServerFailure extends Error {
  readonly kind: FailureKind
  constructor(kind: FailureKind, detail: string) {
    super(detail)
    this.kind = kind
  }
}

/** The one place where an answer of the server comes in: fetched with the key, checked against its contract. */
async function ask<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, {
    headers: { authorization: `Bearer ${apiKey() ?? ''}` },
    signal,
  }).catch((error: unknown) => {
    throw new ServerFailure('unreachable', String(error))
  })
  if (response.status === 401 || response.status === 403) {
    signOut(true)
    throw new ServerFailure('rejected', `HTTP ${response.status}`)
  }
  if (response.status === 404) throw new ServerFailure('missing', `HTTP ${response.status}`)
  if (!response.ok) throw new ServerFailure('unreachable', `HTTP ${response.status}`)
  const body: unknown = await response.json().catch(() => undefined)
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ServerFailure('not_understood', issue ? `${issue.path.join('.')}: ${issue.message}` : '')
}

const MOVING_MS = 1_000
const STANDING_MS = 5_000
/** The figures are called standing when the platform's present moment has not moved for this long. */
const STILL_AFTER_MS = 6_000

/** A report with the moment of this browser's clock at which its `asOf` last moved. */
export type LiveReport = { report: CampaignReport; movedAtMs: number; moving: boolean }

/** Asked for every second while the figures move, more rarely when they stand; kept when the server is away. */
export const reportQuery = (campaignId: string) =>
  queryOptions({
    queryKey: ['report', campaignId],
    queryFn: async ({ client, queryKey, signal }): Promise<LiveReport> => {
      const report = await ask(calls.report(campaignId), campaignReport, signal)
      const before = client.getQueryData<LiveReport>(queryKey)
      const now = Date.now()
      if (!before) return { report, movedAtMs: now, moving: false }
      if (before.report.asOf !== report.asOf) return { report, movedAtMs: now, moving: true }
      const moving = before.moving && now - before.movedAtMs < STILL_AFTER_MS
      return { report, movedAtMs: before.movedAtMs, moving }
    },
    refetchInterval: ({ state }) => {
      if (state.error instanceof ServerFailure && state.error.kind === 'missing') return STANDING_MS
      const movedAtMs = state.data?.movedAtMs ?? 0
      return Date.now() - movedAtMs < STILL_AFTER_MS || state.error ? MOVING_MS : STANDING_MS
    },
  })

/** The tenant's campaigns. */
export const campaignsQuery = queryOptions({
  queryKey: ['campaigns'],
  queryFn: ({ signal }) => ask(calls.campaigns, campaignList, signal),
  refetchInterval: STANDING_MS,
})
