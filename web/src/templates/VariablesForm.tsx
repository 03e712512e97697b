import { ActionIcon, Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Template } from '../../../src/messaging/contract.ts'
import { Panel } from '../report/Panel.tsx'
import { problemAt } from '../documents/documents.ts'
import { readExample, shownExample } from './draft.ts'
import type { EditorProps } from './editor.ts'
import { withPart } from '../documents/parts.ts'
import page from '../shell/page.module.css'
import styles from './template.module.css'

type Variable = NonNullable<Template['variables']>[string]

const TYPES = ['string', 'integer', 'decimal', 'date', 'money', 'url', 'list', 'boolean', 'object'] as const

/** What the words may speak of, with an example of each for the preview. */
export function VariablesForm({ template, change, problems }: EditorProps) {
  const { t } = useTranslation()
  const variables = template.variables ?? {}
  const set = (next: Record<string, Variable>): void =>
    change(withPart(template, 'variables', Object.keys(next).length === 0 ? undefined : next))
  return (
    <Panel
      title={t('templates.variables')}
      unit={t('templates.variablesUnit')}
      means={t('templates.variablesMeans')}
    >
      <div className={page.form}>
        {Object.entries(variables).map(([name, variable]) => (
          <VariableRow
            key={name}
            name={name}
            variable={variable}
            problem={
              problemAt(problems, `variables.${name}.example`) ?? problemAt(problems, `variables.${name}`)
            }
            change={(next) => set({ ...variables, [name]: next })}
            remove={() => {
              const { [name]: _gone, ...others } = variables
              set(others)
            }}
          />
        ))}
        <AddVariable
          taken={Object.keys(variables)}
          add={(name) => set({ ...variables, [name]: { type: 'string', required: true } })}
        />
        <NativeSelect
          label={t('templates.policy')}
          value={template.missing}
          onChange={(event) =>
            change({ ...template, missing: event.currentTarget.value === 'default' ? 'default' : 'fail' })
          }
          data={(['fail', 'default'] as const).map((one) => ({
            value: one,
            label: t(`templates.policyOf.${one}`),
          }))}
        />
      </div>
    </Panel>
  )
}

type RowProps = {
  name: string
  variable: Variable
  problem: string | undefined
  change(next: Variable): void
  remove(): void
}

function VariableRow({ name, variable, problem, change, remove }: RowProps) {
  const { t } = useTranslation()
  // What is typed stays as it is typed, also while it is no JSON yet.
  const [typed, setTyped] = useState(shownExample(variable.example))
  const type = (value: string, of: Variable['type']): void => {
    const { example: _before, ...others } = variable
    const example = readExample(value, of)
    change({ ...others, type: of, ...(example === undefined ? {} : { example }) })
  }
  return (
    <div className={styles.variable}>
      <div className={page.row}>
        <NativeSelect
          className={styles.type}
          label={<code>{name}</code>}
          value={variable.type}
          onChange={(event) =>
            type(typed, TYPES.find((one) => one === event.currentTarget.value) ?? 'string')
          }
          data={TYPES.map((one) => ({ value: one, label: t(`templates.type.${one}`) }))}
        />
        <TextInput
          className={page.grow}
          label={t('templates.example')}
          value={typed}
          error={problem}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            type(event.currentTarget.value, variable.type)
          }}
        />
        <ActionIcon variant="default" size={36} aria-label={`${t('act.remove')}: ${name}`} onClick={remove}>
          <IconTrash size={16} stroke={1.6} aria-hidden />
        </ActionIcon>
      </div>
      <Checkbox
        size="xs"
        label={t('templates.required')}
        checked={variable.required}
        onChange={(event) => change({ ...variable, required: event.currentTarget.checked })}
      />
    </div>
  )
}

function AddVariable({ taken, add }: { taken: readonly string[]; add(name: string): void }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const isName = /^[A-Za-z_]\w{0,60}$/.test(name) && !taken.includes(name)
  return (
    <form
      className={page.row}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isName) return
        add(name)
        setName('')
      }}
    >
      <TextInput
        className={page.grow}
        label={t('templates.newVariable')}
        placeholder="amount"
        value={name}
        onChange={(event) => setName(event.currentTarget.value.trim())}
        autoComplete="off"
      />
      <Button
        type="submit"
        variant="default"
        disabled={!isName}
        leftSection={<IconPlus size={15} stroke={1.8} aria-hidden />}
      >
        {t('act.add')}
      </Button>
    </form>
  )
}
