import { useParams, useSearch } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { webhookSchema, type Webhook } from '../../../src/api/contract.ts'
import { DocumentPlace } from '../documents/DocumentPage.tsx'
import { LoyaltyEditor } from '../loyalty/LoyaltyEditor.tsx'
import { FieldForm } from '../loyalty/parts/FieldForm.tsx'
import type { Form } from '../loyalty/parts/field.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { LettersPanel } from './LettersPanel.tsx'
import { webhooksQuery } from './queries.ts'
import { drawnSecret } from './secret.ts'
import { SecretPanel } from './SecretPanel.tsx'
import { Health, webhooksOf } from './WebhooksPage.tsx'
import styles from '../loyalty/loyalty.module.css'

/** One webhook: where it leads, its secret, and what was not taken. */
export function WebhookPage() {
  const { t } = useTranslation()
  const { webhookId } = useParams({ from: paths.webhook })
  const { draft = false } = useSearch({ from: paths.webhook })
  return (
    <DocumentPlace
      id={webhookId}
      isNew={draft}
      of={webhooksOf}
      list={paths.webhooks}
      words={{
        loading: t('webhooks.loading'),
        missing: t('webhooks.missing', { id: webhookId }),
        toList: t('webhooks.toList'),
      }}
      height={560}
    >
      {(saved) => <Editor webhookId={webhookId} saved={saved} />}
    </DocumentPlace>
  )
}

const FORM: Form = [
  [
    { name: 'url', as: 'text' },
    { name: 'isActive', as: 'flag' },
  ],
  [{ name: 'types', as: 'list' }],
  [
    { name: 'concurrency', as: 'count' },
    { name: 'timeoutMs', as: 'count' },
    { name: 'giveUpAfterHours', as: 'count' },
  ],
]

function Editor({ webhookId, saved }: { webhookId: string; saved: Webhook | undefined }) {
  const { t } = useTranslation()
  const { data } = useQuery(webhooksQuery)
  const [secret] = useState(drawnSecret)
  const blank: Webhook = {
    kind: 'Webhook',
    id: webhookId,
    url: 'https://',
    types: ['loyalty.*'],
    secret,
    isActive: true,
    concurrency: 8,
    timeoutMs: 10_000,
    giveUpAfterHours: 72,
  }
  return (
    <LoyaltyEditor
      saved={saved}
      blank={blank}
      schema={webhookSchema}
      list={{ to: paths.webhooks, name: t('webhooks.title') }}
      above={() => saved && <Health isActive={saved.isActive} status={data?.get(webhookId)} />}
      form={({ document, change, problems }) => (
        <div className={styles.stack}>
          <Panel title={t('webhooks.terms')} unit={t('webhooks.termsUnit')} means={t('webhooks.termsMeans')}>
            <FieldForm form={FORM} value={document} change={change} problems={problems} documents={[]} />
          </Panel>
          <SecretPanel webhook={document} isSaved={saved !== undefined} change={change} />
        </div>
      )}
      below={() => saved?.isActive && <LettersPanel webhookId={webhookId} />}
    />
  )
}
