import { useTranslation } from 'react-i18next'
import type { ArmReport } from '../../../src/insights/contract.ts'
import { useFormat } from '../format/format.ts'
import { armCells, armColumns, type ArmsProps } from './columns.ts'
import { FigureTable } from './FigureTable.tsx'
import { Panel, useAsTable } from './Panel.tsx'

const STAGES = ['enrolled', 'entered', 'contacted', 'delivered', 'answered', 'activated'] as const

/** The stages of the loop, arm beside arm. As a table it says what part of the stage before came through. */
export function Funnel({ arms, colours }: ArmsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const asTable = useAsTable('funnel')
  const cell = (arm: ArmReport, index: number) => {
    const stage = STAGES[index] ?? 'enrolled'
    const before = STAGES[index - 1]
    // Control is not contacted by design: after its enrolment there is nothing to count, and a zero would mislead.
    if (arm.isControl && before && arm[stage] === 0) return undefined
    const text = format.count(arm[stage])
    if (asTable) {
      return { text, note: before ? format.share(arm[stage], arm[before]) : '' }
    }
    return {
      text,
      note: before && format.share(arm[stage], arm.enrolled),
      bar: arm.enrolled > 0 ? arm[stage] / arm.enrolled : 0,
    }
  }
  return (
    <Panel
      panel="funnel"
      title={t('funnel.title')}
      unit={t(asTable ? 'funnel.unitOfStageBefore' : 'funnel.unit')}
      means={t('funnel.means')}
    >
      <FigureTable
        caption={t('funnel.title')}
        corner={t('funnel.stage')}
        align={asTable ? 'right' : 'left'}
        columns={armColumns({ arms, colours }, format)}
        lines={STAGES.map((stage, index) => ({
          id: stage,
          name: t(`funnel.stages.${stage}`),
          cells: armCells(arms, (arm) => cell(arm, index)),
        }))}
      />
    </Panel>
  )
}
