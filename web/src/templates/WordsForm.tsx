import { NativeSelect, SegmentedControl, TextInput, Textarea, UnstyledButton } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Language } from '../../../src/messaging/contract.ts'
import { languages, paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { problemAt } from '../documents/documents.ts'
import { insertVariable, missingLanguages, orNothing, withWords } from './draft.ts'
import type { EditorProps } from './editor.ts'
import { withPart } from '../documents/parts.ts'
import page from '../shell/page.module.css'
import styles from './template.module.css'

/** What is said, language by language, and what goes with it. */
export function WordsForm(props: EditorProps) {
  const { t } = useTranslation()
  const { template, change, problems, language, capabilities } = props
  const shows = (part: string): boolean => capabilities.shows.includes(part)
  return (
    <Panel
      title={t('templates.words')}
      unit={t('templates.wordsUnit')}
      means={t('templates.wordsMeans')}
      acts={<LanguageTabs {...props} />}
    >
      <div className={page.form}>
        {(shows('subject') || template.subject) && (
          <TextInput
            label={t('templates.part.subject')}
            lang={language}
            value={template.subject?.[language] ?? ''}
            error={problemAt(problems, `subject.${language}`)}
            onChange={({ currentTarget: { value } }) =>
              change(withPart(template, 'subject', orNothing(withWords(template.subject, language, value))))
            }
          />
        )}
        <TextField {...props} />
        {(shows('html') || template.html) && <HtmlField {...props} part="html" />}
        {(shows('amp') || template.amp) && <HtmlField {...props} part="amp" />}
        {(shows('link') || template.link !== undefined || template.channel === 'sms') && (
          <TextInput
            label={t('templates.part.link')}
            description={t('templates.linkHelp')}
            type="text"
            inputMode="url"
            placeholder="https://"
            value={template.link ?? ''}
            error={problemAt(problems, 'link')}
            onChange={({ currentTarget: { value } }) =>
              change(withPart(template, 'link', value === '' ? undefined : value))
            }
          />
        )}
        {(shows('media') || template.media) && <MediaFields {...props} />}
        <Fallback {...props} />
      </div>
    </Panel>
  )
}

function LanguageTabs({ template, language }: EditorProps) {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.template })
  const missing = missingLanguages(template)
  return (
    <SegmentedControl
      aria-label={t('templates.languageTabs')}
      size="xs"
      value={language}
      onChange={(value) =>
        void navigate({
          search: (now) => ({ ...now, words: value as Language }),
          replace: true,
          resetScroll: false,
        })
      }
      data={languages.map((one) => ({
        value: one,
        label: (
          <span className={styles.tab} data-missing={missing.includes(one) || undefined}>
            <span aria-hidden>{one.toUpperCase()}</span>
            <span className="unseen">
              {t(`languageName.${one}`)}
              {missing.includes(one) && ` (${t('templates.missing')})`}
            </span>
          </span>
        ),
      }))}
    />
  )
}

function TextField({ template, change, problems, language, capabilities }: EditorProps) {
  const { t } = useTranslation()
  const field = useRef<HTMLTextAreaElement>(null)
  const words = template.text[language] ?? ''
  const most = capabilities.maxTextLength
  const say = (value: string): void =>
    change({ ...template, text: withWords(template.text, language, value) })
  const insert = (name: string): void => {
    const { selectionStart = words.length, selectionEnd = words.length } = field.current ?? {}
    const { text, caret } = insertVariable(words, name, selectionStart, selectionEnd)
    say(text)
    requestAnimationFrame(() => {
      field.current?.focus()
      field.current?.setSelectionRange(caret, caret)
    })
  }
  const names = Object.keys(template.variables ?? {})
  return (
    <div>
      <Textarea
        ref={field}
        label={t('templates.part.text')}
        description={most === undefined ? undefined : t('templates.atMost', { most })}
        lang={language}
        classNames={{ input: styles.text ?? '' }}
        value={words}
        error={problemAt(problems, `text.${language}`) ?? problemAt(problems, 'text')}
        onChange={(event) => say(event.currentTarget.value)}
      />
      {names.length > 0 && (
        <div className={styles.chips} role="group" aria-label={t('templates.insert')}>
          {names.map((name) => (
            <UnstyledButton
              key={name}
              className={styles.chip}
              title={t('templates.insert')}
              onClick={() => insert(name)}
            >
              {`{{ ${name} }}`}
            </UnstyledButton>
          ))}
        </div>
      )}
    </div>
  )
}

function HtmlField({ template, change, problems, language, part }: EditorProps & { part: 'html' | 'amp' }) {
  const { t } = useTranslation()
  return (
    <Textarea
      label={t(`templates.part.${part}`)}
      description={part === 'html' ? t('templates.htmlHelp') : undefined}
      classNames={{ input: styles.code ?? '' }}
      spellCheck={false}
      value={template[part]?.[language] ?? ''}
      error={problemAt(problems, `${part}.${language}`)}
      onChange={({ currentTarget: { value } }) =>
        change(withPart(template, part, orNothing(withWords(template[part], language, value))))
      }
    />
  )
}

function MediaFields({ template, change, problems }: EditorProps) {
  const { t } = useTranslation()
  const { url = '', contentType = 'image/jpeg' } = template.media ?? {}
  const set = (media: { url: string; contentType: string }): void =>
    change(withPart(template, 'media', media.url === '' ? undefined : media))
  return (
    <div className={page.row}>
      <TextInput
        className={page.grow}
        label={t('templates.part.media')}
        inputMode="url"
        placeholder="https://"
        value={url}
        error={problemAt(problems, 'media.url')}
        onChange={(event) => set({ url: event.currentTarget.value, contentType })}
      />
      <NativeSelect
        label={t('templates.mediaType')}
        value={contentType}
        onChange={(event) => set({ url, contentType: event.currentTarget.value })}
        data={['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'video/mp4']}
      />
    </div>
  )
}

/** What a subscriber sees in whose language nothing was written. */
function Fallback({ template, change }: EditorProps) {
  const { t } = useTranslation()
  const missing = missingLanguages(template)
  if (missing.length === 0 && template.fallback === undefined) return null
  const present = languages.filter((one) => !missing.includes(one))
  const names = (all: readonly Language[]): string => all.map((one) => t(`languageName.${one}`)).join(', ')
  return (
    <NativeSelect
      label={t('templates.fallback', { languages: names(missing) || '—' })}
      value={template.fallback?.[0] ?? ''}
      onChange={(event) => {
        const first = languages.find((one) => one === event.currentTarget.value)
        const chain = first && [first, ...present.filter((one) => one !== first)]
        change(withPart(template, 'fallback', chain))
      }}
      data={[
        { value: '', label: t('templates.noFallback') },
        ...present.map((one) => ({
          value: one,
          label: t('templates.fallbackTo', { language: t(`languageName.${one}`) }),
        })),
      ]}
    />
  )
}
