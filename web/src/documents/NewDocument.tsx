import { Button, TextInput } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import page from '../shell/page.module.css'

/** What an id of a document looks like. */
const ID_PATTERN = /^[a-z0-9][a-z0-9.-]{0,99}$/

type NewDocumentProps = {
  taken: readonly string[]
  /** What the button says. */
  act: string
  write(id: string): void
  /** What is asked for beside the id. */
  children?: ReactNode
}

/** Asks for what does not change afterwards: the id, and what else the kind of document wants. */
export function NewDocument({ taken, act, write, children }: NewDocumentProps) {
  const { t } = useTranslation()
  const [id, setId] = useState('')
  const [tried, setTried] = useState(false)
  const problem = !ID_PATTERN.test(id)
    ? t('document.idRule')
    : taken.includes(id)
      ? t('document.idTaken')
      : null
  return (
    <form
      className={page.form}
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (problem === null) write(id)
      }}
    >
      <TextInput
        label={t('document.id')}
        description={t('document.idRule')}
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
        error={tried ? problem : null}
        autoComplete="off"
        data-autofocus
      />
      {children}
      <Button type="submit">{act}</Button>
    </form>
  )
}
