import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '../../format/format.ts'
import { FigureTable } from '../../report/FigureTable.tsx'
import { Panel } from '../../report/Panel.tsx'
import { boardQuery } from './queries.ts'

/** The first places of a leaderboard now, as members see them. */
export function BoardPanel({ boardId }: { boardId: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(boardQuery(boardId))
  const most = Math.max(1, ...(data?.top.map(({ score }) => Number(score)) ?? []))
  return (
    <Panel
      title={t('loyalty.board')}
      unit={
        data
          ? t('loyalty.boardUnit', {
              count: data.members,
              formatted: format.count(data.members),
              period: data.period,
            })
          : t('loyalty.loading')
      }
      means={t('loyalty.boardMeans')}
    >
      {data === undefined && <Skeleton height={200} />}
      {data?.top.length === 0 && <p className="soft">{t('loyalty.noScores')}</p>}
      {data !== undefined && data.top.length > 0 && (
        <FigureTable
          caption={t('loyalty.board')}
          corner={t('loyalty.player')}
          align="left"
          few
          columns={[{ id: 'score', name: t('loyalty.result') }]}
          lines={data.top.map(({ rank, name, score }) => ({
            id: `${rank} ${name}`,
            name: `${rank}. ${name}`,
            cells: { score: { text: format.count(score), bar: Number(score) / most } },
          }))}
        />
      )}
    </Panel>
  )
}
