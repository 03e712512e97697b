import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { reasonText } from '../subscriber-messages/reasons.ts'
import { ChannelMark } from '../templates/ChannelMark.tsx'
import { unknownQuery } from './queries.ts'
import styles from './delivery.module.css'

/** Messages of which nobody can say whether they were taken. They are not sent again. */
export function UnknownOutcomes() {
  const { t } = useTranslation()
  const format = useFormat()
  const { data, error } = useQuery(unknownQuery)
  return (
    <Panel title={t('delivery.unknown')} unit={t('delivery.unknownUnit')} means={t('delivery.unknownMeans')}>
      {error && !data && <RefusalText error={error} />}
      {data?.length === 0 && <p className="soft">{t('delivery.noUnknown')}</p>}
      {data && data.length > 0 && (
        <ul className={styles.unknown}>
          {data.map(({ messageId, subscriberId, channel, reason, submittedAt, queuedAt }) => (
            <li key={messageId} data-message={messageId}>
              <span className={styles.unknownHead}>
                <ChannelMark channel={channel} />
                <time dateTime={submittedAt ?? queuedAt}>{format.dayTime(submittedAt ?? queuedAt)}</time>
              </span>
              <span className="soft">{reason === null ? '—' : reasonText(reason, null, t, format)}</span>
              <Link to={paths.subscriberMessages} search={{ subscriber: subscriberId, message: messageId }}>
                {t('delivery.ofSubscriber', { id: subscriberId })}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
