import type { TFunction } from 'i18next'

/** Codes that have words of their own; others are shown as they are. */
export const knownCodes = [
  'event_data_encoding',
  'event_data_invalid',
  'event_duplicate_key',
  'event_id_invalid',
  'event_malformed',
  'event_schema_invalid',
  'event_source_invalid',
  'event_specversion_unsupported',
  'event_subject_missing',
  'event_subject_unknown',
  'event_time_future',
  'event_time_invalid',
  'event_time_past',
  'event_too_deep',
  'event_too_large',
  'event_too_late',
  'event_type_unknown',
  'line_invalid',
] as const

/** The reason in words. */
export function reasonOf(code: string, t: TFunction): string {
  const known = knownCodes.find((one) => one === code)
  return known ? t(`deadLetters.reason.${known}`) : code
}
