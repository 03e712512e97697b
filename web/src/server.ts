import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { whoAmI } from '../../src/access/contract.ts'
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

/** `forbidden`: the key is known but may not do this. `refused`: the server read the request and said what is wrong. */
export type FailureKind = 'unreachable' | 'rejected' | 'forbidden' | 'missing' | 'refused' | 'not_understood'

/** What is wrong with one field of what was sent. */
export const fieldProblem = z.object({
  code: z.string(),
  message: z.string(),
  field: z.string().optional(),
  /** What stood there; absent: nothing. */
  found: z.unknown().optional(),
})
export type FieldProblem = z.infer<typeof fieldProblem>

/** Why the server's answer could not be used; `detail` is for the person who has to look into it. */
export class ServerFailure extends Error {
  readonly kind: FailureKind
  /** What the server found wrong, field by field. */
  readonly problems: readonly FieldProblem[]
  constructor(kind: FailureKind, detail: string, problems: readonly FieldProblem[] = []) {
    super(detail)
    this.kind = kind
    this.problems = problems
  }
}

const problemAnswer = z.object({
  title: z.string(),
  code: z.string().catch(''),
  field: z.string().optional(),
  expected: z.string().optional(),
  problems: z.array(fieldProblem).optional().catch(undefined),
})

/** What a problem answer (RFC 9457) says, in one line and by field. */
function problemText(problem: unknown, otherwise: string): [string, FieldProblem[]] {
  const parsed = problemAnswer.safeParse(problem)
  if (!parsed.success) return [otherwise, []]
  const { title, code, field, expected, problems } = parsed.data
  const own = { code, message: title, ...(field === undefined ? {} : { field }) }
  return [[field, title, expected].filter(Boolean).join(' · '), problems ?? [own]]
}

async function failureOf(response: Response): Promise<ServerFailure> {
  if (response.status === 401) {
    signOut(true)
    return new ServerFailure('rejected', 'HTTP 401')
  }
  const problem: unknown = await response.json().catch(() => undefined)
  const [detail, problems] = problemText(problem, `HTTP ${response.status}`)
  if (response.status === 403) return new ServerFailure('forbidden', detail)
  if (response.status === 404) return new ServerFailure('missing', detail)
  return new ServerFailure(response.status < 500 ? 'refused' : 'unreachable', detail, problems)
}

/**
 * The one place where an answer of the server comes in: fetched with the key, checked against its contract. With a
 * `body` it is sent as a command (POST unless `method` says otherwise).
 */
export async function ask<T>(
  path: string,
  schema: z.ZodType<T>,
  {
    signal,
    body,
    method = 'POST',
  }: { signal?: AbortSignal | undefined; body?: unknown; method?: 'PUT' | 'POST' } = {},
): Promise<T> {
  const response = await fetched(path, {
    ...(body === undefined
      ? {}
      : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(signal ? { signal } : {}),
  })
  return understood(schema, await response.json().catch(() => undefined))
}

/** Fetches with the key. Rejects with `ServerFailure` when there is no answer or a refusal. */
async function fetched(path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${apiKey() ?? ''}`, ...init.headers }
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    throw new ServerFailure('unreachable', String(error))
  })
  if (!response.ok) throw await failureOf(response)
  return response
}

/** An answer that fits its contract. */
function understood<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ServerFailure('not_understood', issue ? `${issue.path.join('.')}: ${issue.message}` : '')
}

const said = z.union([
  z.object({ progress: z.object({ read: z.number(), total: z.number() }) }),
  z.object({ problem: fieldProblem }),
  z.object({ result: z.unknown() }),
])

/** How far a long work has come. */
export type Progress = { read: number; total: number }

/** The lines of a body as they arrive. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.filter((line) => line !== '')
  }
  if (rest !== '') yield rest
}

/** Asks for a long work, which tells line by line (NDJSON) how far it is before it answers. */
export async function askWithProgress<T>(
  path: string,
  schema: z.ZodType<T>,
  { signal, body, onProgress }: { signal: AbortSignal; body: unknown; onProgress(progress: Progress): void },
): Promise<T> {
  const response = await fetched(path, {
    signal,
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
  })
  for await (const line of linesOf(response.body!)) {
    const told = said.parse(JSON.parse(line))
    if ('progress' in told) onProgress(told.progress)
    else if ('result' in told) return understood(schema, told.result)
    else {
      const { field, message } = told.problem
      throw new ServerFailure('refused', [field, message].filter(Boolean).join(' · '), [told.problem])
    }
  }
  throw new ServerFailure('unreachable', 'no result')
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
      const report = await ask(calls.report(campaignId), campaignReport, { signal })
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
  queryFn: ({ signal }) => ask(calls.campaigns, campaignList, { signal }),
  refetchInterval: STANDING_MS,
})

/** Whom the key speaks for, and what it may do; asked for once. */
export const tenantQuery = queryOptions({
  queryKey: ['tenant'],
  queryFn: ({ signal }) => ask(calls.tenant, whoAmI, { signal }),
  staleTime: Infinity,
  retry: 3,
})
