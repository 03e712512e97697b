import { Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { AbuseCaseView } from '../../../src/loyalty/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { State, type Tone } from '../shell/State.tsx'
import type { Membership } from './membership.ts'
import { memberCasesQuery } from './queries.ts'
import { withMoments } from './readable.ts'
import styles from './loyalty.module.css'

type MemberCasesProps = { subscriberId: number; membership: Membership }

const TONES: Record<AbuseCaseView['state'], Tone> = {
  open: 'slow',
  confirmed: 'alarm',
  released: 'good',
  lapsed: 'quiet',
}

/** What looked like abuse, what is held because of it, and how it was decided. */
export function MemberCases({ subscriberId, membership: { programme, decimals } }: MemberCasesProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(memberCasesQuery(subscriberId))
  const cases = data?.filter((one) => one.programme === programme)
  return (
    <Panel title={t('loyalty.ownCases')} unit={t('loyalty.ownCasesUnit')} means={t('loyalty.ownCasesMeans')}>
      {cases === undefined && <Skeleton height={80} />}
      {cases?.length === 0 && <p className="soft">{t('loyalty.noOwnCases')}</p>}
      <ul className={styles.parts}>
        {cases?.map(({ caseId, state, level, score, heldPoints, openedAt, findings, note }) => (
          <li key={caseId} data-case={state}>
            <span className={styles.questHead}>
              <Link to={paths.review} search={{ state, case: caseId }}>
                {format.moment(openedAt)}
              </Link>
              <State tone={TONES[state]}>{t(`loyalty.ownCase.${state}`)}</State>
            </span>
            <span className="soft">
              {t('loyalty.score', { score })}
              {state === 'open' &&
                ` · ${t(`loyalty.level.${level}`)} · ${t('loyalty.heldPoints', {
                  points: format.points(heldPoints, decimals),
                })}`}
              {note !== null && ` · ${note}`}
            </span>
            {findings.map(({ reason, subject, text }) => (
              <span key={`${reason} ${subject}`}>{withMoments(text[format.language], format)}</span>
            ))}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
