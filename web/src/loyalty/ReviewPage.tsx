import { SegmentedControl, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { AbuseCaseView } from '../../../src/loyalty/contract.ts'
import { documentsQuery, type AnyDocument } from '../documents/documents.ts'
import { useFormat } from '../format/format.ts'
import { caseStates, paths } from '../paths.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { CasePanel } from './CasePanel.tsx'
import { decimalsOf } from './documents.ts'
import { casesQuery } from './rewards-queries.ts'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

/** Members who look like abusing a programme, to be looked at one by one. */
export function ReviewPage() {
  const { t } = useTranslation()
  useTitle(t('loyalty.review'))
  return (
    <TenantFormat waiting={<PageWaiting />}>
      <Place />
    </TenantFormat>
  )
}

function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('loyalty.loading')}>
      <Skeleton height={28} width={220} />
      <Skeleton height={480} radius="md" />
    </Waiting>
  )
}

function Place() {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.review })
  const { state = 'open', case: chosen } = useSearch({ from: paths.review })
  const { data, error, dataUpdatedAt } = useQuery(casesQuery(state))
  const { data: documents } = useQuery(documentsQuery)
  if (!data || !documents) return error ? <FailureNotice error={error} /> : <PageWaiting />
  const isOpen = state === 'open'
  const shown = data.find(({ caseId }) => caseId === chosen) ?? data[0]
  return (
    <div className={page.page}>
      <div>
        <h1>{t('loyalty.review')}</h1>
        <p className={page.unit}>{t('loyalty.reviewUnit')}</p>
      </div>
      <SegmentedControl
        className={styles.switch!}
        aria-label={t('loyalty.caseState')}
        size="sm"
        value={state}
        onChange={(value) =>
          void navigate({
            search: { state: caseStates.find((one) => one === value) },
            replace: true,
            resetScroll: false,
          })
        }
        data={caseStates.map((one) => ({ value: one, label: t(`loyalty.caseStateOf.${one}`) }))}
      />
      {shown ? (
        <div className={styles.queue}>
          <Queue cases={data} shown={shown.caseId} documents={documents} />
          <CasePanel
            key={shown.caseId}
            caseId={shown.caseId}
            decimals={decimalsOf(documents, shown.programme)}
          />
        </div>
      ) : (
        <section className={page.empty}>
          <h2>{t(isOpen ? 'loyalty.noOpenCase' : 'loyalty.noCase')}</h2>
          <p className="soft">{t('loyalty.noCaseHelp')}</p>
        </section>
      )}
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </div>
  )
}

type QueueProps = {
  cases: readonly AbuseCaseView[]
  shown: string
  documents: readonly AnyDocument[]
}

function Queue({ cases, shown, documents }: QueueProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <nav aria-label={t('loyalty.cases')}>
      <ul className={styles.cases}>
        {cases.map(({ caseId, subscriberId, programme, score, level, heldPoints, openedAt }) => (
          <li key={caseId} data-shown={caseId === shown || undefined}>
            <Link
              from={paths.review}
              to={paths.review}
              search={(now) => ({ ...now, case: caseId })}
              resetScroll={false}
              aria-current={caseId === shown || undefined}
            >
              {t('loyalty.referee', { id: subscriberId })}
            </Link>
            <strong>{t('loyalty.score', { score })}</strong>
            <span className="soft">
              {t(`loyalty.level.${level}`)} ·{' '}
              {t('loyalty.heldPoints', {
                points: format.points(heldPoints, decimalsOf(documents, programme)),
              })}
            </span>
            <time className="soft" dateTime={openedAt}>
              {format.dayTime(openedAt)}
            </time>
          </li>
        ))}
      </ul>
    </nav>
  )
}
