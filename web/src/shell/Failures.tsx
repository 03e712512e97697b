import { Button } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { wallClock } from '../format/format.ts'
import { paths, type Language } from '../paths.ts'
import { ServerFailure } from '../server.ts'
import styles from './shell.module.css'

/** A page's place when there is nothing to show: what happened, and the way on. */
export function Notice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.notice} role="status">
      <h1>{title}</h1>
      {children}
    </div>
  )
}

/** An address that leads nowhere. */
export function MissingPlace() {
  const { t } = useTranslation()
  return (
    <Notice title={t('failure.noSuchPage')}>
      <Link to={paths.campaigns}>{t('failure.toCampaigns')}</Link>
    </Notice>
  )
}

/** A fault of the page itself. */
export function CrashNotice({ error }: ErrorComponentProps) {
  const { t } = useTranslation()
  return (
    <Notice title={t('failure.crash', { detail: String(error) })}>
      <Button onClick={() => location.reload()}>{t('failure.again')}</Button>
    </Notice>
  )
}

/** In a page's place when its first answer did not come or cannot be used. */
export function FailureNotice({ error }: { error: Error }) {
  const { t } = useTranslation()
  const kind = error instanceof ServerFailure ? error.kind : 'unreachable'
  if (kind === 'missing') {
    return (
      <Notice title={t('failure.missing')}>
        <Link to={paths.campaigns}>{t('failure.toCampaigns')}</Link>
      </Notice>
    )
  }
  if (kind === 'forbidden') return <Notice title={t('failure.forbidden')} />
  if (kind === 'not_understood')
    return <Notice title={t('failure.not_understood', { detail: error.message })} />
  return <Notice title={t('failure.unreachable')} />
}

/** Why a command was not carried out, in a line. */
export function RefusalText({ error }: { error: Error }) {
  const { t } = useTranslation()
  const kind = error instanceof ServerFailure ? error.kind : 'unreachable'
  const text =
    kind === 'refused' || kind === 'missing'
      ? t('failure.refused', { detail: error.message })
      : kind === 'forbidden'
        ? t('failure.forbidden')
        : kind === 'not_understood'
          ? t('failure.not_understood', { detail: error.message })
          : t('failure.noAnswer')
  return (
    <p role="alert" className={styles.refusal}>
      {text}
    </p>
  )
}

/** Over the page, so that nothing moves: the figures below stand still because no answer comes. */
export function ConnectionLost({ error, lastAnswerMs }: { error: Error | null; lastAnswerMs: number }) {
  const { t, i18n } = useTranslation()
  const time = wallClock(i18n.language as Language, lastAnswerMs)
  const notUnderstood = error instanceof ServerFailure && error.kind === 'not_understood'
  return (
    <div role="status" className={styles.lostPlace}>
      {error && (
        <p className={styles.lost}>
          <IconPlugConnectedX size={18} stroke={1.7} aria-hidden />
          {notUnderstood
            ? t('failure.not_understood', { detail: error.message })
            : t('failure.connectionLost', { time })}
        </p>
      )}
    </div>
  )
}
