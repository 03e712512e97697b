import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Programme } from '../../../src/loyalty/contract.ts'
import { Cells, DocumentsPage, DocumentTable } from '../documents/DocumentsPage.tsx'
import type { AnyDocument } from '../documents/documents.ts'
import { NewDocument } from '../documents/NewDocument.tsx'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { hasWords, SearchField } from '../shell/SearchField.tsx'
import { earnRulesOf, programmesOf } from './documents.ts'
import { useExpiryText } from './expiry-text.ts'
import { liabilityQuery, programmesQuery } from './queries.ts'
import lists from '../shell/list.module.css'

/** All programmes: who is in them, what they owe, and whether points expire. */
export function ProgrammesPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <DocumentsPage
      words={{
        title: t('loyalty.programmes'),
        unit: t('loyalty.programmesUnit'),
        loading: t('loyalty.loading'),
        make: t('loyalty.newProgramme'),
        none: t('loyalty.noProgramme'),
        noneHelp: t('loyalty.noProgrammeHelp'),
      }}
      of={programmesOf}
      list={(all, documents) => <List all={all} documents={documents} />}
      form={(taken) => (
        <NewDocument
          taken={taken}
          act={t('loyalty.write')}
          write={(programmeId) =>
            void navigate({ to: paths.programme, params: { programmeId }, search: { draft: true } })
          }
        />
      )}
    />
  )
}

const COLUMNS = ['members', 'owed', 'rules', 'expiry'] as const

function useColumns() {
  const { t } = useTranslation()
  return COLUMNS.map((id) => ({ id, name: t(`loyalty.column.${id}`), isFigure: id !== 'expiry' }))
}

function List({ all, documents }: { all: readonly Programme[]; documents: readonly AnyDocument[] }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const format = useFormat()
  const { q } = useSearch({ from: paths.programmes })
  const { data: views } = useQuery(programmesQuery)
  const rules = earnRulesOf(documents)
  const shown = all.filter((one) => hasWords(`${one.id} ${format.name(one.name)} ${one.currency}`, q))
  return (
    <>
      <div className={lists.filter}>
        <SearchField label={t('loyalty.searchProgrammes')} q={q} />
      </div>
      <DocumentTable
        words={{
          title: t('loyalty.programmes'),
          corner: t('loyalty.programme'),
          noneFound: t('loyalty.noneFound'),
        }}
        columns={columns}
        rows={shown.map((programme) => (
          <Row
            key={programme.id}
            programme={programme}
            members={views?.find((one) => one.programme.id === programme.id)?.members}
            rules={rules.filter((rule) => rule.programme === programme.id).length}
          />
        ))}
      />
    </>
  )
}

type RowProps = { programme: Programme; members: Record<string, number> | undefined; rules: number }

function Row({ programme, members, rules }: RowProps) {
  const columns = useColumns()
  const format = useFormat()
  const expiryText = useExpiryText()
  const { id, name, expiry, currency, decimals } = programme
  const { data: liability } = useQuery(liabilityQuery(id))
  const cells = {
    members: members === undefined ? '—' : format.count(members['active'] ?? 0),
    owed: liability === undefined ? '—' : format.points(liability.held.balanceMinor, decimals),
    rules: format.count(rules),
    expiry: expiryText(expiry),
  }
  return (
    <tr role="row" data-programme={id}>
      <th role="rowheader" scope="row">
        <Link to={paths.programme} params={{ programmeId: id }} className={lists.name}>
          {format.name(name)}
        </Link>
        <span className="soft">
          {' '}
          {id} · {currency}
        </span>
      </th>
      <Cells columns={columns} cells={cells} />
    </tr>
  )
}
