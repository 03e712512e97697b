import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { MAIN_PROGRAMME, tierLadder } from '../../../src/loyalty/contract.ts'
import { DocumentPlace } from '../documents/DocumentPage.tsx'
import { paths } from '../paths.ts'
import { decimalsOf, laddersOf } from './documents.ts'
import { blankLadder } from './draft.ts'
import { LadderForm } from './LadderForm.tsx'
import { LadderPicture } from './LadderPicture.tsx'
import { LoyaltyEditor } from './LoyaltyEditor.tsx'

/** One ladder of tiers. */
export function LadderPage() {
  const { t } = useTranslation()
  const { ladderId } = useParams({ from: paths.ladder })
  const { draft = false, programme = MAIN_PROGRAMME } = useSearch({ from: paths.ladder })
  return (
    <DocumentPlace
      id={ladderId}
      isNew={draft}
      of={laddersOf}
      list={paths.programmes}
      words={{
        loading: t('loyalty.loading'),
        missing: t('loyalty.missingLadder', { id: ladderId }),
        toList: t('loyalty.toProgrammes'),
      }}
      height={560}
    >
      {(saved, documents) => (
        <LoyaltyEditor
          saved={saved}
          blank={blankLadder(ladderId, programme)}
          schema={tierLadder}
          above={(ladder) => (
            <LadderPicture
              ladder={ladder}
              isSaved={saved !== undefined}
              decimals={decimalsOf(documents, ladder.programme)}
            />
          )}
          form={(props) => <LadderForm {...props} documents={documents} />}
        />
      )}
    </DocumentPlace>
  )
}
