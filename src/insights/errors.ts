/** Every refusal of this module. */
export const insightsErrors = ['campaign_not_found', 'cascade_not_found'] as const
