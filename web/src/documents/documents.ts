import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import type { Cascade, ContactPolicy, Template } from '../../../src/messaging/contract.ts'
import { calls } from '../paths.ts'
import { ask, fieldProblem, ServerFailure, type FieldProblem } from '../server.ts'

// Documents were checked when they were saved; here they are shown.
const anyDocument = z.looseObject({ kind: z.string(), id: z.string() })
export type AnyDocument = z.infer<typeof anyDocument>

const results = z.array(
  z.object({
    kind: z.string(),
    id: z.string(),
    outcome: z.enum(['created', 'updated', 'unchanged', 'refused']),
    version: z.number().optional(),
    problems: z.array(fieldProblem).optional(),
  }),
)

/** All documents of the tenant, in the versions that hold now. */
export const documentsQuery = queryOptions({
  queryKey: ['documents'],
  queryFn: ({ signal }) => ask(calls.documents, z.array(anyDocument), { signal }),
  refetchInterval: 15_000,
})

const audit = z.object({
  entries: z.array(z.object({ at: z.string(), action: z.string(), target: z.string() })),
})

/** When each document was changed last, by `Kind/id`; nothing for keys that may not read the audit trail. */
export const changesQuery = queryOptions({
  queryKey: ['document-changes'],
  queryFn: async ({ signal }): Promise<ReadonlyMap<string, string>> => {
    const { entries } = await ask(calls.audit, audit, { signal }).catch((error: unknown) => {
      if (error instanceof ServerFailure && error.kind === 'forbidden') return { entries: [] }
      throw error
    })
    const found = new Map<string, string>()
    for (const { at, action, target } of entries) {
      if (action !== 'documents_applied') continue
      for (const one of target.split(' ')) {
        const name = one.replace(/@\d+$/, '')
        if (!found.has(name)) found.set(name, at)
      }
    }
    return found
  },
})

export const templatesOf = (documents: readonly AnyDocument[]): Template[] =>
  documents.filter(({ kind }) => kind === 'Template') as unknown as Template[]

export const cascadesOf = (documents: readonly AnyDocument[]): Cascade[] =>
  documents.filter(({ kind }) => kind === 'Cascade') as unknown as Cascade[]

/** The tenant's contact policy; there is one, or none. */
export const policyOf = (documents: readonly AnyDocument[]): ContactPolicy | undefined =>
  documents.find(({ kind, id }) => kind === 'ContactPolicy' && id === 'default') as unknown as
    | ContactPolicy
    | undefined

/** A tenant's channel as far as editors need it: its id and the price of one unit. */
export type TenantChannel = { id: string; priceMinor: string }

export const channelsOf = (documents: readonly AnyDocument[]): TenantChannel[] =>
  documents
    .filter(({ kind }) => kind === 'Channel')
    .map(({ id, priceMinor }) => ({ id, priceMinor: typeof priceMinor === 'string' ? priceMinor : '0' }))

/** Saves a document; rejects with its problems, each at its field. */
export async function saveDocument(document: object): Promise<void> {
  const [result] = await ask(calls.documents, results, { body: [document], method: 'PUT' })
  if (result?.outcome !== 'refused') return
  const problems = result.problems ?? []
  const detail = problems.map(({ field, message }) => [field, message].filter(Boolean).join(' · ')).join('; ')
  throw new ServerFailure('refused', detail, problems)
}

/** What would be wrong with a document if it were saved now. */
export const checkQuery = (document: object | undefined) =>
  queryOptions({
    queryKey: ['document-check', document],
    queryFn: async ({ signal }): Promise<readonly FieldProblem[]> => {
      const body = [document]
      const [result] = await ask(calls.documentsDryRun, results, { signal, body, method: 'PUT' })
      return result?.problems ?? []
    },
    enabled: document !== undefined,
    gcTime: 10_000,
  })

/** The problem of a field, in the server's words. */
export const problemAt = (problems: readonly FieldProblem[], field: string): string | undefined =>
  problems.find((problem) => problem.field === field)?.message

/** Whether two documents say the same, in whatever order their fields stand. */
export function sameDocument(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other)
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  ) ?? ''
