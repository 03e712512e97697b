import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Exchange } from '../../../../src/loyalty/contract.ts'
import { DocumentsPage } from '../../documents/DocumentsPage.tsx'
import type { AnyDocument } from '../../documents/documents.ts'
import { useFormat } from '../../format/format.ts'
import { paths } from '../../paths.ts'
import { Panel } from '../../report/Panel.tsx'
import { hasWords, SearchField } from '../../shell/SearchField.tsx'
import { exchangesOf } from '../documents.ts'
import { ExchangeFlow } from './ExchangePicture.tsx'
import { NewPartDocument } from './NewPartDocument.tsx'
import { exchangesQuery } from './queries.ts'
import lists from '../../shell/list.module.css'
import styles from '../loyalty.module.css'

/** All exchanges between programmes and with partners: rate, what an amount comes to, what waits for settlement. */
export function ExchangesPage() {
  const { t } = useTranslation()
  return (
    <DocumentsPage
      words={{
        title: t('loyalty.exchanges'),
        unit: t('loyalty.exchangesUnit'),
        loading: t('loyalty.loading'),
        make: t('loyalty.newExchange'),
        none: t('loyalty.noExchange'),
        noneHelp: t('loyalty.noExchangeHelp'),
      }}
      of={exchangesOf}
      list={(all, documents) => <List all={all} documents={documents} />}
      form={(taken) => <NewPartDocument kind="Exchange" taken={taken} />}
    />
  )
}

function List({ all, documents }: { all: readonly Exchange[]; documents: readonly AnyDocument[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { q } = useSearch({ from: paths.exchanges })
  const shown = all.filter((one) => hasWords(`${one.id} ${format.name(one.name)}`, q))
  return (
    <>
      <div className={lists.filter}>
        <SearchField label={t('loyalty.searchExchanges')} q={q} />
      </div>
      {shown.length === 0 && <p className={lists.none}>{t('loyalty.noExchangeFound')}</p>}
      {shown.map((exchange) => (
        <OneExchange key={exchange.id} exchange={exchange} documents={documents} />
      ))}
    </>
  )
}

function OneExchange({ exchange, documents }: { exchange: Exchange; documents: readonly AnyDocument[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(exchangesQuery)
  const saved = data?.find((one) => one.exchange === exchange.id)
  const { id, name } = exchange
  return (
    <Panel
      title={format.name(name)}
      unit={
        saved === undefined
          ? id
          : t(saved.isOpen ? 'loyalty.exchanged' : 'loyalty.exchangeClosed', {
              count: saved.done.times,
              formatted: format.count(saved.done.times),
              amount: format.points(saved.done.from, saved.from.decimals),
              currency: saved.from.currency,
            })
      }
      means={t('loyalty.exchangeMeans')}
      acts={
        <Link to={paths.part} params={{ kind: 'Exchange', partId: id }} className={styles.lead}>
          {t('loyalty.change')}
        </Link>
      }
    >
      <ExchangeFlow exchange={exchange} documents={documents} />
    </Panel>
  )
}
