import { ActionIcon, Button, TextInput } from '@mantine/core'
import { IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { Template } from '../../../src/messaging/contract.ts'
import { Panel } from '../report/Panel.tsx'
import { problemAt } from '../documents/documents.ts'
import { withWords } from './draft.ts'
import type { EditorProps } from './editor.ts'
import { withPart } from '../documents/parts.ts'
import page from '../shell/page.module.css'

type Choice = NonNullable<Template['choices']>[number]

/** Buttons below the text, or the items of a menu. */
export function ButtonsForm({ template, change, problems, language }: EditorProps) {
  const { t } = useTranslation()
  const choices = template.choices ?? []
  const set = (next: Choice[]): void =>
    change(withPart(template, 'choices', next.length === 0 ? undefined : next))
  const replace = (index: number, choice: Choice): void => set(choices.with(index, choice))
  return (
    <Panel
      title={t('templates.buttons')}
      unit={t('templates.buttonsUnit')}
      means={t('templates.buttonsMeans')}
    >
      <div className={page.form}>
        {choices.map((choice, index) => (
          // A button is known by its place: its id is what is being written.
          <div key={index} className={page.row}>
            <TextInput
              className={page.grow}
              label={t('templates.buttonLabel')}
              lang={language}
              value={choice.label[language] ?? ''}
              error={problemAt(problems, `choices.${index}.label.${language}`)}
              onChange={(event) =>
                replace(index, {
                  ...choice,
                  label: withWords(choice.label, language, event.currentTarget.value),
                })
              }
            />
            <TextInput
              className={page.grow}
              label={t('templates.buttonId')}
              value={choice.id}
              error={problemAt(problems, `choices.${index}.id`)}
              onChange={(event) => replace(index, { ...choice, id: event.currentTarget.value })}
            />
            <ActionIcon
              variant="default"
              size={36}
              disabled={index === 0}
              aria-label={t('templates.buttonUp')}
              onClick={() => set(choices.with(index - 1, choice).with(index, choices[index - 1]!))}
            >
              <IconArrowUp size={16} stroke={1.7} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="default"
              size={36}
              aria-label={t('act.remove')}
              onClick={() => set(choices.toSpliced(index, 1))}
            >
              <IconTrash size={16} stroke={1.6} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        <div>
          <Button
            variant="default"
            size="sm"
            leftSection={<IconPlus size={15} stroke={1.8} aria-hidden />}
            onClick={() => set([...choices, { id: `choice-${choices.length + 1}`, label: {} }])}
          >
            {t('templates.addButton')}
          </Button>
        </div>
      </div>
    </Panel>
  )
}
