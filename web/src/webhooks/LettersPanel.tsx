import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { LettersOfWebhook, LetterState } from '../../../src/api/contract.ts'
import { useFormat } from '../format/format.ts'
import { letterStates, paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { ConfirmButton } from '../shell/ConfirmButton.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { useMayChange } from '../shell/TenantFormat.tsx'
import { lettersQuery, retryLetters, webhooksQuery } from './queries.ts'
import page from '../shell/page.module.css'
import styles from '../loyalty/loyalty.module.css'

/** What a receiver did not take: how often it was tried, when it is tried next, and the button that tries it now. */
export function LettersPanel({ webhookId }: { webhookId: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const navigate = useNavigate({ from: paths.webhook })
  const { state = 'waiting' } = useSearch({ from: paths.webhook })
  const { data: webhooks } = useQuery(webhooksQuery)
  const { data } = useQuery(lettersQuery(webhookId, state))
  const retry = useRetry(webhookId, state)
  const counts = webhooks?.get(webhookId)
  return (
    <Panel title={t('webhooks.letters')} unit={t('webhooks.lettersUnit')} means={t('webhooks.lettersMeans')}>
      <div className={page.acts}>
        <SegmentedControl
          aria-label={t('webhooks.letters')}
          size="sm"
          value={state}
          onChange={(value) =>
            void navigate({
              search: (now) => ({ ...now, state: letterStates.find((one) => one === value) }),
              replace: true,
              resetScroll: false,
            })
          }
          data={letterStates.map((one) => ({
            value: one,
            label: `${t(`webhooks.letterState.${one}`)} ${counts ? format.count(counts[one]) : ''}`,
          }))}
        />
        {data !== undefined && data.length > 0 && (
          <ConfirmButton
            act={t('webhooks.retryAll')}
            title={t('webhooks.retryAllTitle')}
            means={t('webhooks.retryAllMeans', {
              count: data.length,
              formatted: format.count(data.length),
            })}
            isPending={retry.isPending}
            confirm={() => retry.mutate(undefined)}
          />
        )}
      </div>
      {retry.error && <RefusalText error={retry.error} />}
      {data === undefined && <Skeleton height={120} />}
      {data?.length === 0 && <p className="soft">{t(`webhooks.noLetters.${state}`)}</p>}
      <ul className={styles.parts} data-testid="letters">
        {data?.map((letter) => (
          <Letter key={letter.letterId} letter={letter} retry={() => retry.mutate([letter.letterId])} />
        ))}
      </ul>
    </Panel>
  )
}

function useRetry(webhookId: string, state: LetterState) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (letterIds: string[] | undefined) =>
      retryLetters(webhookId, { state, ...(letterIds === undefined ? {} : { letterIds }) }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['webhook-letters', webhookId] })
      await queryClient.invalidateQueries({ queryKey: webhooksQuery.queryKey })
    },
  })
}

function Letter({ letter, retry }: { letter: LettersOfWebhook['letters'][number]; retry(): void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const mayChange = useMayChange()
  const { type, subscriberId, attempts, firstFailedAt, dueAt, lastError } = letter
  return (
    <li>
      <span className={styles.questHead}>
        <code>{type}</code>
        <span className={page.acts}>
          {lastError ?? t('webhooks.behindOther')}
          <Button
            variant="default"
            size="xs"
            disabled={!mayChange}
            title={mayChange ? undefined : t('failure.forbidden')}
            onClick={retry}
          >
            {t('webhooks.retry')}
          </Button>
        </span>
      </span>
      <span className="soft">
        {subscriberId !== null && (
          <>
            <Link to={paths.member} search={{ subscriber: subscriberId }}>
              {t('loyalty.referee', { id: subscriberId })}
            </Link>
            {' · '}
          </>
        )}
        {t('webhooks.attempts', { count: attempts, formatted: format.count(attempts) })} ·{' '}
        {t('webhooks.since', { moment: format.moment(firstFailedAt) })}
        {dueAt !== null && ` · ${t('webhooks.next', { moment: format.time(dueAt) })}`}
      </span>
    </li>
  )
}
