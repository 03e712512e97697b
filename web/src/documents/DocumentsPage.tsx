import { Button, Modal, Skeleton } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat, useMayChange } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { documentsQuery, type AnyDocument } from './documents.ts'
import lists from '../shell/list.module.css'
import page from '../shell/page.module.css'

type DocumentsPageProps<Document> = {
  words: { title: string; unit: string; loading: string; make: string; none: string; noneHelp: string }
  /** Those of the page among all documents. */
  of(documents: readonly AnyDocument[]): Document[]
  list(all: readonly Document[], documents: readonly AnyDocument[]): ReactNode
  /** What asks for a new one; `taken` are the ids that stand already. */
  form(taken: readonly string[]): ReactNode
}

/** All documents of a kind: the list, or what to do while there is none, and the way to a new one. */
export function DocumentsPage<Document extends { id: string }>(props: DocumentsPageProps<Document>) {
  const { loading, title } = props.words
  useTitle(title)
  const waiting = (
    <Waiting said={loading}>
      <Skeleton height={28} width={220} />
      <Skeleton height={36} width="min(420px, 100%)" />
      <Skeleton height={420} radius="md" />
    </Waiting>
  )
  return (
    <TenantFormat waiting={waiting}>
      <Place {...props} waiting={waiting} />
    </TenantFormat>
  )
}

function Place<Document extends { id: string }>({
  words,
  of,
  list,
  form,
  waiting,
}: DocumentsPageProps<Document> & { waiting: ReactNode }) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const { data, error, dataUpdatedAt } = useQuery(documentsQuery)
  const [making, setMaking] = useState(false)
  if (!data) return error ? <FailureNotice error={error} /> : waiting
  const all = of(data)
  return (
    <div className={page.page}>
      <div className={page.heading}>
        <div>
          <h1>{words.title}</h1>
          <p className={page.unit}>{words.unit}</p>
        </div>
        <Button
          leftSection={<IconPlus size={16} stroke={1.8} aria-hidden />}
          disabled={!mayChange}
          title={mayChange ? undefined : t('failure.forbidden')}
          onClick={() => setMaking(true)}
        >
          {words.make}
        </Button>
      </div>
      {all.length > 0 ? (
        list(all, data)
      ) : (
        <section className={page.empty}>
          <h2>{words.none}</h2>
          <p className="soft">{words.noneHelp}</p>
        </section>
      )}
      <Modal
        opened={making}
        onClose={() => setMaking(false)}
        title={words.make}
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        {making && form(all.map(({ id }) => id))}
      </Modal>
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </div>
  )
}

type Column<Id extends string> = { id: Id; name: string; isFigure: boolean }

type DocumentTableProps = {
  words: { title: string; corner: string; noneFound: string }
  columns: readonly Column<string>[]
  rows: readonly ReactNode[]
}

/** The documents that fit the search, a row each. */
export function DocumentTable({ words, columns, rows }: DocumentTableProps) {
  return (
    <section className={lists.box} aria-label={words.title}>
      {rows.length === 0 && <p className={lists.none}>{words.noneFound}</p>}
      {rows.length > 0 && (
        <table role="table" className={lists.lines} aria-label={words.title}>
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                {words.corner}
              </th>
              {columns.map(({ id, name, isFigure }) => (
                <th key={id} role="columnheader" scope="col" data-figure={isFigure || undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">{rows}</tbody>
        </table>
      )}
    </section>
  )
}

type CellsProps<Id extends string> = { columns: readonly Column<Id>[]; cells: Record<Id, ReactNode> }

/** What stands behind the name of a document, a cell for each column. */
export const Cells = <Id extends string>({ columns, cells }: CellsProps<Id>) =>
  columns.map(({ id, name, isFigure }) => (
    <td key={id} role="cell" data-figure={isFigure || undefined} data-wide>
      <span className={lists.phoneName} aria-hidden>
        {name}
      </span>
      {cells[id]}
    </td>
  ))
