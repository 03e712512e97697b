import { NativeSelect, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Template } from '../../../src/messaging/contract.ts'
import { Panel } from '../report/Panel.tsx'
import { problemAt } from '../documents/documents.ts'
import { orNothing, withWords } from './draft.ts'
import type { EditorProps } from './editor.ts'
import { withPart } from '../documents/parts.ts'
import page from '../shell/page.module.css'

type Appointment = NonNullable<Template['appointment']>

const TEXTS = ['startsAt', 'duration', 'timeZone', 'uid', 'sequence'] as const

/** When and where: the entry that the subscriber's calendar takes over. */
export function AppointmentForm({ template, change, problems, language }: EditorProps) {
  const { t } = useTranslation()
  const given = template.appointment
  if (!given) return null
  const set = (next: Partial<Appointment>): void => {
    const { location, timeZone, ...others } = { ...given, ...next }
    change({
      ...template,
      appointment: {
        ...others,
        ...(timeZone ? { timeZone } : {}),
        ...(location && orNothing(location) ? { location } : {}),
      },
    })
  }
  return (
    <Panel
      title={t('templates.appointment')}
      unit={t('templates.appointmentUnit')}
      means={t('templates.appointmentMeans')}
    >
      <div className={page.row}>
        {TEXTS.map((name) => (
          <TextInput
            key={name}
            className={page.grow}
            label={t(`templates.appointmentPart.${name}`)}
            value={given[name] ?? ''}
            error={problemAt(problems, `appointment.${name}`)}
            onChange={(event) => set({ [name]: event.currentTarget.value })}
          />
        ))}
        <TextInput
          className={page.grow}
          label={t('templates.appointmentPart.location')}
          lang={language}
          value={given.location?.[language] ?? ''}
          onChange={(event) =>
            set({ location: withWords(given.location, language, event.currentTarget.value) })
          }
        />
        <NativeSelect
          className={page.grow}
          label={t('templates.appointmentPart.method')}
          value={given.method}
          onChange={(event) =>
            change(
              withPart(template, 'appointment', {
                ...given,
                method: event.currentTarget.value === 'cancel' ? 'cancel' : 'request',
              }),
            )
          }
          data={(['request', 'cancel'] as const).map((one) => ({
            value: one,
            label: t(`templates.method.${one}`),
          }))}
        />
      </div>
    </Panel>
  )
}
