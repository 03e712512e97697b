import { useTranslation } from 'react-i18next'
import type { TriggerView } from '../../../src/triggers/contract.ts'
import type { RuleStateName } from '../paths.ts'
import { State } from '../shell/State.tsx'

const TONES = { running: 'good', paused: 'quiet', problem: 'alarm' } as const

/** How a rule is: a problem counts more than a pause, since it stays when the pause is over. */
export const stateOf = ({ problem, pause }: TriggerView): RuleStateName =>
  problem === null ? (pause === null ? 'running' : 'paused') : 'problem'

/** The state as a mark and a word. */
export function RuleState({ state }: { state: RuleStateName }) {
  const { t } = useTranslation()
  return <State tone={TONES[state]}>{t(`triggers.state.${state}`)}</State>
}
