import { useTranslation } from 'react-i18next'
import type { EarnRule, Programme } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { EventTypeField, ChoiceField, ExpressionField, NameFields, type PartProps } from './fields.tsx'
import { CapFields, MultiplierFields } from './LimitFields.tsx'
import { PendingFields, ValidityFields } from './PendingFields.tsx'
import { PointFields } from './PointFields.tsx'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

type EarnRuleFormProps = PartProps<EarnRule> & { types: readonly string[]; programmes: readonly Programme[] }

/** For which events a rule gives how many points. */
export function EarnRuleForm(props: EarnRuleFormProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { document, change, problems, types, programmes } = props
  const at = (field: string): string | undefined => problemAt(problems, field)
  return (
    <Panel title={t('loyalty.rule')} unit={t('loyalty.ruleUnit')} means={t('loyalty.ruleMeans')}>
      <div className={page.form}>
        <NameFields
          value={document.name ?? { en: '', ru: '', uk: '' }}
          field="name"
          problems={problems}
          change={(name) =>
            change(withPart(document, 'name', name.en + name.ru + name.uk === '' ? undefined : name))
          }
        />
        <div className={page.row}>
          <ChoiceField
            label={t('loyalty.programme')}
            value={document.programme}
            error={at('programme')}
            options={programmes.map(({ id, name }) => ({ value: id, label: format.name(name) }))}
            change={(programme) => change({ ...document, programme })}
          />
          <EventTypeField
            value={document.on}
            types={types}
            error={at('on')}
            change={(on) => change({ ...document, on })}
          />
        </div>
        <ExpressionField
          label={t('loyalty.where')}
          description={t('loyalty.whereMeans')}
          value={document.where}
          error={at('where')}
          change={(where) => change(withPart(document, 'where', where))}
        />
        <h3 className={styles.part}>{t('loyalty.howMany')}</h3>
        <PointFields {...props} />
        <MultiplierFields {...props} />
        <h3 className={styles.part}>{t('loyalty.howMuchAtMost')}</h3>
        <CapFields {...props} />
        <h3 className={styles.part}>{t('loyalty.when')}</h3>
        <PendingFields {...props} types={types} />
        <ValidityFields {...props} />
      </div>
    </Panel>
  )
}
