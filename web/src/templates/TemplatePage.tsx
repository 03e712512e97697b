import { Button, Skeleton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconArrowLeft } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Template } from '../../../src/messaging/contract.ts'
import { paths, type Language } from '../paths.ts'
import { ServerFailure } from '../server.ts'
import { FailureNotice, Notice, RefusalText } from '../shell/Failures.tsx'
import { Snack, type Done } from '../shell/Snack.tsx'
import { TenantFormat, useMayChange } from '../shell/TenantFormat.tsx'
import { AppointmentForm } from './AppointmentForm.tsx'
import { ButtonsForm } from './ButtonsForm.tsx'
import { ChannelMark } from './ChannelMark.tsx'
import { shownParts } from './channels.ts'
import { checkQuery, documentsQuery, sameDocument, saveDocument, templatesOf } from './documents.ts'
import { blankTemplate } from './draft.ts'
import { PreviewPanel } from './PreviewPanel.tsx'
import { TestSend } from './TestSend.tsx'
import { VariablesForm } from './VariablesForm.tsx'
import { WordsForm } from './WordsForm.tsx'
import page from './page.module.css'
import styles from './template.module.css'

/** One template: its words in each language beside the phone that shows them. */
export function TemplatePage() {
  const { templateId } = useParams({ from: paths.template })
  return (
    <TenantFormat waiting={<Waiting />}>
      <Place key={templateId} templateId={templateId} />
    </TenantFormat>
  )
}

function Place({ templateId }: { templateId: string }) {
  const { t } = useTranslation()
  const { data, error } = useQuery(documentsQuery)
  const { draft } = useSearch({ from: paths.template })
  useEffect(() => {
    document.title = `${templateId} – Tenure`
  }, [templateId])
  if (!data) return error ? <FailureNotice error={error} /> : <Waiting />
  const saved = templatesOf(data).find(({ id }) => id === templateId)
  if (!saved && draft === undefined)
    return (
      <Notice title={t('templates.missingOne', { id: templateId })}>
        <Link to={paths.templates}>{t('templates.toList')}</Link>
      </Notice>
    )
  return <Editor saved={saved} blank={blankTemplate(templateId, draft ?? 'sms')} />
}

function Editor({ saved, blank }: { saved: Template | undefined; blank: Template }) {
  const { t, i18n } = useTranslation()
  const mayChange = useMayChange()
  const { words = i18n.language as Language } = useSearch({ from: paths.template })
  const [edited, setEdited] = useState<Template | null>(null)
  const template = edited ?? saved ?? blank
  const dirty = !sameDocument(template, saved)
  const state = saved === undefined ? 'isNew' : dirty ? 'isChanged' : 'isSaved'
  const save = useSave(template, () => setEdited(null))
  useBlocker({
    shouldBlockFn: ({ current, next }) =>
      edited !== null && dirty && current.pathname !== next.pathname && !confirm(t('document.leave')),
    enableBeforeUnload: () => edited !== null && dirty,
  })
  const [settled] = useDebouncedValue(template, 400)
  const check = useQuery(checkQuery(mayChange && edited !== null && dirty ? settled : undefined))
  const refused = save.error instanceof ServerFailure ? save.error.problems : []
  const problems = check.data ?? refused
  const props = { template, change: setEdited, problems, language: words }
  const parts = shownParts(template.channel)
  return (
    <div className={page.page}>
      <div>
        <Link to={paths.templates} className={page.back}>
          <IconArrowLeft size={15} stroke={1.7} aria-hidden />
          {t('templates.title')}
        </Link>
        <div className={page.heading}>
          <div>
            <h1>{template.id}</h1>
            <p className={page.names}>
              <ChannelMark channel={template.channel} />
              <span>{t(`document.state.${state}`)}</span>
            </p>
          </div>
          <div className={page.acts}>
            <TestSend template={template} language={words} disabled={dirty || saved === undefined} />
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
        <div className={styles.forms}>
          <WordsForm {...props} />
          {parts.includes('appointment') && <AppointmentForm {...props} />}
          {parts.includes('choices') && <ButtonsForm {...props} />}
          <VariablesForm {...props} />
        </div>
        <PreviewPanel template={template} language={words} />
      </div>
      <Snack done={save.done} close={save.close} />
    </div>
  )
}

/** Saves the draft; afterwards the page shows what is saved. */
function useSave(template: Template, saved: () => void) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const navigate = useNavigate({ from: paths.template })
  const [done, setDone] = useState<Done | null>(null)
  const close = useCallback(() => setDone(null), [])
  const mutation = useMutation({
    mutationFn: () => saveDocument(template),
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
        {t('templates.loading')}
      </span>
      <Skeleton height={48} width="min(420px, 100%)" />
      <Skeleton height={640} radius="md" />
    </div>
  )
}
