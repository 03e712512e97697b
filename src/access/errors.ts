/** Every code with which this module refuses something. */
export const accessErrorCodes = [
  'key_unauthenticated',
  'role_forbidden',
  'tenant_conflict',
  'tenant_not_found',
  'key_not_found',
] as const

export type AccessErrorCode = (typeof accessErrorCodes)[number]
