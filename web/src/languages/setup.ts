import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { languages, type Language } from '../paths.ts'
import en from './en.json'
import ru from './ru.json'
import uk from './uk.json'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

const STORED_AS = 'tenure.language'

const known = (value: string | null | undefined): Language | undefined =>
  languages.find((language) => language === value)

/** The language of the address, else the last one chosen here, else the browser's, else English. */
export function preferredLanguage(fromAddress: string | null | undefined): Language {
  const browsers = navigator.languages.map((tag) => known(tag.split('-')[0]))
  return known(fromAddress) ?? known(localStorage.getItem(STORED_AS)) ?? browsers.find(Boolean) ?? 'en'
}

/** Starts translation with the language that the address or the browser asks for. */
export async function startLanguages(): Promise<void> {
  const language = preferredLanguage(new URLSearchParams(location.search).get('lang'))
  document.documentElement.lang = language
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    supportedLngs: [...languages],
    interpolation: { escapeValue: false },
    resources: { en: { translation: en }, ru: { translation: ru }, uk: { translation: uk } },
  })
}

/** Shows the page in a language; `remember` makes it this browser's choice. */
export async function showLanguage(language: Language, remember: boolean): Promise<void> {
  if (remember) localStorage.setItem(STORED_AS, language)
  document.documentElement.lang = language
  if (i18next.language !== language) await i18next.changeLanguage(language)
}
