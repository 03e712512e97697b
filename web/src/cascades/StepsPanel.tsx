import { ActionIcon, Button, NativeSelect } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconGripVertical, IconPlus, IconTrash } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Template } from '../../../src/messaging/contract.ts'
import { useFormat } from '../format/format.ts'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import type { FieldProblem } from '../server.ts'
import { channelName } from '../templates/channels.ts'
import { problemAt, type TenantChannel } from '../documents/documents.ts'
import { DurationField } from '../documents/DurationField.tsx'
import { blankStep, moved, untils, type CascadeDraft, type KeyedStep, type Step } from './draft.ts'
import { useDragging } from './dragging.ts'
import page from '../shell/page.module.css'
import styles from './cascades.module.css'

type StepsPanelProps = {
  draft: CascadeDraft
  change(next: CascadeDraft): void
  problems: readonly FieldProblem[]
  channels: readonly TenantChannel[]
  templates: readonly Template[]
}

/** The steps in their order, to be written and moved by hand or by key. */
export function StepsPanel({ draft, change, problems, channels, templates }: StepsPanelProps) {
  const { t } = useTranslation()
  const { steps } = draft
  const set = (next: readonly KeyedStep[]): void => change({ ...draft, steps: next })
  const move = (from: number, to: number): void => set(moved(steps, from, to))
  const dragging = useDragging(move)
  const add = (): void => {
    const key = Math.max(0, ...steps.map((one) => one.key)) + 1
    set([...steps, { key, step: blankStep(channels[0]?.id ?? 'sms') }])
  }
  return (
    <Panel title={t('cascades.steps')} unit={t('cascades.stepsUnit')} means={t('cascades.stepsMeans')}>
      <ol className={styles.steps} ref={dragging.list}>
        {steps.map(({ key, step }, index) => (
          <li
            key={key}
            className={styles.step}
            data-dragged={dragging.from === index || undefined}
            data-before={dragging.to === index || undefined}
          >
            <StepHead
              step={step}
              index={index}
              count={steps.length}
              move={(to) => move(index, to)}
              grip={dragging.grip(index)}
              remove={() => set(steps.toSpliced(index, 1))}
            />
            <StepFields
              step={step}
              index={index}
              problems={problems}
              channels={channels}
              templates={templates}
              change={(next) => set(steps.with(index, { key, step: next }))}
            />
          </li>
        ))}
      </ol>
      {problemAt(problems, 'steps') !== undefined && (
        <p role="alert" className={styles.problem}>
          {problemAt(problems, 'steps')}
        </p>
      )}
      <Button
        variant="default"
        size="sm"
        leftSection={<IconPlus size={15} stroke={1.8} aria-hidden />}
        onClick={add}
      >
        {t('cascades.addStep')}
      </Button>
    </Panel>
  )
}

type StepHeadProps = {
  step: Step
  index: number
  count: number
  move(to: number): void
  remove(): void
  grip: object
}

function StepHead({ step, index, count, move, remove, grip }: StepHeadProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const number = format.count(index + 1)
  const acts = [
    { name: t('cascades.moveUp', { number }), to: index - 1, Icon: IconArrowUp, off: index === 0 },
    {
      name: t('cascades.moveDown', { number }),
      to: index + 1,
      Icon: IconArrowDown,
      off: index === count - 1,
    },
  ]
  return (
    <div className={styles.stepHead}>
      <span className={styles.grip} title={t('cascades.drag')} aria-hidden {...grip}>
        <IconGripVertical size={17} stroke={1.6} />
      </span>
      <strong>{t('cascades.stepName', { number, channel: channelName(step.channel, t) })}</strong>
      <span className={styles.stepActs}>
        {acts.map(({ name, to, Icon, off }) => (
          <ActionIcon
            key={name}
            variant="subtle"
            color="gray"
            size={32}
            disabled={off}
            aria-label={name}
            title={name}
            onClick={() => move(to)}
          >
            <Icon size={16} stroke={1.7} aria-hidden />
          </ActionIcon>
        ))}
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          disabled={count === 1}
          aria-label={t('cascades.removeStep', { number })}
          title={t('cascades.removeStep', { number })}
          onClick={remove}
        >
          <IconTrash size={16} stroke={1.6} aria-hidden />
        </ActionIcon>
      </span>
    </div>
  )
}

type StepFieldsProps = Pick<StepsPanelProps, 'problems' | 'channels' | 'templates'> & {
  step: Step
  index: number
  change(next: Step): void
}

function StepFields({ step, index, problems, channels, templates, change }: StepFieldsProps) {
  const { t } = useTranslation()
  const at = (field: keyof Step): string | undefined => problemAt(problems, `steps.${index}.${field}`)
  const known = channels.some(({ id }) => id === step.channel)
  const fitting = templates.filter(({ channel }) => channel === step.channel)
  const isListed = fitting.some(({ id }) => id === step.template)
  return (
    <div className={page.row}>
      <NativeSelect
        className={page.grow}
        label={t('cascades.channel')}
        value={step.channel}
        error={at('channel')}
        onChange={({ currentTarget: { value } }) => {
          const own = templates.filter(({ channel }) => channel === value)
          change({ ...step, channel: value, template: own.length === 1 ? own[0]!.id : '' })
        }}
        data={[...channels.map(({ id }) => id), ...(known ? [] : [step.channel])].map((id) => ({
          value: id,
          label: channelName(id, t),
        }))}
      />
      <NativeSelect
        className={page.grow}
        label={
          <>
            {t('cascades.template')}
            {isListed && (
              <Link to={paths.template} params={{ templateId: step.template }} className={styles.open}>
                {t('cascades.openTemplate')}
              </Link>
            )}
          </>
        }
        aria-label={t('cascades.template')}
        value={step.template}
        error={at('template')}
        onChange={(event) => change({ ...step, template: event.currentTarget.value })}
        data={[
          { value: '', label: t('cascades.chooseTemplate') },
          ...[
            ...fitting.map(({ id }) => id),
            ...(isListed || step.template === '' ? [] : [step.template]),
          ].map((id) => ({ value: id, label: id })),
        ]}
      />
      <NativeSelect
        className={page.grow}
        label={t('cascades.until')}
        value={step.until}
        error={at('until')}
        onChange={(event) =>
          change({ ...step, until: untils.find((one) => one === event.currentTarget.value) ?? 'delivered' })
        }
        data={untils.map((one) => ({ value: one, label: t(`cascades.untilOf.${one}`) }))}
      />
      <DurationField
        label={t('cascades.wait')}
        value={step.wait}
        error={at('wait')}
        change={(wait) => change({ ...step, wait })}
      />
      <DurationField
        label={t('cascades.validFor')}
        value={step.validFor}
        error={at('validFor')}
        change={(validFor) => change({ ...step, validFor })}
      />
    </div>
  )
}
