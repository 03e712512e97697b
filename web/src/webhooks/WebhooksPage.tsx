import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Webhook, WebhooksView } from '../../../src/api/contract.ts'
import { Cells, DocumentsPage, DocumentTable } from '../documents/DocumentsPage.tsx'
import { NewDocument } from '../documents/NewDocument.tsx'
import { useFormat } from '../format/format.ts'
import { ofKind } from '../loyalty/documents.ts'
import { paths } from '../paths.ts'
import { hasWords, SearchField } from '../shell/SearchField.tsx'
import { State } from '../shell/State.tsx'
import { webhooksQuery } from './queries.ts'
import lists from '../shell/list.module.css'

export const webhooksOf = ofKind<Webhook>('Webhook')

/** All systems that are told what happens: whether they take it, and what waits for them. */
export function WebhooksPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <DocumentsPage
      words={{
        title: t('webhooks.title'),
        unit: t('webhooks.unit'),
        loading: t('webhooks.loading'),
        make: t('webhooks.new'),
        none: t('webhooks.none'),
        noneHelp: t('webhooks.noneHelp'),
      }}
      of={webhooksOf}
      list={(all) => <List all={all} />}
      form={(taken) => (
        <NewDocument
          taken={taken}
          act={t('loyalty.write')}
          write={(webhookId) =>
            void navigate({ to: paths.webhook, params: { webhookId }, search: { draft: true } })
          }
        />
      )}
    />
  )
}

const COLUMNS = ['state', 'types', 'behind', 'waiting', 'dead'] as const
const FIGURES = new Set<string>(['behind', 'waiting', 'dead'])

function useColumns() {
  const { t } = useTranslation()
  return COLUMNS.map((id) => ({ id, name: t(`webhooks.column.${id}`), isFigure: FIGURES.has(id) }))
}

function List({ all }: { all: readonly Webhook[] }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const { q } = useSearch({ from: paths.webhooks })
  const { data } = useQuery(webhooksQuery)
  const shown = all.filter(({ id, url, types }) => hasWords(`${id} ${url} ${types.join(' ')}`, q))
  return (
    <>
      <div className={lists.filter}>
        <SearchField label={t('webhooks.search')} q={q} />
      </div>
      <DocumentTable
        words={{
          title: t('webhooks.title'),
          corner: t('webhooks.webhook'),
          noneFound: t('webhooks.noneFound'),
        }}
        columns={columns}
        rows={shown.map((webhook) => (
          <Row key={webhook.id} webhook={webhook} status={data?.get(webhook.id)} />
        ))}
      />
    </>
  )
}

type Status = WebhooksView['webhooks'][number]

function Row({
  webhook: { id, url, types, isActive },
  status,
}: {
  webhook: Webhook
  status: Status | undefined
}) {
  const columns = useColumns()
  const format = useFormat()
  const count = (of: 'behind' | 'waiting' | 'dead'): string => (status ? format.count(status[of]) : '—')
  const cells = {
    state: <Health isActive={isActive} status={status} />,
    types: types.join(', '),
    behind: count('behind'),
    waiting: count('waiting'),
    dead: count('dead'),
  }
  return (
    <tr role="row" data-webhook={id}>
      <th role="rowheader" scope="row">
        <Link to={paths.webhook} params={{ webhookId: id }} className={lists.name}>
          {id}
        </Link>
        <span className="soft"> {url}</span>
      </th>
      <Cells columns={columns} cells={cells} />
    </tr>
  )
}

/** Whether a receiver takes what it is told, and what it last said where it does not. */
export function Health({ isActive, status }: { isActive: boolean; status: Status | undefined }) {
  const { t } = useTranslation()
  if (!isActive) return <State tone="quiet">{t('webhooks.stateOf.paused')}</State>
  if (!status) return <State tone={undefined}>{t('webhooks.stateOf.unknown')}</State>
  if (!status.isDown && status.waiting > 0) return <State tone="slow">{t('webhooks.stateOf.late')}</State>
  if (!status.isDown) return <State tone="good">{t('webhooks.stateOf.up')}</State>
  return (
    <State tone="alarm">
      {t('webhooks.stateOf.down')}
      {status.lastError !== null && `: ${status.lastError}`}
    </State>
  )
}
