import { useQuery } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { FormatContext, makeFormat } from '../format/format.ts'
import type { Language } from '../paths.ts'
import { tenantQuery } from '../server.ts'
import { FailureNotice } from './Failures.tsx'

/** Shows what is inside in the tenant's time zone and currency; `waiting` stands in its place until they are known. */
export function TenantFormat({ waiting, children }: { waiting: ReactNode; children: ReactNode }) {
  const { i18n } = useTranslation()
  const { data, error } = useQuery(tenantQuery)
  const language = i18n.language as Language
  const format = useMemo(() => data && makeFormat(language, data.tenant), [data, language])
  if (!format) return error ? <FailureNotice error={error} /> : waiting
  return <FormatContext value={format}>{children}</FormatContext>
}

/** Whether the key may change things; a key that only reads sees the buttons, but cannot press them. */
export function useMayChange(): boolean {
  return useQuery(tenantQuery).data?.role === 'admin'
}
