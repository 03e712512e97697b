import { Checkbox, NativeSelect, TextInput, UnstyledButton } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Cascade } from '../../../src/messaging/contract.ts'
import { Panel } from '../report/Panel.tsx'
import type { FieldProblem } from '../server.ts'
import { problemAt } from '../documents/documents.ts'
import { NumberField } from '../documents/NumberField.tsx'
import type { CascadeDraft } from './draft.ts'
import page from '../shell/page.module.css'
import styles from './cascades.module.css'

type SettingsPanelProps = {
  draft: CascadeDraft
  change(next: CascadeDraft): void
  problems: readonly FieldProblem[]
}

type Head = CascadeDraft['head']
type Window = NonNullable<Cascade['sendWindow']>

const PURPOSES = ['marketing', 'service', 'transactional'] as const
const DAYS = [1, 2, 3, 4, 5, 6, 7] as const

/** What holds for all steps: what the cascade is for, when it may go, how fast. */
export function SettingsPanel({ draft, change, problems }: SettingsPanelProps) {
  const { t } = useTranslation()
  const { head } = draft
  const set = (next: Partial<Head>): void => change({ ...draft, head: { ...head, ...next } })
  return (
    <Panel
      title={t('cascades.settings')}
      unit={t('cascades.settingsUnit')}
      means={t('cascades.settingsMeans')}
    >
      <div className={styles.settings}>
        <NativeSelect
          label={t('cascades.purpose')}
          value={head.purpose}
          error={problemAt(problems, 'purpose')}
          onChange={(event) =>
            set({ purpose: PURPOSES.find((one) => one === event.currentTarget.value) ?? 'marketing' })
          }
          data={PURPOSES.map((one) => ({ value: one, label: t(`cascades.purposeOf.${one}`) }))}
        />
        <NumberField
          label={t('cascades.priority')}
          description={t('cascades.priorityHelp')}
          value={head.priority}
          error={problemAt(problems, 'priority')}
          change={(priority) => set({ priority: priority ?? 0 })}
        />
        <NativeSelect
          label={t('cascades.order')}
          value={head.order}
          onChange={(event) =>
            set({ order: event.currentTarget.value === 'expected_cost' ? 'expected_cost' : 'written' })
          }
          data={(['written', 'expected_cost'] as const).map((one) => ({
            value: one,
            label: t(`cascades.orderOf.${one}`),
          }))}
        />
        <NativeSelect
          label={t('cascades.timing')}
          value={head.timing}
          onChange={(event) =>
            set({ timing: event.currentTarget.value === 'best_hour' ? 'best_hour' : 'now' })
          }
          data={(['now', 'best_hour'] as const).map((one) => ({
            value: one,
            label: t(`cascades.timingOf.${one}`),
          }))}
        />
        <NumberField
          label={t('cascades.perMinute')}
          description={t('cascades.perMinuteHelp')}
          value={head.perMinute}
          error={problemAt(problems, 'perMinute')}
          change={(perMinute) => {
            const { perMinute: _before, ...others } = head
            change({ ...draft, head: perMinute === undefined ? others : { ...others, perMinute } })
          }}
        />
        <SendWindow draft={draft} change={change} problems={problems} />
      </div>
    </Panel>
  )
}

function SendWindow({ draft, change, problems }: SettingsPanelProps) {
  const { t, i18n } = useTranslation()
  const { sendWindow, ...others } = draft.head
  const set = (next: Window | undefined): void =>
    change({ ...draft, head: next === undefined ? others : { ...others, sendWindow: next } })
  // The fifth of January 2026 was a Monday.
  const dayName = (day: number): string =>
    new Intl.DateTimeFormat(i18n.language, { weekday: 'short', timeZone: 'UTC' }).format(
      Date.UTC(2026, 0, 4 + day),
    )
  const chosen = sendWindow?.days ?? DAYS
  return (
    <div className={styles.window}>
      <Checkbox
        label={t('cascades.window')}
        checked={sendWindow !== undefined}
        onChange={(event) => set(event.currentTarget.checked ? { from: '10:00', to: '20:00' } : undefined)}
      />
      {sendWindow && (
        <div className={page.row}>
          {(['from', 'to'] as const).map((end) => (
            <TextInput
              key={end}
              type="time"
              label={t(`cascades.windowEnd.${end}`)}
              value={sendWindow[end]}
              error={problemAt(problems, `sendWindow.${end}`) ?? problemAt(problems, 'sendWindow')}
              onChange={(event) => set({ ...sendWindow, [end]: event.currentTarget.value })}
            />
          ))}
          <div className={styles.days} role="group" aria-label={t('cascades.windowDays')}>
            {DAYS.map((day) => {
              const isOn = chosen.includes(day)
              return (
                <UnstyledButton
                  key={day}
                  className={styles.day}
                  aria-pressed={isOn}
                  onClick={() => {
                    const days = DAYS.filter((one) => (one === day ? !isOn : chosen.includes(one)))
                    const { days: _before, ...hours } = sendWindow
                    set(days.length === 7 || days.length === 0 ? hours : { ...hours, days })
                  }}
                >
                  {dayName(day)}
                </UnstyledButton>
              )
            })}
          </div>
        </div>
      )}
    </div>
  )
}
