import { Button, Skeleton } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { paths } from '../paths.ts'
import { FailureNotice, Notice, RefusalText } from '../shell/Failures.tsx'
import { Snack } from '../shell/Snack.tsx'
import { TenantFormat, useMayChange } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { documentsQuery, type AnyDocument } from './documents.ts'
import type { Editing } from './editing.ts'
import page from '../shell/page.module.css'

/** Lists of documents that an editor leads back to. */
export type ListPath =
  | typeof paths.templates
  | typeof paths.cascades
  | typeof paths.programmes
  | typeof paths.rewards
  | typeof paths.clubs
  | typeof paths.exchanges
  | typeof paths.webhooks

type DocumentPlaceProps<Document> = {
  id: string
  /** Whether one may be written that is not saved yet. */
  isNew: boolean
  /** What else has to be known before there is anything to show. */
  isReady?: boolean
  /** Those of the kind among all documents. */
  of(documents: readonly AnyDocument[]): Document[]
  list: ListPath
  words: { loading: string; missing: string; toList: string }
  /** Of the editor, in px. */
  height: number
  children(saved: Document | undefined, documents: readonly AnyDocument[]): ReactNode
}

/** The place of one document: its editor, or why there is none. */
export function DocumentPlace<Document extends { id: string }>(props: DocumentPlaceProps<Document>) {
  const waiting = (
    <Waiting said={props.words.loading}>
      <Skeleton height={48} width="min(420px, 100%)" />
      <Skeleton height={props.height} radius="md" />
    </Waiting>
  )
  return (
    <TenantFormat waiting={waiting}>
      <Place key={props.id} {...props} waiting={waiting} />
    </TenantFormat>
  )
}

function Place<Document extends { id: string }>({
  id,
  isNew,
  isReady = true,
  of,
  list,
  words,
  waiting,
  children,
}: DocumentPlaceProps<Document> & { waiting: ReactNode }) {
  const { data, error } = useQuery(documentsQuery)
  useTitle(id)
  if (!data) return error ? <FailureNotice error={error} /> : waiting
  if (!isReady) return waiting
  const saved = of(data).find((one) => one.id === id)
  if (!saved && !isNew)
    return (
      <Notice title={words.missing}>
        <Link to={list}>{words.toList}</Link>
      </Notice>
    )
  return children(saved, data)
}

type DocumentPageProps = {
  /** What stands above: of most documents their id. */
  title: string
  editing: Editing<object>
  /** The way back to the list, and what that is called; of some kinds there is only one document. */
  list?: ListPath
  listName?: string
  /** The way back, where it leads to no list. */
  back?: ReactNode
  /** What it is, before the word about its state. */
  mark?: ReactNode
  /** What can be done beside saving. */
  acts?: ReactNode
  children: ReactNode
}

/** An editor's page: the way back, what is edited and how it stands, and the buttons that save it. */
export function DocumentPage({
  title,
  editing,
  list,
  listName,
  back,
  mark,
  acts,
  children,
}: DocumentPageProps) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  return (
    <div className={page.page}>
      <div>
        {back}
        {list && (
          <Link to={list} className={page.back}>
            <IconArrowLeft size={15} stroke={1.7} aria-hidden />
            {listName}
          </Link>
        )}
        <div className={page.heading}>
          <div>
            <h1>{title}</h1>
            <p className={page.names}>
              {mark}
              <span>{t(`document.state.${editing.state}`)}</span>
            </p>
          </div>
          <div className={page.acts}>
            {acts}
            {editing.mayDiscard && (
              <Button variant="default" onClick={editing.discard}>
                {t('document.discard')}
              </Button>
            )}
            <Button
              loading={editing.isSaving}
              disabled={!editing.maySave}
              title={mayChange ? undefined : t('failure.forbidden')}
              onClick={editing.save}
            >
              {t('document.save')}
            </Button>
          </div>
        </div>
        {editing.refusal && <RefusalText error={editing.refusal} />}
      </div>
      {children}
      <Snack done={editing.done} close={editing.close} />
    </div>
  )
}
