import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { reward } from '../../../src/loyalty/contract.ts'
import { DocumentPlace } from '../documents/DocumentPage.tsx'
import { paths } from '../paths.ts'
import { programmesOf, rewardsOf } from './documents.ts'
import { blankReward } from './gifts.ts'
import { LoyaltyEditor } from './LoyaltyEditor.tsx'
import { RewardForm } from './RewardForm.tsx'

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
      {(saved, documents) => (
        <LoyaltyEditor
          saved={saved}
          blank={blankReward(rewardId)}
          schema={reward}
          list={{ to: paths.rewards, name: t('loyalty.rewards') }}
          form={(props) => <RewardForm {...props} programmes={programmesOf(documents)} />}
        />
      )}
    </DocumentPlace>
  )
}
