import { SegmentedControl, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { languages, type Language } from '../paths.ts'
import styles from './shell.module.css'

/** What each language calls itself. */
const OWN_NAMES: Record<Language, string> = { en: 'English', ru: 'Русский', uk: 'Українська' }

/** Changes the page's language; it goes into the address, so that a link shows what its sender saw. */
export function LanguageSwitch() {
  const { t, i18n } = useTranslation()
  const navigate = useNavigate()
  return (
    <SegmentedControl
      aria-label={t('shell.language')}
      size="xs"
      fullWidth
      value={i18n.language}
      onChange={(lang) =>
        navigate({ to: '.', search: (search) => ({ ...search, lang: lang as Language }), replace: true })
      }
      data={languages.map((language) => ({
        value: language,
        label: (
          <span lang={language} title={OWN_NAMES[language]}>
            <span aria-hidden>{language.toUpperCase()}</span>
            <span className="unseen">{OWN_NAMES[language]}</span>
          </span>
        ),
      }))}
    />
  )
}

const SCHEMES = [
  ['light', IconSun],
  ['dark', IconMoon],
  ['auto', IconDeviceDesktop],
] as const

/** Light, dark, or as the system has it; remembered by this browser. */
export function SchemeSwitch() {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <SegmentedControl
      aria-label={t('shell.scheme')}
      size="xs"
      fullWidth
      value={colorScheme}
      onChange={(scheme) => setColorScheme(scheme as (typeof SCHEMES)[number][0])}
      data={SCHEMES.map(([scheme, Icon]) => ({
        value: scheme,
        label: (
          <span className={styles.switchIcon} title={t(`scheme.${scheme}`)}>
            <Icon size={15} stroke={1.7} aria-hidden />
            <span className="unseen">{t(`scheme.${scheme}`)}</span>
          </span>
        ),
      }))}
    />
  )
}
