import { IconArrowLeft } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { DocumentPage, type ListPath } from '../documents/DocumentPage.tsx'
import { useEditing } from '../documents/editing.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { useCalled } from './called.ts'
import type { PartProps } from './fields.tsx'
import { YamlPanel } from './YamlPanel.tsx'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

type LoyaltyDocument = {
  kind: string
  id: string
  name?: { en: string; ru: string; uk: string } | undefined
  programme?: string
}

type List = { to: ListPath; name: string }

type LoyaltyEditorProps<Document extends LoyaltyDocument> = {
  saved: Document | undefined
  blank: Document
  schema: z.ZodType<Document>
  /** The fields that are usual. */
  form(props: PartProps<Document>): ReactNode
  /** What stands above the form: a picture of what is written. */
  above?(document: Document): ReactNode
  /** The list to go back to, where that is not the programme. */
  list?: List | undefined
  /** The programme that it is part of, where the document does not say so. */
  programme?: string | undefined
  /** What stands for a name where there is none. */
  called?: string
  /** What stands below, about what is saved or written. */
  below?(document: Document): ReactNode
}

/** A document of a programme: a form for what is usual, and the whole as YAML beside it. */
export function LoyaltyEditor<Document extends LoyaltyDocument>({
  saved,
  blank,
  schema,
  form,
  above,
  below,
  list,
  programme,
  called,
}: LoyaltyEditorProps<Document>) {
  const { t } = useTranslation()
  const format = useFormat()
  const [edited, setEdited] = useState<Document | null>(null)
  const document = edited ?? saved ?? blank
  const editing = useEditing<Document>({
    document,
    saved,
    isTouched: edited !== null,
    discard: () => setEdited(null),
  })
  const { problems } = editing
  const title = (document.name && format.name(document.name)) || (called ?? document.id)
  return (
    <DocumentPage
      title={title}
      editing={editing}
      back={<Back programme={programme ?? document.programme} list={list} />}
      mark={title === document.id ? undefined : <code>{document.id}</code>}
    >
      {above?.(document)}
      {problems.length > 0 && (
        <ul className={page.problems} aria-label={t('loyalty.problems')}>
          {problems.map(({ field, message }) => (
            <li key={`${field} ${message}`}>{[field, message].filter(Boolean).join(' · ')}</li>
          ))}
        </ul>
      )}
      <div className={styles.columns}>
        {form({ document, change: setEdited, problems })}
        <YamlPanel<Document> document={document} schema={schema} change={setEdited} />
      </div>
      {below?.(document)}
    </DocumentPage>
  )
}

type BackProps = { programme: string | undefined; list: List | undefined }

/** The way to the list, to the programme that the document is part of, or from a programme to all of them. */
function Back({ programme, list }: BackProps) {
  const { t } = useTranslation()
  const called = useCalled()
  const arrow = <IconArrowLeft size={15} stroke={1.7} aria-hidden />
  if (list !== undefined || programme === undefined)
    return (
      <Link to={list?.to ?? paths.programmes} className={page.back}>
        {arrow}
        {list?.name ?? t('loyalty.programmes')}
      </Link>
    )
  return (
    <Link to={paths.programme} params={{ programmeId: programme }} className={page.back}>
      {arrow}
      {t('loyalty.toProgramme', { name: called('Programme', programme) })}
    </Link>
  )
}
