import { CloseButton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconAlertTriangle } from '@tabler/icons-react'
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import {
  previewAnswer,
  type ChannelCapabilities,
  type Language,
  type PreviewAnswer,
  type Template,
} from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { calls, paths } from '../paths.ts'
import { ask, ServerFailure } from '../server.ts'
import { SubscriberSearch } from '../subscriber-messages/SubscriberSearch.tsx'
import { shownContent } from './content.ts'
import { missingLanguages, previewable } from './draft.ts'
import { Phone } from './Phone.tsx'
import styles from './template.module.css'

type Asked = { template: Template; language: Language; subscriberId: number | undefined }

const previewQuery = ({ template, language, subscriberId }: Asked) =>
  queryOptions({
    queryKey: ['template-preview', template, language, subscriberId],
    queryFn: ({ signal }) =>
      ask(calls.templatePreview, previewAnswer, {
        signal,
        body: {
          document: previewable(template),
          language,
          ...(subscriberId === undefined ? {} : { subscriberId }),
        },
      }),
    enabled: Object.values(template.text).some(Boolean),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  })

type PreviewPanelProps = { template: Template; language: Language; capabilities: ChannelCapabilities }

/** The phone with the message, what it would cost, and what should be looked at. */
export function PreviewPanel({ template, language, capabilities }: PreviewPanelProps) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.template })
  const { subscriber } = useSearch({ from: paths.template })
  const [settled] = useDebouncedValue(template, 250)
  const { data, error } = useQuery(previewQuery({ template: settled, language, subscriberId: subscriber }))
  const shown = data?.channels[0]
  const show = (subscriberId: number | undefined) =>
    navigate({
      search: (now) => ({ ...now, subscriber: subscriberId }),
      replace: true,
      resetScroll: false,
    })
  return (
    <aside className={styles.preview} aria-label={t('templates.preview')}>
      <Phone
        channel={template.channel}
        content={shownContent.parse(shown?.content ?? {})}
        language={data?.language ?? language}
      />
      {shown && <Facts shown={shown} most={capabilities.maxTextLength} />}
      <div aria-live="polite" className={styles.warnings}>
        <Warnings template={template} language={language} shown={shown} error={error} />
      </div>
      <div className={styles.whose}>
        {subscriber === undefined ? (
          <p className="soft">{t('templates.withExamples')}</p>
        ) : (
          <p className={styles.forWhom}>
            {t('templates.forSubscriber', { id: subscriber })}
            <CloseButton
              size="sm"
              aria-label={t('templates.backToExamples')}
              onClick={() => void show(undefined)}
            />
          </p>
        )}
        <SubscriberSearch
          shown={subscriber}
          act={t('templates.showFor')}
          found={({ subscriberId }) => void show(subscriberId)}
        />
      </div>
    </aside>
  )
}

type Shown = PreviewAnswer['channels'][number]

function Facts({ shown, most }: { shown: Shown; most: number | undefined }) {
  const { t } = useTranslation()
  const format = useFormat()
  const facts = {
    length:
      most === undefined
        ? format.count(shown.length)
        : `${format.count(shown.length)} / ${format.count(most)}`,
    ...(shown.alphabet === undefined
      ? {}
      : { parts: format.count(shown.units), alphabet: shown.alphabet === 'gsm7' ? 'GSM-7' : 'UCS-2' }),
    price: shown.priceMinor === undefined ? '—' : format.money(shown.priceMinor),
  }
  return (
    <dl className={styles.facts}>
      {(Object.keys(facts) as ('length' | 'parts' | 'alphabet' | 'price')[]).map((fact) => (
        <div key={fact} data-fact={fact}>
          <dt>{t(`templates.fact.${fact}`)}</dt>
          <dd>{(facts as Record<string, string>)[fact]}</dd>
        </div>
      ))}
    </dl>
  )
}

type WarningsProps = {
  template: Template
  language: Language
  shown: Shown | undefined
  error: Error | null
}

/** What stands in the way, and what should be looked at although it does not. */
function Warnings({ template, language, shown, error }: WarningsProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const missing = missingLanguages(template)
  const borrowed = missing.includes(language) && shown !== undefined
  const isUncovered = missing.length > 0 && template.fallback === undefined
  const names = missing.map((one) => t(`languageName.${one}`)).join(', ')
  const texts = [
    ...(error instanceof ServerFailure ? [t('templates.cannotShow', { detail: error.message })] : []),
    ...(isUncovered && missing.length < 3 ? [t('templates.languagesMissing', { languages: names })] : []),
    ...(borrowed && !isUncovered ? [t('templates.borrowed')] : []),
    ...(shown?.warnings ?? []).map(({ code, field }) =>
      t(`templates.warning.${code}`, {
        units: format.count(shown?.units ?? 0),
        field: field?.replace(/^variables\./, '') ?? '',
      }),
    ),
  ]
  if (texts.length === 0) return null
  return (
    <ul>
      {texts.map((text) => (
        <li key={text}>
          <IconAlertTriangle size={16} stroke={1.7} aria-hidden />
          <span>{text}</span>
        </li>
      ))}
    </ul>
  )
}
