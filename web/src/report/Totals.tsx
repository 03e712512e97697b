import { useTranslation } from 'react-i18next'
import type { CampaignReport } from '../../../src/insights/contract.ts'
import { useFormat } from '../format/format.ts'
import page from '../shell/page.module.css'
import styles from './page.module.css'

const TOTALS = ['subscribers', 'events', 'firings', 'messages', 'receipts', 'answers', 'activations'] as const

/** What the platform has taken in so far, in the order in which it goes round the loop. */
export function Totals({ totals }: { totals: CampaignReport['totals'] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <dl className={`${page.totals} ${styles.totals}`} aria-label={t('totals.title')}>
      {TOTALS.map((total) => (
        <div key={total} data-total={total}>
          <dt>{t(`totals.of.${total}`)}</dt>
          <dd>{format.count(totals[total])}</dd>
        </div>
      ))}
    </dl>
  )
}
