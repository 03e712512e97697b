import { IconPlus } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { NewDocument } from '../documents/NewDocument.tsx'
import { AskButton } from '../shell/AskButton.tsx'

type NewPartProps = {
  title: string
  taken: readonly string[]
  write(id: string): void
  /** What is asked for beside the id. */
  children?: ReactNode
}

/** The button that begins one more part of a programme. */
export const NewPart = ({ title, taken, write, children }: NewPartProps) => {
  const { t } = useTranslation()
  return (
    <AskButton size="xs" act={title} title={title} icon={<IconPlus size={14} stroke={1.8} aria-hidden />}>
      {() => (
        <NewDocument taken={taken} act={t('loyalty.write')} write={write}>
          {children}
        </NewDocument>
      )}
    </AskButton>
  )
}
