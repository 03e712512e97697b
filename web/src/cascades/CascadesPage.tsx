import { IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import type { Cascade } from '../../../src/messaging/contract.ts'
import { cascadesOf } from '../documents/documents.ts'
import { Cells, DocumentsPage, DocumentTable } from '../documents/DocumentsPage.tsx'
import { NewDocument } from '../documents/NewDocument.tsx'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { hasWords, SearchField } from '../shell/SearchField.tsx'
import { ChannelMark } from '../templates/ChannelMark.tsx'
import { isComplete } from './draft.ts'
import { cascadeReportQuery, expectationQuery } from './queries.ts'
import lists from '../shell/list.module.css'
import styles from './cascades.module.css'

/** All cascades: their steps, what they are expected to cost, and what they saved. */
export function CascadesPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <DocumentsPage
      words={{
        title: t('cascades.title'),
        unit: t('cascades.unit'),
        loading: t('cascades.loading'),
        make: t('cascades.new'),
        none: t('cascades.none'),
        noneHelp: t('cascades.noneHelp'),
      }}
      of={cascadesOf}
      list={(all) => <List all={all} />}
      form={(taken) => (
        <NewDocument
          taken={taken}
          act={t('cascades.write')}
          write={(cascadeId) =>
            void navigate({ to: paths.cascade, params: { cascadeId }, search: { draft: true } })
          }
        />
      )}
    />
  )
}

const COLUMNS = ['expected', 'allSms', 'runs', 'saved'] as const

function useColumns() {
  const { t } = useTranslation()
  return COLUMNS.map((id) => ({ id, name: t(`cascades.column.${id}`), isFigure: true }))
}

function List({ all }: { all: readonly Cascade[] }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const { q } = useSearch({ from: paths.cascades })
  const shown = all.filter(({ id, steps }) =>
    hasWords(`${id} ${steps.map(({ channel, template }) => `${channel} ${template}`).join(' ')}`, q),
  )
  return (
    <>
      <div className={lists.filter}>
        <SearchField label={t('cascades.search')} q={q} />
      </div>
      <DocumentTable
        words={{
          title: t('cascades.title'),
          corner: t('cascades.cascade'),
          noneFound: t('cascades.noneFound'),
        }}
        columns={columns}
        rows={shown.map((cascade) => (
          <Row key={cascade.id} cascade={cascade} />
        ))}
      />
    </>
  )
}

function Row({ cascade }: { cascade: Cascade }) {
  const columns = useColumns()
  const format = useFormat()
  const { data: expected } = useQuery(expectationQuery(isComplete(cascade) ? cascade : undefined))
  const { data: report } = useQuery(cascadeReportQuery(cascade.id))
  const whole = (minor: number | undefined): string =>
    minor === undefined ? '—' : format.money(String(Math.round(minor)))
  const cells = {
    expected: whole(expected?.costMinor),
    allSms: whole(expected?.allSms?.costMinor),
    runs: report === undefined ? '—' : format.count(report.runs),
    saved: report === undefined || report.contacted === 0 ? '—' : format.money(report.savedMinor),
  }
  return (
    <tr role="row" data-cascade={cascade.id}>
      <th role="rowheader" scope="row">
        <Link to={paths.cascade} params={{ cascadeId: cascade.id }} className={lists.name}>
          {cascade.id}
        </Link>
        <span className={styles.path}>
          {cascade.steps.map(({ channel }, index) => (
            <Fragment key={index}>
              {index > 0 && <IconChevronRight size={14} stroke={1.7} aria-hidden />}
              <ChannelMark channel={channel} />
            </Fragment>
          ))}
        </span>
      </th>
      <Cells columns={columns} cells={cells} />
    </tr>
  )
}
