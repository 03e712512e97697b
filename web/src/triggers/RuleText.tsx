import { Code, Skeleton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Trigger } from '../../../src/triggers/contract.ts'
import { useYaml } from '../documents/yaml.ts'
import { Panel } from '../report/Panel.tsx'
import styles from './trigger.module.css'

/** What the rule says, word for word. */
export function RuleText({ trigger }: { trigger: Trigger }) {
  const { t } = useTranslation()
  const text = useYaml(trigger)
  return (
    <Panel title={t('triggers.text')} unit={t('triggers.textUnit')} means={t('triggers.textMeans')}>
      {text === undefined ? (
        <Skeleton height={220} />
      ) : (
        <Code block className={styles.yaml} tabIndex={0}>
          {text.trimEnd()}
        </Code>
      )}
    </Panel>
  )
}
