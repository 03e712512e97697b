import { useTranslation } from 'react-i18next'
import type { RefusalReason } from '../../../src/insights/contract.ts'
import { useFormat } from '../format/format.ts'
import { armCells, armColumns, type ArmsProps } from './columns.ts'
import { reasonLines } from './figures.ts'
import { FigureTable } from './FigureTable.tsx'
import { Panel, useAsTable } from './Panel.tsx'
import styles from './page.module.css'

/** Why people did not buy, the most frequent reason first; control has none to give and is left out. */
export function Refusals({ arms, colours, refusals }: ArmsProps & { refusals: readonly RefusalReason[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const asTable = useAsTable('refusals')
  const contacted = arms.filter((arm) => !arm.isControl)
  const shown = refusals.filter(({ armId }) => contacted.some((arm) => arm.armId === armId))
  const lines = reasonLines(shown)
  const longest = Math.max(0, ...shown.map(({ share }) => share))
  const cell = (refusal: RefusalReason | undefined) =>
    refusal && {
      text: format.share(refusal.share, 1),
      note: format.count(refusal.subscribers),
      bar: asTable ? undefined : refusal.share / longest,
    }
  return (
    <Panel panel="refusals" title={t('refusals.title')} unit={t('refusals.unit')} means={t('refusals.means')}>
      {lines.length === 0 ? (
        <p className={styles.none}>{t('refusals.none')}</p>
      ) : (
        <FigureTable
          caption={t('refusals.title')}
          corner={t('refusals.reason')}
          align={asTable ? 'right' : 'left'}
          columns={armColumns({ arms: contacted, colours }, format)}
          lines={lines.map(({ reason, byArm }) => ({
            id: reason,
            name: t(`refusal.${reason}`),
            cells: armCells(contacted, ({ armId }) => cell(byArm.get(armId))),
          }))}
        />
      )}
    </Panel>
  )
}
