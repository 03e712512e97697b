/** Every refusal of this module; problems of a document are listed with their checks in documents.ts. */
export const campaignErrors = [
  'campaign_not_found',
  'shares_wrong',
  /** A text names a field of the event that the entry's trigger does not emit. */
  'event_field_not_emitted',
  'step_missing',
  'id_repeated',
  'circle',
  'reference_missing',
] as const
