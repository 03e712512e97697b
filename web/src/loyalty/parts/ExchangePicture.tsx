import { TextInput } from '@mantine/core'
import { IconArrowDown, IconArrowRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { amountsOf, type Exchange, type ExchangesView } from '../../../../src/loyalty/contract.ts'
import type { AnyDocument } from '../../documents/documents.ts'
import { useFormat } from '../../format/format.ts'
import { Panel } from '../../report/Panel.tsx'
import { minorOf } from '../amount.ts'
import { programmesOf } from '../documents.ts'
import { sideDecimals } from './point-decimals.ts'
import { exchangesQuery } from './queries.ts'
import styles from './parts.module.css'

type ExchangePictureProps = { exchange: Exchange; documents: readonly AnyDocument[] }

/** One currency that becomes another: at which rate, what an amount comes to, and what waits for settlement. */
export function ExchangePicture({ exchange, documents }: ExchangePictureProps) {
  const { t } = useTranslation()
  return (
    <Panel title={t('loyalty.flowOf')} unit={t('loyalty.flowOfUnit')} means={t('loyalty.exchangeMeans')}>
      <ExchangeFlow exchange={exchange} documents={documents} />
    </Panel>
  )
}

type Side = { name: string; currency: string; decimals: number }

/** What a side is called, and how its currency is written. */
function sideOf(
  side: Exchange['from'],
  documents: readonly AnyDocument[],
  name: (of: { en: string; ru: string; uk: string }) => string,
): Side {
  const decimals = sideDecimals(side, documents)
  if (!('programme' in side)) return { name: side.partner, currency: side.currency, decimals }
  const programme = programmesOf(documents).find(({ id }) => id === side.programme)
  return {
    name: (programme && name(programme.name)) || side.programme,
    currency: programme?.currency ?? '',
    decimals,
  }
}

const RATE = /^\d{1,9}(\.\d{1,6})?$/

/** The two sides, and between them what an amount that somebody types comes to. */
export function ExchangeFlow({ exchange, documents }: ExchangePictureProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(exchangesQuery)
  const saved = data?.find((one) => one.exchange === exchange.id)
  const [typed, setTyped] = useState('100')
  const from = sideOf(exchange.from, documents, format.name)
  const to = sideOf(exchange.to, documents, format.name)
  const amount = minorOf(typed, from.decimals)
  const { rate, spreadPercent = '0' } = exchange
  const isRate = RATE.test(rate ?? '') && /^\d{1,2}(\.\d{1,6})?$/.test(spreadPercent)
  const result =
    isRate && amount !== undefined
      ? amountsOf({ rate, spreadPercent }, BigInt(amount), { from: from.decimals, to: to.decimals })
      : undefined
  return (
    <div className={styles.flow} data-exchange={exchange.id}>
      <SideBox side={from} settled={saved?.from} />
      <div className={styles.rate}>
        <p>{t('loyalty.rateIs', { rate: format.decimal(rate) || '—' })}</p>
        <IconArrowRight size={22} stroke={1.5} aria-hidden data-wide />
        <IconArrowDown size={22} stroke={1.5} aria-hidden data-narrow />
        {Number(spreadPercent) !== 0 && (
          <p className="soft">{t('loyalty.spreadIs', { percent: format.decimal(spreadPercent) })}</p>
        )}
        <div className={styles.sum}>
          <TextInput
            aria-label={t('loyalty.howMuch', { currency: from.currency })}
            inputMode="decimal"
            size="xs"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <output data-figure="result">
            {result === undefined ? '—' : `= ${format.points(result.toMinor.toString(), to.decimals)}`}
          </output>
        </div>
      </div>
      <SideBox side={to} settled={saved?.to} />
    </div>
  )
}

type SideBoxProps = { side: Side; settled: ExchangesView['exchanges'][number]['from'] | undefined }

function SideBox({ side, settled }: SideBoxProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className={styles.side}>
      <strong>{side.name}</strong>
      <span className="soft">{side.currency}</span>
      {settled && (
        <dl>
          <dt>{t('loyalty.clearing')}</dt>
          <dd data-figure="clearing">{format.points(settled.clearing, settled.decimals, true)}</dd>
        </dl>
      )}
    </div>
  )
}
