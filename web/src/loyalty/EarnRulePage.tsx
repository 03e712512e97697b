import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { earnRule, MAIN_PROGRAMME } from '../../../src/loyalty/contract.ts'
import { DocumentPlace } from '../documents/DocumentPage.tsx'
import { paths } from '../paths.ts'
import { earnRulesOf, eventTypesOf, programmesOf } from './documents.ts'
import { blankRule } from './draft.ts'
import { EarnRuleForm } from './EarnRuleForm.tsx'
import { LoyaltyEditor } from './LoyaltyEditor.tsx'
import { tryRule } from './queries.ts'
import { TryPanel } from './TryPanel.tsx'

/** One earn rule, and what it would have given for what has happened. */
export function EarnRulePage() {
  const { t } = useTranslation()
  const { ruleId } = useParams({ from: paths.earnRule })
  const { draft = false, programme = MAIN_PROGRAMME } = useSearch({ from: paths.earnRule })
  return (
    <DocumentPlace
      id={ruleId}
      isNew={draft}
      of={earnRulesOf}
      list={paths.programmes}
      words={{
        loading: t('loyalty.loading'),
        missing: t('loyalty.missingRule', { id: ruleId }),
        toList: t('loyalty.toProgrammes'),
      }}
      height={620}
    >
      {(saved, documents) => (
        <LoyaltyEditor
          saved={saved}
          blank={blankRule(ruleId, programme)}
          schema={earnRule}
          form={(props) => (
            <EarnRuleForm
              {...props}
              types={eventTypesOf(documents)}
              programmes={programmesOf(documents)}
              rules={earnRulesOf(documents)}
            />
          )}
          below={(rule) => <TryPanel play={tryRule(rule)} />}
        />
      )}
    </DocumentPlace>
  )
}
