import { Button, Skeleton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconArrowLeft } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Cascade } from '../../../src/messaging/contract.ts'
import { paths } from '../paths.ts'
import { ServerFailure } from '../server.ts'
import { FailureNotice, Notice, RefusalText } from '../shell/Failures.tsx'
import { Snack, type Done } from '../shell/Snack.tsx'
import { TenantFormat, useMayChange } from '../shell/TenantFormat.tsx'
import {
  cascadesOf,
  channelsOf,
  checkQuery,
  documentsQuery,
  sameDocument,
  saveDocument,
  templatesOf,
  type AnyDocument,
} from '../templates/documents.ts'
import { blankCascade, documentOf, draftOf, isComplete, type CascadeDraft } from './draft.ts'
import { ExpectationPanel } from './ExpectationPanel.tsx'
import { expectationQuery } from './queries.ts'
import { ReportPanel } from './ReportPanel.tsx'
import { SettingsPanel } from './SettingsPanel.tsx'
import { StepsPanel } from './StepsPanel.tsx'
import page from '../templates/page.module.css'
import styles from './cascades.module.css'

/** One cascade: its steps, what they are expected to reach and cost, and what they did. */
export function CascadePage() {
  const { cascadeId } = useParams({ from: paths.cascade })
  return (
    <TenantFormat waiting={<Waiting />}>
      <Place key={cascadeId} cascadeId={cascadeId} />
    </TenantFormat>
  )
}

function Place({ cascadeId }: { cascadeId: string }) {
  const { t } = useTranslation()
  const { data, error } = useQuery(documentsQuery)
  const { draft } = useSearch({ from: paths.cascade })
  useEffect(() => {
    document.title = `${cascadeId} – Tenure`
  }, [cascadeId])
  if (!data) return error ? <FailureNotice error={error} /> : <Waiting />
  const saved = cascadesOf(data).find(({ id }) => id === cascadeId)
  if (!saved && !draft)
    return (
      <Notice title={t('cascades.missingOne', { id: cascadeId })}>
        <Link to={paths.cascades}>{t('cascades.toList')}</Link>
      </Notice>
    )
  return <Editor saved={saved} blank={blankCascade(cascadeId)} documents={data} />
}

type EditorProps = { saved: Cascade | undefined; blank: Cascade; documents: readonly AnyDocument[] }

function Editor({ saved, blank, documents }: EditorProps) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const [edited, setEdited] = useState<CascadeDraft | null>(null)
  const [reach, setReach] = useState<Readonly<Record<string, number>>>({})
  const draft = edited ?? draftOf(saved ?? blank)
  const cascade = documentOf(draft)
  const dirty = !sameDocument(cascade, saved)
  const state = saved === undefined ? 'isNew' : dirty ? 'isChanged' : 'isSaved'
  const save = useSave(cascade, () => setEdited(null))
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      edited !== null && dirty && current.pathname !== next.pathname && !confirm(t('document.leave')),
    enableBeforeUnload: () => edited !== null && dirty,
  })
  const [settled] = useDebouncedValue(JSON.stringify(cascade), 300)
  const asked = JSON.parse(settled) as Cascade
  const check = useQuery(checkQuery(mayChange && edited !== null && dirty ? asked : undefined))
  const refused = save.error instanceof ServerFailure ? save.error.problems : []
  const problems = check.data ?? refused
  const expectation = useQuery(expectationQuery(isComplete(asked) ? asked : undefined, reach))
  return (
    <div className={page.page}>
      <div>
        <Link to={paths.cascades} className={page.back}>
          <IconArrowLeft size={15} stroke={1.7} aria-hidden />
          {t('cascades.title')}
        </Link>
        <div className={page.heading}>
          <div>
            <h1>{cascade.id}</h1>
            <p className={page.names}>{t(`document.state.${state}`)}</p>
          </div>
          <div className={page.acts}>
            {dirty && edited !== null && (
              <Button variant="default" onClick={() => setEdited(null)}>
                {t('document.discard')}
              </Button>
            )}
            <Button
              loading={save.isPending}
              disabled={!mayChange || !dirty}
              title={mayChange ? undefined : t('failure.forbidden')}
              onClick={() => save.mutate()}
            >
              {t('document.save')}
            </Button>
          </div>
        </div>
        {save.error && <RefusalText error={save.error} />}
      </div>
      <div className={styles.columns}>
        <StepsPanel
          draft={draft}
          change={setEdited}
          problems={problems}
          channels={channelsOf(documents)}
          templates={templatesOf(documents)}
        />
        <ExpectationPanel
          cascade={asked}
          expectation={expectation.data}
          isComplete={isComplete(asked)}
          reach={reach}
          setReach={setReach}
        />
      </div>
      <SettingsPanel draft={draft} change={setEdited} problems={problems} />
      {saved && <ReportPanel cascadeId={saved.id} />}
      <Snack done={save.done} close={save.close} />
    </div>
  )
}

/** Saves the draft; afterwards the page shows what is saved. */
function useSave(cascade: Cascade, saved: () => void) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const navigate = useNavigate({ from: paths.cascade })
  const [done, setDone] = useState<Done | null>(null)
  const close = useCallback(() => setDone(null), [])
  const mutation = useMutation({
    mutationFn: () => saveDocument(cascade),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: documentsQuery.queryKey })
      saved()
      setDone({ text: t('document.saved') })
      await navigate({ search: (now) => ({ ...now, draft: undefined }), replace: true })
    },
  })
  return { ...mutation, done, close }
}

function Waiting() {
  const { t } = useTranslation()
  return (
    <div className={`${page.page} ${page.waiting}`} aria-busy>
      <span className="unseen" role="status">
        {t('cascades.loading')}
      </span>
      <Skeleton height={48} width="min(420px, 100%)" />
      <Skeleton height={520} radius="md" />
    </div>
  )
}
