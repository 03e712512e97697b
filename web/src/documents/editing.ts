import { useDebouncedValue } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useBlocker, useNavigate } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ServerFailure, type FieldProblem } from '../server.ts'
import type { Done } from '../shell/Snack.tsx'
import { useMayChange } from '../shell/TenantFormat.tsx'
import { checkQuery, documentsQuery, sameDocument, saveDocument } from './documents.ts'

/** A document is checked and looked at when nobody typed for so long. */
const SETTLES_MS = 300

type Edited<Document> = {
  /** The document as it is being written. */
  document: Document
  saved: Document | undefined
  /** Whether somebody changed anything; a new document that nobody touched may be left without a question. */
  isTouched: boolean
  /** Goes back to what is saved. */
  discard(): void
}

export type Editing<Document> = {
  state: 'isNew' | 'isChanged' | 'isSaved'
  mayDiscard: boolean
  discard(): void
  maySave: boolean
  save(): void
  isSaving: boolean
  /** Why it was not saved. */
  refusal: Error | null
  problems: readonly FieldProblem[]
  /** The document as it was when it was last left alone for a moment. */
  settled: Document
  done: Done | null
  close(): void
}

/** The life of a document in its editor: checked while it is written, saved, not left behind unsaved. */
export function useEditing<Document extends object>({
  document,
  saved,
  isTouched,
  discard,
}: Edited<Document>): Editing<Document> {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const isDirty = !sameDocument(document, saved)
  const isUnsaved = isTouched && isDirty
  const { save, done, close } = useSave(document, discard)
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isUnsaved && current.pathname !== next.pathname && !confirm(t('document.leave')),
    enableBeforeUnload: () => isUnsaved,
  })
  const [text] = useDebouncedValue(JSON.stringify(document), SETTLES_MS)
  const settled = JSON.parse(text) as Document
  const check = useQuery(checkQuery(mayChange && isUnsaved ? settled : undefined))
  const refused = save.error instanceof ServerFailure ? save.error.problems : []
  const problems = (check.data ?? refused).map((problem) =>
    isEmpty(problem) ? { ...problem, message: t('document.fillIn') } : problem,
  )
  return {
    state: saved === undefined ? 'isNew' : isDirty ? 'isChanged' : 'isSaved',
    mayDiscard: isUnsaved,
    discard,
    maySave: mayChange && isDirty,
    save: save.mutate,
    isSaving: save.isPending,
    refusal: save.error,
    problems,
    settled,
    done,
    close,
  }
}

/** What is left to be written is said in the reader's language, everything else in the server's words. */
const isEmpty = ({ code, found }: FieldProblem): boolean =>
  code === 'schema' && (found === undefined || found === null || found === '')

/** Saves the draft; afterwards the page shows what is saved. */
function useSave(document: object, discard: () => void) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  const [done, setDone] = useState<Done | null>(null)
  const close = useCallback(() => setDone(null), [])
  const save = useMutation({
    mutationFn: () => saveDocument(document),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: documentsQuery.queryKey })
      discard()
      setDone({ text: t('document.saved') })
      await navigate({ to: '.', search: (now) => ({ ...now, draft: undefined }), replace: true })
    },
  })
  return { save, done, close }
}
