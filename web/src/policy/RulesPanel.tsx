import { Checkbox, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ContactPolicy } from '../../../src/messaging/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { DurationField } from '../documents/DurationField.tsx'
import { Panel } from '../report/Panel.tsx'
import type { FieldProblem } from '../server.ts'
import page from '../shell/page.module.css'
import styles from './policy.module.css'

export type PolicyPartProps = {
  policy: ContactPolicy
  change(next: ContactPolicy): void
  problems: readonly FieldProblem[]
}

/** Consent, quiet hours, the gap: each a sentence that is switched on, and what holds while it is off. */
export function RulesPanel({ policy, change, problems }: PolicyPartProps) {
  const { t } = useTranslation()
  return (
    <Panel title={t('policy.rules')} unit={t('policy.rulesUnit')} means={t('policy.rulesMeans')}>
      <div className={styles.rules}>
        <Checkbox
          label={t('policy.consent')}
          description={t(policy.consentRequired ? 'policy.consentOn' : 'policy.consentOff')}
          checked={policy.consentRequired}
          onChange={(event) => change({ ...policy, consentRequired: event.currentTarget.checked })}
        />
        <QuietHours policy={policy} change={change} problems={problems} />
        <MinimumGap policy={policy} change={change} problems={problems} />
      </div>
    </Panel>
  )
}

function QuietHours({ policy, change, problems }: PolicyPartProps) {
  const { t } = useTranslation()
  const { quietHours, ...others } = policy
  return (
    <div className={styles.rule}>
      <Checkbox
        label={t('policy.quiet')}
        description={t(quietHours ? 'policy.quietOn' : 'policy.quietOff')}
        checked={quietHours !== undefined}
        onChange={(event) =>
          change(
            event.currentTarget.checked ? { ...others, quietHours: { from: '21:00', to: '09:00' } } : others,
          )
        }
      />
      {quietHours && (
        <div className={`${page.row} ${styles.under}`}>
          {(['from', 'to'] as const).map((end) => (
            <TextInput
              key={end}
              type="time"
              label={t(`policy.quietEnd.${end}`)}
              value={quietHours[end]}
              error={problemAt(problems, `quietHours.${end}`) ?? problemAt(problems, 'quietHours')}
              onChange={(event) =>
                change({ ...others, quietHours: { ...quietHours, [end]: event.currentTarget.value } })
              }
            />
          ))}
        </div>
      )}
    </div>
  )
}

function MinimumGap({ policy, change, problems }: PolicyPartProps) {
  const { t } = useTranslation()
  const { minimumGap, ...others } = policy
  return (
    <div className={styles.rule}>
      <Checkbox
        label={t('policy.gap')}
        description={t(minimumGap === undefined ? 'policy.gapOff' : 'policy.gapOn')}
        checked={minimumGap !== undefined}
        onChange={(event) => change(event.currentTarget.checked ? { ...others, minimumGap: 'PT4H' } : others)}
      />
      {minimumGap !== undefined && (
        <div className={`${page.row} ${styles.under}`}>
          <DurationField
            label={t('policy.gapLength')}
            value={minimumGap}
            error={problemAt(problems, 'minimumGap')}
            change={(next) => change({ ...others, minimumGap: next })}
          />
        </div>
      )}
    </div>
  )
}
