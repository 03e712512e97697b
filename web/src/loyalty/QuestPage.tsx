import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { MAIN_PROGRAMME, quest } from '../../../src/loyalty/contract.ts'
import { DocumentPlace } from '../documents/DocumentPage.tsx'
import { paths } from '../paths.ts'
import { eventTypesOf, questsOf } from './documents.ts'
import { blankQuest } from './draft.ts'
import { LoyaltyEditor } from './LoyaltyEditor.tsx'
import { QuestForm } from './QuestForm.tsx'

/** One quest. */
export function QuestPage() {
  const { t } = useTranslation()
  const { questId } = useParams({ from: paths.quest })
  const { draft = false, programme = MAIN_PROGRAMME } = useSearch({ from: paths.quest })
  return (
    <DocumentPlace
      id={questId}
      isNew={draft}
      of={questsOf}
      list={paths.programmes}
      words={{
        loading: t('loyalty.loading'),
        missing: t('loyalty.missingQuest', { id: questId }),
        toList: t('loyalty.toProgrammes'),
      }}
      height={560}
    >
      {(saved, documents) => (
        <LoyaltyEditor
          saved={saved}
          blank={blankQuest(questId, programme)}
          schema={quest}
          form={(props) => <QuestForm {...props} types={eventTypesOf(documents)} />}
        />
      )}
    </DocumentPlace>
  )
}
