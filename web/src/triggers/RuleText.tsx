import { Code, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Trigger } from '../../../src/triggers/contract.ts'
import { Panel } from '../report/Panel.tsx'
import styles from './trigger.module.css'

/** The rule's document as YAML, as `tenure export` writes it. The writer of YAML is loaded when it is needed. */
export function useYaml(document: object): string | undefined {
  return useQuery({
    queryKey: ['yaml', document],
    queryFn: async () => (await import('yaml')).stringify(document, { lineWidth: 76 }),
    staleTime: Infinity,
  }).data
}

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
