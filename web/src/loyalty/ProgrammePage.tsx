import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { MAIN_PROGRAMME, impliedProgramme, programmeSchema } from '../../../src/loyalty/contract.ts'
import { DocumentPlace } from '../documents/DocumentPage.tsx'
import { paths } from '../paths.ts'
import { savedProgrammesOf, eventTypesOf } from './documents.ts'
import { blankProgramme } from './draft.ts'
import { LoyaltyEditor } from './LoyaltyEditor.tsx'
import { PartsPanel } from './PartsPanel.tsx'
import { ProgrammeForm } from './ProgrammeForm.tsx'

/** One programme: its terms, and everything that it is made of. */
export function ProgrammePage() {
  const { t } = useTranslation()
  const { programmeId } = useParams({ from: paths.programme })
  const { draft = false } = useSearch({ from: paths.programme })
  const isMain = programmeId === MAIN_PROGRAMME
  return (
    <DocumentPlace
      id={programmeId}
      isNew={draft || isMain}
      of={savedProgrammesOf}
      list={paths.programmes}
      words={{
        loading: t('loyalty.loading'),
        missing: t('loyalty.missing', { id: programmeId }),
        toList: t('loyalty.toProgrammes'),
      }}
      height={620}
    >
      {(saved, documents) => (
        <LoyaltyEditor
          saved={saved}
          blank={isMain ? impliedProgramme : blankProgramme(programmeId)}
          schema={programmeSchema}
          form={(props) => <ProgrammeForm {...props} types={eventTypesOf(documents)} />}
          below={() => <PartsPanel programmeId={programmeId} documents={documents} />}
        />
      )}
    </DocumentPlace>
  )
}
