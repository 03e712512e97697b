import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import type { AbusePolicy } from '../../../../src/loyalty/contract.ts'
import { useFormat } from '../../format/format.ts'
import { FigureTable } from '../../report/FigureTable.tsx'
import { Panel } from '../../report/Panel.tsx'
import { signsOf, zonesOf } from './abuse-scale.ts'
import styles from './parts.module.css'

/** What is done from which score on, and how much each sign weighs. */
export function ScorePicture({ policy }: { policy: AbusePolicy }) {
  const { t } = useTranslation()
  const format = useFormat()
  const zones = zonesOf(policy)
  return (
    <Panel title={t('loyalty.scale')} unit={t('loyalty.scaleUnit')} means={t('loyalty.scaleMeans')}>
      <ol className={styles.scale}>
        {zones.map(({ level, from, to }) => (
          <li key={level} data-level={level} style={{ '--share': to - from } as CSSProperties}>
            <span>{t(`loyalty.scaleLevel.${level}`)}</span>
            <span className="soft">{t('loyalty.scaleFrom', { score: format.count(from) })}</span>
          </li>
        ))}
      </ol>
      <FigureTable
        caption={t('loyalty.signs')}
        corner={t('loyalty.sign')}
        align="left"
        few
        columns={[{ id: 'score', name: t('loyalty.field.score') }]}
        lines={signsOf(policy).map(({ id, sign, of, score }) => ({
          id,
          name:
            of === undefined
              ? t(`loyalty.signOf.${sign}`)
              : `${t(`loyalty.signOf.${sign}`)}: ${t(`loyalty.option.${of}`)}`,
          cells: { score: { text: format.count(score), bar: score / 100 } },
        }))}
      />
    </Panel>
  )
}
