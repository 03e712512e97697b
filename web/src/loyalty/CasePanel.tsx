import { Button, Modal, Skeleton, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AbuseEvidenceView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { FigureTable } from '../report/FigureTable.tsx'
import { Panel } from '../report/Panel.tsx'
import { FailureNotice, RefusalText } from '../shell/Failures.tsx'
import { useMayChange } from '../shell/TenantFormat.tsx'
import { ValueList } from '../triggers/ValueList.tsx'
import { useCalled } from './called.ts'
import { readableValues, withMoments } from './readable.ts'
import { decideCase, evidenceQuery } from './rewards-queries.ts'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'
import member from './member.module.css'

/** One case: the signs, what the member did, and the decision. */
export function CasePanel({ caseId, decimals }: { caseId: string; decimals: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const called = useCalled()
  const { data, error } = useQuery(evidenceQuery(caseId))
  if (!data) return error ? <FailureNotice error={error} /> : <Skeleton height={420} radius="md" />
  const { subscriberId, programme, score, heldPoints, closesAt, state, decidedAt, note } = data
  return (
    <Panel
      title={t('loyalty.caseOf', { id: subscriberId })}
      unit={t('loyalty.caseUnit', {
        programme: called('Programme', programme),
        score,
        points: format.points(heldPoints, decimals),
      })}
      means={t('loyalty.caseMeans')}
    >
      <div className={page.form}>
        {state === 'open' ? (
          <Decide caseId={caseId} />
        ) : (
          <p className={styles.note}>
            {t(`loyalty.decided_as.${state}`, {
              moment: decidedAt === null ? '—' : format.moment(decidedAt),
            })}
            {note !== null && ` · ${note}`}
          </p>
        )}
        {state === 'open' && closesAt !== null && (
          <p className="soft">{t('loyalty.closes', { moment: format.moment(closesAt) })}</p>
        )}
        <Findings findings={data.findings} />
        <h3 className={styles.part}>{t('loyalty.deeds')}</h3>
        <Deeds deeds={data.deeds} decimals={decimals} />
        <Link to={paths.member} search={{ subscriber: subscriberId, programme }}>
          {t('loyalty.toMember')}
        </Link>
      </div>
    </Panel>
  )
}

function Findings({ findings }: Pick<AbuseEvidenceView, 'findings'>) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <ul className={`${styles.parts} ${member.findings}`}>
      {findings.map(({ reason, subject, score, text, saw }) => (
        <li key={`${reason} ${subject}`} data-reason={reason}>
          <span className={styles.questHead}>
            <strong>{withMoments(text[format.language], format)}</strong>
            <span>+{format.count(score)}</span>
          </span>
          <details>
            <summary>{t('loyalty.decided')}</summary>
            <ValueList values={readableValues(saw, format)} />
          </details>
        </li>
      ))}
    </ul>
  )
}

function Deeds({ deeds, decimals }: Pick<AbuseEvidenceView, 'deeds'> & { decimals: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (deeds.length === 0) return <p className="soft">{t('loyalty.noDeeds')}</p>
  return (
    <FigureTable
      caption={t('loyalty.deeds')}
      corner={t('triggers.when')}
      align="right"
      columns={(['kind', 'points', 'other', 'held'] as const).map((id) => ({
        id,
        name: t(`loyalty.deedColumn.${id}`),
      }))}
      lines={deeds.map(({ kind, at, points, other, isHeld }, index) => ({
        id: `${at} ${index}`,
        name: <time dateTime={at}>{format.dayTime(at)}</time>,
        cells: {
          kind: { text: t(`loyalty.deed.${kind}`) },
          points: { text: format.points(points, decimals) },
          other: { text: other === null ? '—' : String(other) },
          held: { text: isHeld ? t('loyalty.isHeld') : '—' },
        },
      }))}
    />
  )
}

/** A false alarm is undone with one press; the other decision says what it does and asks for a word. */
function Decide({ caseId }: { caseId: string }) {
  const { t } = useTranslation()
  const mayChange = useMayChange()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [note, setNote] = useState('')
  const decide = useMutation({
    mutationFn: (decision: 'release' | 'confirm') =>
      decideCase(caseId, { decision, ...(note.trim() === '' ? {} : { note: note.trim() }) }),
    onSuccess: async () => {
      setAsking(false)
      await queryClient.invalidateQueries({ queryKey: ['abuse-cases'] })
      await queryClient.invalidateQueries({ queryKey: evidenceQuery(caseId).queryKey })
    },
  })
  const why = mayChange ? undefined : t('failure.forbidden')
  return (
    <>
      <div className={page.acts}>
        <Button
          disabled={!mayChange}
          title={why}
          loading={decide.isPending}
          onClick={() => decide.mutate('release')}
        >
          {t('loyalty.release')}
        </Button>
        <Button variant="default" disabled={!mayChange} title={why} onClick={() => setAsking(true)}>
          {t('loyalty.confirm')}
        </Button>
      </div>
      <p className="soft">{t('loyalty.releaseMeans')}</p>
      {decide.error && !asking && <RefusalText error={decide.error} />}
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('loyalty.confirmTitle')}
        closeButtonProps={{ 'aria-label': t('act.cancel') }}
        centered
      >
        <form
          className={page.form}
          onSubmit={(event) => {
            event.preventDefault()
            decide.mutate('confirm')
          }}
        >
          <p>{t('loyalty.confirmMeans')}</p>
          <TextInput
            label={t('loyalty.note')}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            maxLength={1000}
            data-autofocus
          />
          {decide.error && <RefusalText error={decide.error} />}
          <Button type="submit" color="red" loading={decide.isPending} disabled={note.trim() === ''}>
            {t('loyalty.confirmTitle')}
          </Button>
        </form>
      </Modal>
    </>
  )
}
