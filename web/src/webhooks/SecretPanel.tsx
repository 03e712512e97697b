import { Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCopy } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Webhook } from '../../../src/api/contract.ts'
import { documentsQuery } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { Panel } from '../report/Panel.tsx'
import { ConfirmButton } from '../shell/ConfirmButton.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { changeSecret } from './queries.ts'
import { isTold } from './secret.ts'
import page from '../shell/page.module.css'
import styles from '../loyalty/loyalty.module.css'

type SecretPanelProps = { webhook: Webhook; isSaved: boolean; change(next: Webhook): void }

/** The secret that signs each call: shown while it is new and never again, changed without a gap. */
export function SecretPanel({ webhook, isSaved, change }: SecretPanelProps) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const renew = useMutation({
    mutationFn: () => changeSecret(webhook.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: documentsQuery.queryKey }),
  })
  const told = renew.data ?? (isTold(webhook.secret) ? webhook.secret : undefined)
  return (
    <Panel title={t('webhooks.secret')} unit={t('webhooks.secretUnit')} means={t('webhooks.secretMeans')}>
      <div className={page.form}>
        {told === undefined ? <p>{t('webhooks.kept')}</p> : <Told secret={told} />}
        {webhook.formerSecret !== undefined && (
          <div className={styles.note}>
            <p>{t('webhooks.formerSigns')}</p>
            <Button
              variant="default"
              size="xs"
              onClick={() => change(withPart(webhook, 'formerSecret', undefined))}
            >
              {t('webhooks.endFormer')}
            </Button>
          </div>
        )}
        {renew.error && <RefusalText error={renew.error} />}
        {isSaved && (
          <div className={page.acts}>
            <ConfirmButton
              act={t('webhooks.renew')}
              title={t('webhooks.renewTitle')}
              means={t('webhooks.renewMeans')}
              isPending={renew.isPending}
              confirm={() => renew.mutate()}
            />
          </div>
        )}
      </div>
    </Panel>
  )
}

function Told({ secret }: { secret: string }) {
  const { t } = useTranslation()
  const clipboard = useClipboard()
  return (
    <>
      <p role="status" className={styles.note}>
        {t('webhooks.shownOnce')}
      </p>
      <div className={page.acts}>
        <code className={styles.secret} data-testid="secret">
          {secret}
        </code>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconCopy size={14} stroke={1.7} aria-hidden />}
          onClick={() => clipboard.copy(secret)}
        >
          {t(clipboard.copied ? 'webhooks.copied' : 'webhooks.copy')}
        </Button>
      </div>
    </>
  )
}
