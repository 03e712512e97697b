import { Button, PasswordInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { signIn, useSession } from '../session.ts'
import { LanguageSwitch } from './Switches.tsx'
import styles from './shell.module.css'

/** Asks for the API key when the tab has none, and says so when the server did not take the last one. */
export function SignIn() {
  const { t } = useTranslation()
  const { rejected } = useSession()
  const [key, setKey] = useState('')
  return (
    <main className={styles.signIn}>
      <form
        className={styles.card}
        onSubmit={(event) => {
          event.preventDefault()
          if (key.trim()) signIn(key.trim())
        }}
      >
        <span className={styles.brand}>Tenure</span>
        <h1>{t('signIn.title')}</h1>
        <p className="soft">{t('signIn.explain')}</p>
        <PasswordInput
          label={t('signIn.key')}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          error={rejected ? t('signIn.rejected') : null}
          autoComplete="off"
          required
        />
        <Button type="submit">{t('signIn.submit')}</Button>
        <LanguageSwitch />
      </form>
    </main>
  )
}
