import type { TFunction } from 'i18next'
import { createContext, useContext } from 'react'
import { useTranslation } from 'react-i18next'
import type { Language } from '../paths.ts'

/** The language that the phone speaks: that of the words, whatever the reader's is. */
export const PhoneLanguage = createContext<Language>('en')

/** What the phone itself says, beside the message. */
export function usePhoneWords(): { t: TFunction; language: Language } {
  const { i18n } = useTranslation()
  const language = useContext(PhoneLanguage)
  return { t: i18n.getFixedT(language), language }
}
