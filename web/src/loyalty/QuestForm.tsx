import { useTranslation } from 'react-i18next'
import type { Quest } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { Panel } from '../report/Panel.tsx'
import { freshId } from './draft.ts'
import {
  AmountField,
  ChoiceField,
  CountField,
  EventTypeField,
  DocumentName,
  ExpressionField,
  NameFields,
  type PartProps,
} from './fields.tsx'
import { AddRow, Row } from './rows.tsx'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

type QuestFormProps = PartProps<Quest> & { types: readonly string[] }

/** What is to be done, by when, and what for. */
export function QuestForm(props: QuestFormProps) {
  const { t } = useTranslation()
  const { document, change, problems } = props
  const { deadline, reward } = document
  const days = deadline !== undefined && 'days' in deadline ? deadline.days : undefined
  return (
    <Panel title={t('loyalty.quest')} unit={t('loyalty.questUnit')} means={t('loyalty.questMeans')}>
      <div className={page.form}>
        <DocumentName {...props} />
        <div className={page.row}>
          <ChoiceField
            label={t('loyalty.questOrder')}
            value={document.order}
            options={(['any', 'strict'] as const).map((value) => ({
              value,
              label: t(`loyalty.questOrderOf.${value}`),
            }))}
            change={(order) => change({ ...document, order })}
          />
          <ChoiceField
            label={t('loyalty.questJoin')}
            value={document.join}
            options={(['first_step', 'by_hand'] as const).map((value) => ({
              value,
              label: t(`loyalty.questJoinOf.${value}`),
            }))}
            change={(join) => change({ ...document, join })}
          />
        </div>
        <div className={page.row}>
          <AmountField
            label={t('loyalty.questDays')}
            value={days === undefined ? undefined : String(days)}
            error={problemAt(problems, 'deadline')}
            change={(next) =>
              change(withPart(document, 'deadline', next === undefined ? undefined : { days: Number(next) }))
            }
          />
          <CountField
            label={t('loyalty.questTimes')}
            value={document.times}
            error={problemAt(problems, 'times')}
            change={(times) => change({ ...document, times })}
          />
          <AmountField
            label={t('loyalty.questReward')}
            value={reward?.points}
            error={problemAt(problems, 'reward.points')}
            change={(points) =>
              change(
                withPart(
                  document,
                  'reward',
                  points === undefined && reward?.badge === undefined
                    ? undefined
                    : withPart(reward ?? {}, 'points', points),
                ),
              )
            }
          />
        </div>
        <h3 className={styles.part}>{t('loyalty.steps')}</h3>
        <StepRows {...props} />
      </div>
    </Panel>
  )
}

function StepRows({ document, change, problems, types }: QuestFormProps) {
  const { t } = useTranslation()
  const { steps } = document
  const set = (next: Quest['steps']): void => change({ ...document, steps: next })
  return (
    <>
      {steps.map((step, index) => (
        <Row
          key={step.id}
          removal={t('loyalty.removeStep', { number: index + 1 })}
          remove={steps.length > 1 ? () => set(steps.toSpliced(index, 1)) : undefined}
        >
          <EventTypeField
            value={step.on}
            types={types}
            error={problemAt(problems, `steps.${index}.on`)}
            change={(on) => set(steps.with(index, { ...step, on }))}
          />
          <AmountField
            label={t('loyalty.reach')}
            value={step.reach}
            error={problemAt(problems, `steps.${index}.reach`)}
            change={(reach = '') => set(steps.with(index, { ...step, reach }))}
          />
          <ExpressionField
            label={t('loyalty.where')}
            value={step.where}
            error={problemAt(problems, `steps.${index}.where`)}
            change={(where) => set(steps.with(index, withPart(step, 'where', where)))}
          />
          <NameFields
            value={step.name}
            field={`steps.${index}.name`}
            problems={problems}
            change={(name) => set(steps.with(index, { ...step, name }))}
          />
        </Row>
      ))}
      <AddRow
        act={t('loyalty.addStep')}
        add={() => {
          const id = freshId('step', steps)
          set([...steps, { id, name: { en: '', ru: '', uk: '' }, on: types[0] ?? '', reach: '1' }])
        }}
      />
    </>
  )
}
