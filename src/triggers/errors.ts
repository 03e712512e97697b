/** Codes with which this module refuses. */
export const triggerErrorCodes = [
  'trigger_not_found',
  'trigger_event_type_unknown',
  'trigger_field_unknown',
  'trigger_field_type',
  'trigger_value_type',
] as const

export type TriggerErrorCode = (typeof triggerErrorCodes)[number]
