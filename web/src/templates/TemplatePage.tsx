import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ChannelCapabilities, Template } from '../../../src/messaging/contract.ts'
import { DocumentPage, DocumentPlace } from '../documents/DocumentPage.tsx'
import { templatesOf } from '../documents/documents.ts'
import { useEditing } from '../documents/editing.ts'
import { paths, type Language } from '../paths.ts'
import { AppointmentForm } from './AppointmentForm.tsx'
import { ButtonsForm } from './ButtonsForm.tsx'
import { ChannelMark } from './ChannelMark.tsx'
import { capabilitiesOf, capabilitiesQuery } from './channels.ts'
import { blankTemplate } from './draft.ts'
import { PreviewPanel } from './PreviewPanel.tsx'
import { TestSend } from './TestSend.tsx'
import { VariablesForm } from './VariablesForm.tsx'
import { WordsForm } from './WordsForm.tsx'
import styles from './template.module.css'

/** One template: its words in each language beside the phone that shows them. */
export function TemplatePage() {
  const { t } = useTranslation()
  const { templateId } = useParams({ from: paths.template })
  const { draft } = useSearch({ from: paths.template })
  const { data: kinds, isPending } = useQuery(capabilitiesQuery)
  return (
    <DocumentPlace
      id={templateId}
      isNew={draft !== undefined}
      isReady={!isPending}
      of={templatesOf}
      list={paths.templates}
      words={{
        loading: t('templates.loading'),
        missing: t('templates.missingOne', { id: templateId }),
        toList: t('templates.toList'),
      }}
      height={640}
    >
      {(saved) => {
        const blank = blankTemplate(templateId, draft ?? 'sms')
        const { channel } = saved ?? blank
        return <Editor saved={saved} blank={blank} capabilities={capabilitiesOf(channel, kinds)} />
      }}
    </DocumentPlace>
  )
}

type EditorProps = { saved: Template | undefined; blank: Template; capabilities: ChannelCapabilities }

function Editor({ saved, blank, capabilities }: EditorProps) {
  const { t, i18n } = useTranslation()
  const { words = i18n.language as Language } = useSearch({ from: paths.template })
  const [edited, setEdited] = useState<Template | null>(null)
  const template = edited ?? saved ?? blank
  const editing = useEditing({
    document: template,
    saved,
    isTouched: edited !== null,
    discard: () => setEdited(null),
  })
  const { state, problems } = editing
  const props = { template, change: setEdited, problems, language: words, capabilities }
  return (
    <DocumentPage
      title={template.id}
      editing={editing}
      list={paths.templates}
      listName={t('templates.title')}
      mark={<ChannelMark channel={template.channel} />}
      acts={<TestSend template={template} language={words} disabled={state !== 'isSaved'} />}
    >
      <div className={styles.columns}>
        <div className={styles.forms}>
          <WordsForm {...props} />
          {capabilities.shows.includes('appointment') && <AppointmentForm {...props} />}
          {capabilities.shows.includes('choices') && <ButtonsForm {...props} />}
          <VariablesForm {...props} />
        </div>
        <PreviewPanel template={template} language={words} capabilities={capabilities} />
      </div>
    </DocumentPage>
  )
}
