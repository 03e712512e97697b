/** Codes with which this module refuses. */
export const triggerErrorCodes = [
  'trigger_not_found',
  'partition_lost',
  'trigger_event_type_unknown',
  'trigger_field_unknown',
  'trigger_field_type',
  'trigger_value_type',
  'trigger_field_conflict',
  'trigger_attribute_unknown',
  'trigger_kind',
  'trigger_invalid',
] as const

export type TriggerErrorCode = (typeof triggerErrorCodes)[number]
