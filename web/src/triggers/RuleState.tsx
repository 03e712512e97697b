import { useTranslation } from 'react-i18next'
import type { TriggerView } from '../../../src/triggers/contract.ts'
import type { RuleStateName } from '../paths.ts'
import styles from './rules.module.css'

/** How a rule is: a problem counts more than a pause, since it stays when the pause is over. */
export const stateOf = ({ problem, pause }: TriggerView): RuleStateName =>
  problem === null ? (pause === null ? 'running' : 'paused') : 'problem'

/** The state as a mark and a word. */
export function RuleState({ state }: { state: RuleStateName }) {
  const { t } = useTranslation()
  return (
    <span className={styles.state} data-state={state}>
      {t(`triggers.state.${state}`)}
    </span>
  )
}
