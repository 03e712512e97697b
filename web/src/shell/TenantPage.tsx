import { Skeleton } from '@mantine/core'
import type { ReactNode } from 'react'
import { TenantFormat } from './TenantFormat.tsx'
import { useTitle } from './title.ts'
import { Waiting } from './Waiting.tsx'

type TenantPageProps = {
  title: string
  /** Said while it is awaited. */
  loading: string
  children: ReactNode
}

/** A page that begins with a search: its title, and its shape until the tenant is known. */
export function TenantPage({ title, loading, children }: TenantPageProps) {
  useTitle(title)
  const waiting = (
    <Waiting said={loading}>
      <Skeleton height={48} width="min(420px, 100%)" />
      <Skeleton height={64} radius="md" />
    </Waiting>
  )
  return <TenantFormat waiting={waiting}>{children}</TenantFormat>
}
