import { Button, CloseButton, NativeSelect, Skeleton, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconPlus, IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Template } from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { languages, paths, type Language } from '../paths.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat, useMayChange } from '../shell/TenantFormat.tsx'
import { ChannelMark } from './ChannelMark.tsx'
import { channelIds, channelName } from './channels.ts'
import { cascadesOf, changesQuery, documentsQuery, templatesOf, type AnyDocument } from './documents.ts'
import { missingLanguages } from './draft.ts'
import { NewTemplate } from './NewTemplate.tsx'
import styles from './page.module.css'

/** All that can be said: which channel, in which languages, where it is used. */
export function TemplatesPage() {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = `${t('templates.title')} – Tenure`
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
  const all = templatesOf(data)
  return (
    <div className={styles.page}>
      <div className={styles.heading}>
        <div>
          <h1>{t('templates.title')}</h1>
          <p className={styles.unit}>{t('templates.unit')}</p>
        </div>
        <Button
          leftSection={<IconPlus size={16} stroke={1.8} aria-hidden />}
          disabled={!mayChange}
          title={mayChange ? undefined : t('failure.forbidden')}
          onClick={() => setMaking(true)}
        >
          {t('templates.new')}
        </Button>
      </div>
      {all.length > 0 ? <List documents={data} all={all} /> : <Nothing />}
      <NewTemplate opened={making} close={() => setMaking(false)} taken={all.map(({ id }) => id)} />
      <ConnectionLost error={error} lastAnswerMs={dataUpdatedAt} />
    </div>
  )
}

function Nothing() {
  const { t } = useTranslation()
  return (
    <section className={styles.empty}>
      <h2>{t('templates.none')}</h2>
      <p className="soft">{t('templates.noneHelp')}</p>
    </section>
  )
}

/** The words in the reader's language, else in any. */
const excerpt = ({ text }: Template, language: Language): string =>
  text[language] ?? languages.map((one) => text[one]).find(Boolean) ?? ''

function List({ documents, all }: { documents: readonly AnyDocument[]; all: readonly Template[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { q, channel } = useSearch({ from: paths.templates })
  const { data: changes } = useQuery(changesQuery)
  const words = (q ?? '').toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const shown = all.filter((template) => {
    const text = `${template.id} ${Object.values(template.text).join(' ')}`.toLocaleLowerCase()
    return (
      (channel === undefined || template.channel === channel) && words.every((word) => text.includes(word))
    )
  })
  const usedBy = Map.groupBy(
    cascadesOf(documents).flatMap(({ id, steps }) => steps.map(({ template }) => ({ id, template }))),
    ({ template }) => template,
  )
  const columns = ['channel', 'languages', 'cascades', 'changed'] as const
  return (
    <>
      <Filter present={[...new Set(all.map((template) => template.channel))]} />
      <section className={styles.box} aria-label={t('templates.title')}>
        {shown.length === 0 && <p className={styles.none}>{t('templates.noneFound')}</p>}
        {shown.length > 0 && (
          <table role="table" className={styles.lines} aria-label={t('templates.title')}>
            <thead role="rowgroup">
              <tr role="row">
                <th role="columnheader" scope="col">
                  {t('templates.template')}
                </th>
                {columns.map((column) => (
                  <th
                    key={column}
                    role="columnheader"
                    scope="col"
                    data-figure={column === 'cascades' || undefined}
                  >
                    {t(`templates.column.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {shown.map((template) => {
                const changed = changes?.get(`Template/${template.id}`)
                return (
                  <Row
                    key={template.id}
                    template={template}
                    cascades={new Set(usedBy.get(template.id)?.map(({ id }) => id)).size}
                    changed={changed === undefined ? '—' : format.moment(changed)}
                  />
                )
              })}
            </tbody>
          </table>
        )}
      </section>
    </>
  )
}

function Row({ template, cascades, changed }: { template: Template; cascades: number; changed: string }) {
  const { t, i18n } = useTranslation()
  const format = useFormat()
  const words = excerpt(template, i18n.language as Language)
  return (
    <tr role="row" data-template={template.id}>
      <th role="rowheader" scope="row">
        <Link to={paths.template} params={{ templateId: template.id }} className={styles.name}>
          {template.id}
        </Link>
        <span className={styles.under}>{words}</span>
      </th>
      <td role="cell">
        <ChannelMark channel={template.channel} />
      </td>
      <td role="cell">
        <Languages template={template} />
      </td>
      <td role="cell" data-figure>
        <span className={styles.phoneName} aria-hidden>
          {t('templates.column.cascades')}
        </span>
        {cascades === 0 ? '—' : format.count(cascades)}
      </td>
      <td role="cell">
        <span className={styles.phoneName} aria-hidden>
          {t('templates.column.changed')}
        </span>
        {changed}
      </td>
    </tr>
  )
}

/** Which languages have words of their own. */
export function Languages({ template }: { template: Template }) {
  const { t } = useTranslation()
  const missing = missingLanguages(template)
  return (
    <span className={styles.languages}>
      {languages.map((language) => {
        const isMissing = missing.includes(language)
        return (
          <span key={language} className={styles.language} data-missing={isMissing || undefined}>
            <span aria-hidden>{language.toUpperCase()}</span>
            <span className="unseen">
              {t(`languageName.${language}`)}
              {isMissing && ` (${t('templates.missing')})`}
            </span>
          </span>
        )
      })}
    </span>
  )
}

function Filter({ present }: { present: readonly string[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.templates })
  const { q, channel } = useSearch({ from: paths.templates })
  const field = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => field.current?.focus()]])
  const change = (next: { q?: string | undefined; channel?: string | undefined }) =>
    navigate({ search: (now) => ({ ...now, ...next }), replace: true, resetScroll: false })
  return (
    <div className={styles.filter}>
      <TextInput
        ref={field}
        className={styles.search}
        value={q ?? ''}
        onChange={(event) => void change({ q: event.currentTarget.value || undefined })}
        onKeyDown={(event) => {
          if (event.key === 'Escape') void change({ q: undefined })
        }}
        aria-label={t('templates.search')}
        placeholder={t('templates.search')}
        leftSection={<IconSearch size={16} stroke={1.6} aria-hidden />}
        rightSection={
          q === undefined ? null : (
            <CloseButton
              size="sm"
              onClick={() => void change({ q: undefined })}
              aria-label={t('act.clear')}
            />
          )
        }
      />
      <NativeSelect
        aria-label={t('templates.column.channel')}
        value={channel ?? ''}
        onChange={(event) => void change({ channel: event.currentTarget.value || undefined })}
        data={[
          { value: '', label: t('templates.allChannels') },
          ...[...channelIds, ...present.filter((id) => !channelIds.some((one) => one === id))]
            .filter((id) => present.includes(id))
            .map((id) => ({ value: id, label: channelName(id, t) })),
        ]}
      />
    </div>
  )
}

function Waiting() {
  const { t } = useTranslation()
  return (
    <div className={`${styles.page} ${styles.waiting}`} aria-busy>
      <span className="unseen" role="status">
        {t('templates.loading')}
      </span>
      <Skeleton height={28} width={220} />
      <Skeleton height={36} width="min(420px, 100%)" />
      <Skeleton height={420} radius="md" />
    </div>
  )
}
