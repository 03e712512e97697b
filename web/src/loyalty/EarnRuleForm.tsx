import { useTranslation } from 'react-i18next'
import { impliedProgramme, type EarnRule, type Programme } from '../../../src/loyalty/contract.ts'
import { problemAt } from '../documents/documents.ts'
import { withPart } from '../documents/parts.ts'
import { useFormat } from '../format/format.ts'
import { Panel } from '../report/Panel.tsx'
import { inPointDecimals } from './draft.ts'
import { ExpiryFields } from './ExpiryFields.tsx'
import { EventTypeField, ChoiceField, ExpressionField, NameFields, type PartProps } from './fields.tsx'
import { CapFields, MultiplierFields } from './LimitFields.tsx'
import { PendingFields, ValidityFields } from './PendingFields.tsx'
import { PointFields } from './PointFields.tsx'
import { ReturnFields } from './ReturnFields.tsx'
import { SharedFields } from './SharedFields.tsx'
import page from '../shell/page.module.css'
import styles from './loyalty.module.css'

type EarnRuleFormProps = PartProps<EarnRule> & {
  types: readonly string[]
  programmes: readonly Programme[]
  /** All saved rules. */
  rules: readonly EarnRule[]
}

/** For which events a rule gives how many points. */
export function EarnRuleForm(props: EarnRuleFormProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { document, change, problems, types, programmes } = props
  const at = (field: string): string | undefined => problemAt(problems, field)
  const programme = programmes.find(({ id }) => id === document.programme) ?? impliedProgramme
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
            change={(next) => {
              const { decimals } = programmes.find(({ id }) => id === next) ?? impliedProgramme
              change({ ...inPointDecimals(document, programme.decimals, decimals), programme: next })
            }}
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
        <PointFields {...props} decimals={programme.decimals} />
        <MultiplierFields {...props} />
        <h3 className={styles.part}>{t('loyalty.howMuchAtMost')}</h3>
        <CapFields {...props} decimals={programme.decimals} />
        <h3 className={styles.part}>{t('loyalty.withOthers')}</h3>
        <SharedFields {...props} programme={programme} />
        <h3 className={styles.part}>{t('loyalty.when')}</h3>
        <PendingFields {...props} />
        <ExpiryFields
          expiry={document.expiry}
          inherited={programme.expiry}
          problems={problems}
          change={(expiry) => change(withPart(document, 'expiry', expiry))}
        />
        <ValidityFields {...props} />
        <h3 className={styles.part}>{t('loyalty.afterReturn')}</h3>
        <ReturnFields {...props} />
      </div>
    </Panel>
  )
}
