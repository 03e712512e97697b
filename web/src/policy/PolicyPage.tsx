import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactPolicy } from '../../../src/messaging/contract.ts'
import { DocumentPage } from '../documents/DocumentPage.tsx'
import { channelsOf, documentsQuery, policyOf, type AnyDocument } from '../documents/documents.ts'
import { useEditing } from '../documents/editing.ts'
import { FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { CapsPanel } from './CapsPanel.tsx'
import { RulesPanel } from './RulesPanel.tsx'
import { StoppedPanel } from './StoppedPanel.tsx'
import page from '../shell/page.module.css'
import styles from './policy.module.css'

/** Whom nobody may write to, when, and how often: the one gate before every message, and what it stopped. */
export function PolicyPage() {
  const { t } = useTranslation()
  useTitle(t('policy.title'))
  const waiting = (
    <Waiting said={t('policy.loading')}>
      <Skeleton height={48} width="min(420px, 100%)" />
      <Skeleton height={520} radius="md" />
    </Waiting>
  )
  return (
    <TenantFormat waiting={waiting}>
      <Place waiting={waiting} />
    </TenantFormat>
  )
}

function Place({ waiting }: { waiting: ReactNode }) {
  const { data, error } = useQuery(documentsQuery)
  if (!data) return error ? <FailureNotice error={error} /> : waiting
  return <Editor saved={policyOf(data)} documents={data} />
}

/** What holds while nothing is saved. */
const blank: ContactPolicy = { kind: 'ContactPolicy', id: 'default', consentRequired: true, caps: [] }

type EditorProps = { saved: ContactPolicy | undefined; documents: readonly AnyDocument[] }

function Editor({ saved, documents }: EditorProps) {
  const { t } = useTranslation()
  const [edited, setEdited] = useState<ContactPolicy | null>(null)
  const policy = edited ?? saved ?? blank
  const editing = useEditing({
    document: policy,
    saved,
    isTouched: edited !== null,
    discard: () => setEdited(null),
  })
  const { problems } = editing
  return (
    <DocumentPage title={t('policy.title')} editing={editing} mark={<span>{t('policy.unit')}</span>}>
      {saved === undefined && <p className={styles.unsaved}>{t('policy.none')}</p>}
      <div className={styles.columns}>
        <div className={page.form}>
          <RulesPanel policy={policy} change={setEdited} problems={problems} />
          <CapsPanel
            policy={policy}
            change={setEdited}
            problems={problems}
            channels={channelsOf(documents)}
          />
        </div>
        <StoppedPanel />
      </div>
    </DocumentPage>
  )
}
