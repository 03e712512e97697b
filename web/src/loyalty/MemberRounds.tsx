import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Panel } from '../report/Panel.tsx'
import { RoundList } from './parts/RoundsPanel.tsx'
import { memberRoundsQuery } from './queries.ts'

/** Rounds of games that the member played lately, each of which can be checked; nothing where there are none. */
export function MemberRounds({ subscriberId }: { subscriberId: number }) {
  const { t } = useTranslation()
  const { data } = useQuery(memberRoundsQuery(subscriberId))
  if (!data || data.length === 0) return null
  return (
    <Panel title={t('loyalty.rounds')} unit={t('loyalty.roundsUnit')} means={t('loyalty.roundsMeans')}>
      <RoundList rounds={data.slice(0, SHOWN)} />
    </Panel>
  )
}

const SHOWN = 5
