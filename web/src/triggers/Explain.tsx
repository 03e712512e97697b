import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CountedEvent, Explanation } from '../../../src/triggers/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { RefusalText } from '../shell/Failures.tsx'
import { FiringTable } from './LatestFirings.tsx'
import { explainQuery } from './queries.ts'
import { shownValue, ValueList } from './ValueList.tsx'
import styles from './trigger.module.css'

/**
 * Where the rule stands with one subscriber. An identity that was typed stays in this tab; the address carries the
 * subscriber's number, which says nothing to strangers.
 */
export function Explain({ triggerId }: { triggerId: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.trigger })
  const { subscriber } = useSearch({ from: paths.trigger })
  const inAddress = subscriber === undefined ? '' : String(subscriber)
  const [typed, setTyped] = useState(inAddress)
  const [identity, setIdentity] = useState('')
  const headingId = useId()
  useEffect(() => {
    if (inAddress === '') return
    setTyped(inAddress)
    setIdentity('')
    document.getElementById(headingId)?.scrollIntoView({ block: 'nearest' })
  }, [inAddress, headingId])
  const asked = identity || inAddress
  const { data, error, isFetching } = useQuery(explainQuery(triggerId, asked))
  const submit = () => {
    const text = typed.trim()
    const isNumber = /^\d{1,9}$/.test(text)
    setIdentity(isNumber ? '' : text)
    void navigate({
      search: (now) => ({ ...now, subscriber: isNumber ? Number(text) : undefined }),
      replace: true,
      resetScroll: false,
    })
  }
  return (
    <div id={headingId} className={styles.anchor}>
      <Panel
        title={t('triggers.explain')}
        unit={t('triggers.explainUnit')}
        means={t('triggers.explainMeans')}
      >
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            submit()
          }}
        >
          <TextInput
            className={styles.grow}
            label={t('triggers.who')}
            placeholder="+7 900 000-00-00"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
          />
          <Button type="submit" variant="default" loading={isFetching} disabled={typed.trim() === ''}>
            {t('triggers.explainNow')}
          </Button>
        </form>
        <div aria-live="polite">
          {error && !isFetching && <RefusalText error={error} />}
          {data?.length === 0 && <p className="soft">{t('triggers.state_of.nothing_counted')}</p>}
          {data?.map((one) => (
            <Reasons key={one.key ?? ''} one={one} />
          ))}
        </div>
      </Panel>
    </div>
  )
}

function Reasons({ one }: { one: Explanation[number] }) {
  const { t } = useTranslation()
  return (
    <div className={styles.reasons} data-testid="explanation">
      <p className={styles.verdict}>
        {t(`triggers.state_of.${one.state}`)}
        <span className={styles.whose}>
          {t('triggers.subscriber')} {one.subscriberId}
          {one.key !== null && ` · ${one.key}`}
        </span>
      </p>
      <p>{one.reason}</p>
      {Object.keys(one.values).length > 0 && <ValueList values={one.values} />}
      {one.counted.length > 0 && <CountedTable counted={one.counted} />}
      {one.firings.length > 0 && (
        <>
          <h3>{t('triggers.column.firings')}</h3>
          <FiringTable firings={one.firings} />
        </>
      )}
    </div>
  )
}

/** The events that counted, and the value that each gave. */
export function CountedTable({ counted }: { counted: readonly CountedEvent[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <table className={styles.plain} aria-label={t('triggers.counted')}>
      <thead>
        <tr>
          <th scope="col">{t('triggers.counted')}</th>
          <th scope="col">{t('triggers.eventType')}</th>
          <th scope="col" data-figure>
            {t('triggers.value')}
          </th>
        </tr>
      </thead>
      <tbody>
        {counted.map(({ id, source, type, at, value }) => (
          <tr key={`${source} ${id}`}>
            <th scope="row">
              <time dateTime={at} title={`${source} ${id}`}>
                {format.dayTime(at)}
              </time>
            </th>
            <td>{type}</td>
            <td data-figure>{shownValue(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
