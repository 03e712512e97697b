import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { FiringView } from '../../../src/triggers/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { firingsQuery } from './queries.ts'
import { ValueList } from './ValueList.tsx'
import styles from './trigger.module.css'

/** For whom the rule fired last; each leads to its explanation. */
export function LatestFirings({ triggerId }: { triggerId: string }) {
  const { t } = useTranslation()
  const { data } = useQuery(firingsQuery(triggerId))
  return (
    <Panel title={t('triggers.latest')} unit={t('triggers.latestUnit')} means={t('triggers.latestMeans')}>
      {data?.length === 0 && <p className="soft">{t('triggers.noFirings')}</p>}
      {data !== undefined && data.length > 0 && (
        <div className={styles.scroll} tabIndex={0} role="group" aria-label={t('triggers.latest')}>
          <FiringTable firings={data} triggerId={triggerId} />
        </div>
      )}
    </Panel>
  )
}

/** Firings, newest first, with what they carry. */
export function FiringTable({ firings, triggerId }: { firings: readonly FiringView[]; triggerId?: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <table className={styles.plain} data-testid="firings">
      <thead>
        <tr>
          <th scope="col">{t('triggers.when')}</th>
          {triggerId !== undefined && <th scope="col">{t('triggers.subscriber')}</th>}
          <th scope="col">{t('triggers.values')}</th>
        </tr>
      </thead>
      <tbody>
        {firings.map(({ firingId, subscriberId, key, firedAt, retractedAt, values }) => (
          <tr key={firingId} data-retracted={retractedAt !== null || undefined}>
            <th scope="row">
              <time dateTime={firedAt}>{format.dayTime(firedAt)}</time>
              {retractedAt !== null && <span className={styles.note}>{t('triggers.takenBack')}</span>}
            </th>
            {triggerId !== undefined && (
              <td>
                <Link
                  from={paths.trigger}
                  to={paths.trigger}
                  params={{ triggerId }}
                  search={(now) => ({ ...now, subscriber: subscriberId })}
                  resetScroll={false}
                  title={t('triggers.explainThis')}
                >
                  {subscriberId}
                </Link>
              </td>
            )}
            <td>
              {key !== '' && <strong className={styles.key}>{key}</strong>}
              {(key === '' || Object.keys(values).length > 0) && <ValueList values={values} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
