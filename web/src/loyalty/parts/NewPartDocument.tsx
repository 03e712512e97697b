import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { NewDocument } from '../../documents/NewDocument.tsx'
import { paths } from '../../paths.ts'

/** Asks under which id a document of a kind shall stand, and leads to where it is written. */
export function NewPartDocument({ kind, taken }: { kind: string; taken: readonly string[] }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  return (
    <NewDocument
      taken={taken}
      act={t('loyalty.write')}
      write={(partId) => void navigate({ to: paths.part, params: { kind, partId }, search: { draft: true } })}
    />
  )
}
