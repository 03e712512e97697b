/** Every code with which this module refuses a row or a request. */
export const profilesErrorCodes = [
  'attribute_type',
  'attribute_unknown',
  'consent_invalid',
  'identity_conflict',
  'identity_invalid',
  'identity_missing',
  'language_unknown',
  'line_invalid',
  'line_too_large',
  'row_invalid',
  'stop_not_found',
  'subscriber_not_found',
  'time_zone_unknown',
] as const

export type ProfilesErrorCode = (typeof profilesErrorCodes)[number]
