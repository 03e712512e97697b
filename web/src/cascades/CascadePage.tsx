import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Cascade } from '../../../src/messaging/contract.ts'
import { DocumentPage, DocumentPlace } from '../documents/DocumentPage.tsx'
import { cascadesOf, channelsOf, templatesOf, type AnyDocument } from '../documents/documents.ts'
import { useEditing } from '../documents/editing.ts'
import { paths } from '../paths.ts'
import { blankCascade, documentOf, draftOf, isComplete, type CascadeDraft } from './draft.ts'
import { ExpectationPanel } from './ExpectationPanel.tsx'
import { LinksPanel } from './LinksPanel.tsx'
import { expectationQuery } from './queries.ts'
import { ReportPanel } from './ReportPanel.tsx'
import { SettingsPanel } from './SettingsPanel.tsx'
import { StepsPanel } from './StepsPanel.tsx'
import styles from './cascades.module.css'

/** One cascade: its steps, what they are expected to reach and cost, and what they did. */
export function CascadePage() {
  const { t } = useTranslation()
  const { cascadeId } = useParams({ from: paths.cascade })
  const { draft = false } = useSearch({ from: paths.cascade })
  return (
    <DocumentPlace
      id={cascadeId}
      isNew={draft}
      of={cascadesOf}
      list={paths.cascades}
      words={{
        loading: t('cascades.loading'),
        missing: t('cascades.missingOne', { id: cascadeId }),
        toList: t('cascades.toList'),
      }}
      height={520}
    >
      {(saved, documents) => <Editor saved={saved} blank={blankCascade(cascadeId)} documents={documents} />}
    </DocumentPlace>
  )
}

type EditorProps = { saved: Cascade | undefined; blank: Cascade; documents: readonly AnyDocument[] }

function Editor({ saved, blank, documents }: EditorProps) {
  const { t } = useTranslation()
  const [edited, setEdited] = useState<CascadeDraft | null>(null)
  const [reach, setReach] = useState<Readonly<Record<string, number>>>({})
  const draft = edited ?? draftOf(saved ?? blank)
  const editing = useEditing({
    document: documentOf(draft),
    saved,
    isTouched: edited !== null,
    discard: () => setEdited(null),
  })
  const { settled, problems } = editing
  const expectation = useQuery(expectationQuery(isComplete(settled) ? settled : undefined, reach))
  return (
    <DocumentPage
      title={draft.head.id}
      editing={editing}
      list={paths.cascades}
      listName={t('cascades.title')}
    >
      <div className={styles.columns}>
        <StepsPanel
          draft={draft}
          change={setEdited}
          problems={problems}
          channels={channelsOf(documents)}
          templates={templatesOf(documents)}
        />
        <ExpectationPanel
          cascade={settled}
          expectation={expectation.data}
          isComplete={isComplete(settled)}
          reach={reach}
          setReach={setReach}
        />
      </div>
      <SettingsPanel draft={draft} change={setEdited} problems={problems} />
      {saved && <ReportPanel cascadeId={saved.id} />}
      {saved && <LinksPanel cascadeId={saved.id} />}
    </DocumentPage>
  )
}
