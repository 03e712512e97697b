import { Button, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ServerFailure } from '../server.ts'
import { RefusalText } from '../shell/Failures.tsx'
import { findSubscriber, type SubscriberHead } from './subscriber.ts'
import styles from '../shell/page.module.css'

type SubscriberSearchProps = {
  /** The number in the address, which the field shows. */
  shown: number | undefined
  found(subscriber: SubscriberHead): void
  /** What the button says. */
  act: string
}

/** Finds a subscriber by number or identity. What is typed goes to the server alone and into no address. */
export function SubscriberSearch({ shown, found, act }: SubscriberSearchProps) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(shown === undefined ? '' : String(shown))
  useEffect(() => {
    if (shown !== undefined) setTyped(String(shown))
  }, [shown])
  const search = useMutation({ mutationFn: () => findSubscriber(typed), onSuccess: found })
  const { error } = search
  const isUnknown = error instanceof ServerFailure && error.kind === 'missing'
  return (
    <form
      className={styles.form}
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        if (typed.trim() !== '') search.mutate()
      }}
    >
      <div className={styles.row}>
        <TextInput
          className={styles.grow}
          label={t('subscriber.who')}
          placeholder="+7 900 000-00-00"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
        />
        <Button type="submit" variant="default" loading={search.isPending} disabled={typed.trim() === ''}>
          {act}
        </Button>
      </div>
      {isUnknown && (
        <p role="alert" className="soft">
          {t('subscriber.unknown')}
        </p>
      )}
      {error && !isUnknown && <RefusalText error={error} />}
    </form>
  )
}
