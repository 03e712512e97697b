import { Button, CloseButton, Modal, Skeleton, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconChevronRight, IconPlus, IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Fragment, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Cascade } from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat, useMayChange } from '../shell/TenantFormat.tsx'
import { ChannelMark } from '../templates/ChannelMark.tsx'
import { cascadesOf, documentsQuery } from '../templates/documents.ts'
import { ID_PATTERN } from '../templates/NewTemplate.tsx'
import { isComplete } from './draft.ts'
import { cascadeReportQuery, expectationQuery } from './queries.ts'
import page from '../templates/page.module.css'
import styles from './cascades.module.css'

/** All cascades: their steps, what they are expected to cost, and what they saved. */
export function CascadesPage() {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = `${t('cascades.title')} – Tenure`
  }, [t])
  return (
    <TenantFormat waiting={<Waiting />}>
      <Place />
    </TenantFormat>
  )
}

function Place() {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const { data, error, dataUpdatedAt } = useQuery(documentsQuery)
  const [making, setMaking] = useState(false)
  if (!data) return error ? <FailureNotice error={error} /> : <Waiting />
  const all = cascadesOf(data)
  return (
    <div className={page.page}>
      <div className={page.heading}>
        <div>
          <h1>{t('cascades.title')}</h1>
          <p className={page.unit}>{t('cascades.unit')}</p>
        </div>
        <Button
          leftSection={<IconPlus size={16} stroke={1.8} aria-hidden />}
          disabled={!mayChange}
          title={mayChange ? undefined : t('failure.forbidden')}
          onClick={() => setMaking(true)}
        >
          {t('cascades.new')}
        </Button>
      </div>
      {all.length > 0 ? <List all={all} /> : <Nothing />}
      <Modal
        opened={making}
        onClose={() => setMaking(false)}
        title={t('cascades.new')}
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        {making && <NewCascade taken={all.map(({ id }) => id)} />}
      </Modal>
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </div>
  )
}

function NewCascade({ taken }: { taken: readonly string[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [id, setId] = useState('')
  const [tried, setTried] = useState(false)
  const problem = !ID_PATTERN.test(id)
    ? t('document.idRule')
    : taken.includes(id)
      ? t('document.idTaken')
      : null
  return (
    <form
      className={page.form}
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (problem === null)
          void navigate({ to: paths.cascade, params: { cascadeId: id }, search: { draft: true } })
      }}
    >
      <TextInput
        label={t('document.id')}
        description={t('document.idRule')}
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
        error={tried ? problem : null}
        autoComplete="off"
        data-autofocus
      />
      <Button type="submit">{t('cascades.write')}</Button>
    </form>
  )
}

function Nothing() {
  const { t } = useTranslation()
  return (
    <section className={page.empty}>
      <h2>{t('cascades.none')}</h2>
      <p className="soft">{t('cascades.noneHelp')}</p>
    </section>
  )
}

function List({ all }: { all: readonly Cascade[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.cascades })
  const { q } = useSearch({ from: paths.cascades })
  const field = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => field.current?.focus()]])
  const search = (words: string) =>
    navigate({ search: (now) => ({ ...now, q: words || undefined }), replace: true, resetScroll: false })
  const words = (q ?? '').toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const shown = all.filter(({ id, steps }) => {
    const text = `${id} ${steps.map(({ channel, template }) => `${channel} ${template}`).join(' ')}`
    return words.every((word) => text.includes(word))
  })
  return (
    <>
      <div className={page.filter}>
        <TextInput
          ref={field}
          className={page.search}
          value={q ?? ''}
          onChange={(event) => void search(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') void search('')
          }}
          aria-label={t('cascades.search')}
          placeholder={t('cascades.search')}
          leftSection={<IconSearch size={16} stroke={1.6} aria-hidden />}
          rightSection={
            q === undefined ? null : (
              <CloseButton size="sm" onClick={() => void search('')} aria-label={t('act.clear')} />
            )
          }
        />
      </div>
      <section className={page.box} aria-label={t('cascades.title')}>
        {shown.length === 0 && <p className={page.none}>{t('cascades.noneFound')}</p>}
        {shown.length > 0 && (
          <table role="table" className={page.lines} aria-label={t('cascades.title')}>
            <thead role="rowgroup">
              <tr role="row">
                <th role="columnheader" scope="col">
                  {t('cascades.cascade')}
                </th>
                {COLUMNS.map((column) => (
                  <th key={column} role="columnheader" scope="col" data-figure>
                    {t(`cascades.column.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {shown.map((cascade) => (
                <Row key={cascade.id} cascade={cascade} />
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  )
}

const COLUMNS = ['expected', 'allSms', 'runs', 'saved'] as const

function Row({ cascade }: { cascade: Cascade }) {
  const { t } = useTranslation()
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
        <Link to={paths.cascade} params={{ cascadeId: cascade.id }} className={page.name}>
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
      {COLUMNS.map((column) => (
        <td key={column} role="cell" data-figure data-wide>
          <span className={page.phoneName} aria-hidden>
            {t(`cascades.column.${column}`)}
          </span>
          {cells[column]}
        </td>
      ))}
    </tr>
  )
}

function Waiting() {
  const { t } = useTranslation()
  return (
    <div className={`${page.page} ${page.waiting}`} aria-busy>
      <span className="unseen" role="status">
        {t('cascades.loading')}
      </span>
      <Skeleton height={28} width={220} />
      <Skeleton height={420} radius="md" />
    </div>
  )
}
