import { NativeSelect, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkStatistics } from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { FigureTable, type Line } from '../report/FigureTable.tsx'
import { Panel } from '../report/Panel.tsx'
import { FailureNotice } from '../shell/Failures.tsx'
import { cascadeLinksQuery } from './queries.ts'
import styles from './cascades.module.css'

const COUNTS = ['clicks', 'people', 'bots'] as const
const SHOWN = 10

/** Who followed the links in the cascade's messages; a chosen link day by day. */
export function LinksPanel({ cascadeId }: { cascadeId: string }) {
  const { t } = useTranslation()
  const { data, error } = useQuery(cascadeLinksQuery(cascadeId))
  const [chosen, setChosen] = useState('')
  const link = data?.links.find(({ target }) => target === chosen)
  return (
    <Panel
      title={t('cascades.links')}
      unit={t('cascades.linksUnit')}
      means={t('cascades.linksMeans')}
      acts={
        data !== undefined &&
        data.links.length > 0 && (
          <NativeSelect
            className={styles.linkChoice}
            size="xs"
            aria-label={t('cascades.link')}
            value={link ? chosen : ''}
            onChange={(event) => setChosen(event.currentTarget.value)}
            data={[
              { value: '', label: t('cascades.allLinks') },
              ...data.links.map(({ target }) => ({ value: target, label: target })),
            ]}
          />
        )
      }
    >
      {!data && (error ? <FailureNotice error={error} /> : <Skeleton height={96} />)}
      {data && data.links.length === 0 && <p className="soft">{t('cascades.linksNone')}</p>}
      {data && data.links.length > 0 && <Clicks statistics={data} link={link} />}
    </Panel>
  )
}

type ClicksProps = { statistics: LinkStatistics; link: LinkStatistics['links'][number] | undefined }

function Clicks({ statistics, link }: ClicksProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const line = (id: string, name: string, of: Record<(typeof COUNTS)[number], number>): Line => ({
    id,
    name: <span className={styles.target}>{name}</span>,
    cells: Object.fromEntries(COUNTS.map((count) => [count, { text: format.count(of[count]) }])),
  })
  const all = { ...line('', t('cascades.allLinks'), link ?? statistics), strong: true }
  const lines = link
    ? link.days.map((day) => line(day.day, format.day(day.day), day))
    : statistics.links.slice(0, SHOWN).map((one) => line(one.target, one.target, one))
  return (
    <FigureTable
      caption={t('cascades.links')}
      corner={link ? t('cascades.linkDay') : t('cascades.link')}
      align="right"
      columns={COUNTS.map((id) => ({ id, name: t(`cascades.linkFigure.${id}`) }))}
      lines={link ? lines : [...lines, all]}
    />
  )
}
