import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { cascadeConversion } from '../../../src/insights/contract.ts'
import {
  cascadeReport,
  expectationAnswer,
  linkStatistics,
  type Cascade,
} from '../../../src/messaging/contract.ts'
import { calls } from '../paths.ts'
import { ask } from '../server.ts'

/** What a cascade would reach and cost; `reach` holds what somebody believes instead, by the step's place. */
export const expectationQuery = (
  document: Cascade | undefined,
  reach: Readonly<Record<string, number>> = {},
) =>
  queryOptions({
    queryKey: ['cascade-expectation', document, reach],
    queryFn: ({ signal }) =>
      ask(calls.cascadeExpectation, expectationAnswer, { signal, body: { document, reach } }),
    enabled: document !== undefined,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  })

/** What a cascade did in the last 30 days. */
export const cascadeReportQuery = (cascadeId: string, enabled = true) =>
  queryOptions({
    queryKey: ['cascade-report', cascadeId],
    queryFn: ({ signal }) => ask(calls.cascadeReport(cascadeId), cascadeReport, { signal }),
    enabled,
    refetchInterval: 30_000,
  })

/** What was bought after its messages in the last 30 days. */
export const cascadeConversionQuery = (cascadeId: string) =>
  queryOptions({
    queryKey: ['cascade-conversion', cascadeId],
    queryFn: ({ signal }) => ask(calls.cascadeConversion(cascadeId), cascadeConversion, { signal }),
    refetchInterval: 60_000,
  })

/** Who followed the links in its messages in the last 30 days. */
export const cascadeLinksQuery = (cascadeId: string) =>
  queryOptions({
    queryKey: ['cascade-links', cascadeId],
    queryFn: ({ signal }) => ask(calls.cascadeLinks(cascadeId), linkStatistics, { signal }),
    refetchInterval: 60_000,
  })
