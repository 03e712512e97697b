/** Codes of the errors that this module throws. */
export const simulatorErrors = [
  'base_invalid',
  'map_invalid',
  'option_invalid',
  'tenure_away',
  'tenure_refused',
] as const
