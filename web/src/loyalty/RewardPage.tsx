import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { reward, type Reward } from '../../../src/loyalty/contract.ts'
import { DocumentPlace } from '../documents/DocumentPage.tsx'
import { paths } from '../paths.ts'
import { Panel } from '../report/Panel.tsx'
import { decimalsOf, rewardsOf } from './documents.ts'
import { blankReward } from './gifts.ts'
import { LoyaltyEditor } from './LoyaltyEditor.tsx'
import { FieldForm } from './parts/FieldForm.tsx'
import { rescaled } from './parts/field.ts'
import { rewardForm } from './reward-form.ts'

/** One reward. */
export function RewardPage() {
  const { t } = useTranslation()
  const { rewardId } = useParams({ from: paths.reward })
  const { draft = false } = useSearch({ from: paths.reward })
  return (
    <DocumentPlace
      id={rewardId}
      isNew={draft}
      of={rewardsOf}
      list={paths.rewards}
      words={{
        loading: t('loyalty.loading'),
        missing: t('loyalty.missingReward', { id: rewardId }),
        toList: t('loyalty.toRewards'),
      }}
      height={560}
    >
      {(saved, documents) => {
        const decimals = ({ programme }: Reward): number => decimalsOf(documents, programme)
        const blank = blankReward(rewardId)
        return (
          <LoyaltyEditor
            saved={saved}
            blank={rescaled(blank, rewardForm.flat(), 0, decimals(blank))}
            schema={reward}
            list={{ to: paths.rewards, name: t('loyalty.rewards') }}
            form={({ document, change, problems }) => (
              <Panel
                title={t('loyalty.rewardForm')}
                unit={t('loyalty.rewardFormUnit')}
                means={t('loyalty.rewardFormMeans')}
              >
                <FieldForm
                  form={rewardForm}
                  value={document}
                  change={change}
                  problems={problems}
                  documents={documents}
                  decimalsOf={decimals}
                />
              </Panel>
            )}
          />
        )
      }}
    </DocumentPlace>
  )
}
