import { CloseButton, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import lists from './list.module.css'

/** Whether a text has every word that is searched for. */
export function hasWords(text: string, q: string | undefined): boolean {
  const words = (q ?? '').toLocaleLowerCase().split(/\s+/).filter(Boolean)
  const own = text.toLocaleLowerCase()
  return words.every((word) => own.includes(word))
}

/** The words that a list is searched for; they stand in the address as `q`. A slash leads here, Escape clears. */
export function SearchField({ label, q }: { label: string; q: string | undefined }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const field = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => field.current?.focus()]])
  const search = (words: string) =>
    navigate({
      to: '.',
      search: (now) => ({ ...now, q: words || undefined }),
      replace: true,
      resetScroll: false,
    })
  return (
    <TextInput
      ref={field}
      className={lists.search}
      value={q ?? ''}
      onChange={(event) => void search(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') void search('')
      }}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} stroke={1.6} aria-hidden />}
      rightSection={
        q === undefined ? null : (
          <CloseButton size="sm" onClick={() => void search('')} aria-label={t('act.clear')} />
        )
      }
    />
  )
}
