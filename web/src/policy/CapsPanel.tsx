import { ActionIcon, Button, NativeSelect } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { ContactPolicy } from '../../../src/messaging/contract.ts'
import { problemAt, type TenantChannel } from '../documents/documents.ts'
import { durationWords } from '../cascades/duration.ts'
import { DurationField } from '../documents/DurationField.tsx'
import { NumberField } from '../documents/NumberField.tsx'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { channelName } from '../templates/channels.ts'
import type { PolicyPartProps } from './RulesPanel.tsx'
import styles from './policy.module.css'

type Cap = ContactPolicy['caps'][number]

const PURPOSES = ['marketing', 'service'] as const

type CapsPanelProps = PolicyPartProps & { channels: readonly TenantChannel[] }

/** How many messages at most, each cap read out as a sentence. */
export function CapsPanel({ policy, change, problems, channels }: CapsPanelProps) {
  const { t } = useTranslation()
  const { caps } = policy
  const set = (next: readonly Cap[]): void => change({ ...policy, caps: [...next] })
  return (
    <Panel title={t('policy.caps')} unit={t('policy.capsUnit')} means={t('policy.capsMeans')}>
      {caps.length === 0 && <p className={`soft ${styles.noCaps}`}>{t('policy.noCaps')}</p>}
      <ul className={styles.caps}>
        {caps.map((cap, index) => (
          // A cap has no name but its place.
          <li key={index} className={styles.cap}>
            <CapFields
              cap={cap}
              at={(field) => problemAt(problems, `caps.${index}.${field}`)}
              channels={channels}
              change={(next) => set(caps.with(index, next))}
              remove={() => set(caps.toSpliced(index, 1))}
            />
          </li>
        ))}
      </ul>
      <Button
        variant="default"
        size="sm"
        leftSection={<IconPlus size={15} stroke={1.8} aria-hidden />}
        onClick={() => set([...caps, { limit: 3, period: 'P7D' }])}
      >
        {t('policy.addCap')}
      </Button>
    </Panel>
  )
}

type CapFieldsProps = {
  cap: Cap
  at(field: keyof Cap): string | undefined
  channels: readonly TenantChannel[]
  change(next: Cap): void
  remove(): void
}

function CapFields({ cap, at, channels, change, remove }: CapFieldsProps) {
  const { t } = useTranslation()
  const sentence = useSentence(cap)
  const { channel, purpose, below, ...always } = cap
  /** Without the field where it is not set: unset is not zero. */
  const without = (next: { [field in keyof Cap]?: Cap[field] | undefined }): Cap => {
    const all = { channel, purpose, below, ...next }
    const present = Object.entries(all).filter(([, value]) => value !== undefined)
    return { ...always, ...(Object.fromEntries(present) as Partial<Cap>) }
  }
  const known = channels.some(({ id }) => id === channel) || channel === undefined
  return (
    <>
      <div className={styles.capHead}>
        <strong>{sentence}</strong>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          aria-label={`${t('act.remove')}: ${sentence}`}
          title={t('act.remove')}
          onClick={remove}
        >
          <IconTrash size={16} stroke={1.6} aria-hidden />
        </ActionIcon>
      </div>
      <div className={styles.capFields}>
        <NumberField
          label={t('policy.limit')}
          description={t('policy.limitHelp')}
          value={cap.limit}
          error={at('limit')}
          change={(limit) => change({ ...cap, limit: limit ?? 0 })}
        />
        <DurationField
          label={t('policy.period')}
          value={cap.period}
          error={at('period')}
          change={(period) => change({ ...cap, period })}
        />
        <NativeSelect
          label={t('policy.channel')}
          value={channel ?? ''}
          error={at('channel')}
          onChange={(event) => change(without({ channel: event.currentTarget.value || undefined }))}
          data={[
            { value: '', label: t('policy.allChannels') },
            ...[...channels.map(({ id }) => id), ...(known ? [] : [channel])].map((id) => ({
              value: id,
              label: channelName(id, t),
            })),
          ]}
        />
        <NativeSelect
          label={t('policy.purpose')}
          value={purpose ?? ''}
          error={at('purpose')}
          onChange={(event) =>
            change(without({ purpose: PURPOSES.find((one) => one === event.currentTarget.value) }))
          }
          data={[
            { value: '', label: t('policy.allPurposes') },
            ...PURPOSES.map((one) => ({ value: one, label: t(`cascades.purposeOf.${one}`) })),
          ]}
        />
        <NumberField
          label={t('policy.below')}
          description={t('policy.belowHelp')}
          value={below}
          error={at('below')}
          change={(next) => change(without({ below: next }))}
        />
      </div>
    </>
  )
}

/** A cap as people say it. */
function useSentence({ limit, period, channel, purpose, below }: Cap): string {
  const { t } = useTranslation()
  const format = useFormat()
  const said = t(limit === 0 ? 'policy.capNone' : 'policy.capSome', {
    limit: format.count(limit),
    period: durationWords(period, format.language),
    channel: channel === undefined ? t('policy.ofAllChannels') : channelName(channel, t),
  })
  const parts = [
    said,
    ...(purpose === undefined ? [] : [t(`cascades.purposeOf.${purpose}`).toLowerCase()]),
    ...(below === undefined ? [] : [t('policy.capBelow', { below: format.count(below) })]),
  ]
  return parts.join(' · ')
}
