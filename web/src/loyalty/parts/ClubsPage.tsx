import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Club } from '../../../../src/loyalty/contract.ts'
import { Cells, DocumentsPage, DocumentTable } from '../../documents/DocumentsPage.tsx'
import type { AnyDocument } from '../../documents/documents.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { hasWords, SearchField } from '../../shell/SearchField.tsx'
import { clubsOf, decimalsOf } from '../documents.ts'
import { NewPartDocument } from './NewPartDocument.tsx'
import { clubsQuery } from './queries.ts'
import lists from '../../shell/list.module.css'

/** All clubs: what they cost, and how many are in them. */
export function ClubsPage() {
  const { t } = useTranslation()
  return (
    <DocumentsPage
      words={{
        title: t('loyalty.clubs'),
        unit: t('loyalty.clubsUnit'),
        loading: t('loyalty.loading'),
        make: t('loyalty.newIn.clubs'),
        none: t('loyalty.noClub'),
        noneHelp: t('loyalty.noClubHelp'),
      }}
      of={clubsOf}
      list={(all, documents) => <List all={all} documents={documents} />}
      form={(taken) => <NewPartDocument kind="Club" taken={taken} />}
    />
  )
}

const COLUMNS = ['fee', 'active', 'lapsed', 'left'] as const

function useColumns() {
  const { t } = useTranslation()
  return COLUMNS.map((id) => ({ id, name: t(`loyalty.clubColumn.${id}`), isFigure: id !== 'fee' }))
}

function List({ all, documents }: { all: readonly Club[]; documents: readonly AnyDocument[] }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const format = useFormat()
  const { q } = useSearch({ from: paths.clubs })
  const { data: clubs } = useQuery(clubsQuery)
  const shown = all.filter((one) => hasWords(`${one.id} ${format.name(one.name)} ${one.programme}`, q))
  return (
    <>
      <div className={lists.filter}>
        <SearchField label={t('loyalty.searchClubs')} q={q} />
      </div>
      <DocumentTable
        words={{
          title: t('loyalty.clubs'),
          corner: t('loyalty.kind.Club'),
          noneFound: t('loyalty.noClubFound'),
        }}
        columns={columns}
        rows={shown.map((club) => (
          <Row
            key={club.id}
            club={club}
            decimals={decimalsOf(documents, club.programme)}
            members={clubs?.find((one) => one.club === club.id)?.members}
          />
        ))}
      />
    </>
  )
}

type RowProps = { club: Club; decimals: number; members: Record<string, number> | undefined }

function Row({ club, decimals, members }: RowProps) {
  const { t } = useTranslation()
  const columns = useColumns()
  const format = useFormat()
  const { id, name, programme, fee } = club
  const count = (state: string): string => (members ? format.count(members[state] ?? 0) : '—')
  const cells = {
    fee: !fee
      ? t('loyalty.option.free')
      : 'points' in fee
        ? t('loyalty.feePoints', {
            points: format.points(fee.points, decimals),
            count: fee.months,
            formatted: format.count(fee.months),
          })
        : t('loyalty.feeEvent', { type: fee.on }),
    active: count('active'),
    lapsed: count('lapsed'),
    left: count('left'),
  }
  return (
    <tr role="row" data-club={id}>
      <th role="rowheader" scope="row">
        <Link to={paths.part} params={{ kind: 'Club', partId: id }} className={lists.name}>
          {format.name(name)}
        </Link>
        <span className="soft">
          {' '}
          {id} · {programme}
        </span>
      </th>
      <Cells columns={columns} cells={cells} />
    </tr>
  )
}
