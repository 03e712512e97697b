import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Template } from '../../../src/messaging/contract.ts'
import { cascadesOf, changesQuery, templatesOf, type AnyDocument } from '../documents/documents.ts'
import { DocumentsPage, DocumentTable } from '../documents/DocumentsPage.tsx'
import { NewDocument } from '../documents/NewDocument.tsx'
import { useFormat } from '../format/format.ts'
import { languages, paths, type Language } from '../paths.ts'
import { hasWords, SearchField } from '../shell/SearchField.tsx'
import { ChannelMark } from './ChannelMark.tsx'
import { channelIds, channelName } from './channels.ts'
import { missingLanguages } from './draft.ts'
import lists from '../shell/list.module.css'
import styles from './template.module.css'

/** All that can be said: which channel, in which languages, where it is used. */
export function TemplatesPage() {
  const { t } = useTranslation()
  return (
    <DocumentsPage
      words={{
        title: t('templates.title'),
        unit: t('templates.unit'),
        loading: t('templates.loading'),
        make: t('templates.new'),
        none: t('templates.none'),
        noneHelp: t('templates.noneHelp'),
      }}
      of={templatesOf}
      list={(all, documents) => <List documents={documents} all={all} />}
      form={(taken) => <NewTemplate taken={taken} />}
    />
  )
}

/** A template's channel does not change afterwards either. */
function NewTemplate({ taken }: { taken: readonly string[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [channel, setChannel] = useState<string>('sms')
  return (
    <NewDocument
      taken={taken}
      act={t('templates.write')}
      write={(templateId) =>
        void navigate({ to: paths.template, params: { templateId }, search: { draft: channel } })
      }
    >
      <NativeSelect
        label={t('templates.column.channel')}
        value={channel}
        onChange={(event) => setChannel(event.currentTarget.value)}
        data={channelIds.map((one) => ({ value: one, label: channelName(one, t) }))}
      />
    </NewDocument>
  )
}

/** The words in the reader's language, else in any. */
const excerpt = ({ text }: Template, language: Language): string =>
  text[language] ?? languages.map((one) => text[one]).find(Boolean) ?? ''

const COLUMNS = ['channel', 'languages', 'cascades', 'changed'] as const

function List({ documents, all }: { documents: readonly AnyDocument[]; all: readonly Template[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { q, channel } = useSearch({ from: paths.templates })
  const { data: changes } = useQuery(changesQuery)
  const shown = all.filter(
    (template) =>
      (channel === undefined || template.channel === channel) &&
      hasWords(`${template.id} ${Object.values(template.text).join(' ')}`, q),
  )
  const usedBy = Map.groupBy(
    cascadesOf(documents).flatMap(({ id, steps }) => steps.map(({ template }) => ({ id, template }))),
    ({ template }) => template,
  )
  return (
    <>
      <div className={lists.filter}>
        <SearchField label={t('templates.search')} q={q} />
        <ChannelFilter present={[...new Set(all.map((template) => template.channel))]} />
      </div>
      <DocumentTable
        words={{
          title: t('templates.title'),
          corner: t('templates.template'),
          noneFound: t('templates.noneFound'),
        }}
        columns={COLUMNS.map((id) => ({
          id,
          name: t(`templates.column.${id}`),
          isFigure: id === 'cascades',
        }))}
        rows={shown.map((template) => {
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
      />
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
        <Link to={paths.template} params={{ templateId: template.id }} className={lists.name}>
          {template.id}
        </Link>
        <span className={styles.excerpt}>{words}</span>
      </th>
      <td role="cell">
        <ChannelMark channel={template.channel} />
      </td>
      <td role="cell">
        <Languages template={template} />
      </td>
      <td role="cell" data-figure>
        <span className={lists.phoneName} aria-hidden>
          {t('templates.column.cascades')}
        </span>
        {cascades === 0 ? '—' : format.count(cascades)}
      </td>
      <td role="cell">
        <span className={lists.phoneName} aria-hidden>
          {t('templates.column.changed')}
        </span>
        {changed}
      </td>
    </tr>
  )
}

/** Which languages have words of their own. */
function Languages({ template }: { template: Template }) {
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

function ChannelFilter({ present }: { present: readonly string[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.templates })
  const { channel } = useSearch({ from: paths.templates })
  const show = (next: string | undefined) =>
    navigate({ search: (now) => ({ ...now, channel: next }), replace: true, resetScroll: false })
  return (
    <NativeSelect
      aria-label={t('templates.column.channel')}
      value={channel ?? ''}
      onChange={(event) => void show(event.currentTarget.value || undefined)}
      data={[
        { value: '', label: t('templates.allChannels') },
        ...[...channelIds, ...present.filter((id) => !channelIds.some((one) => one === id))]
          .filter((id) => present.includes(id))
          .map((id) => ({ value: id, label: channelName(id, t) })),
      ]}
    />
  )
}
