/** Every code with which the façade refuses a request. */
export const tmfErrorCodes = [
  'tmf_resource_not_found',
  'tmf_method_not_allowed',
  'tmf_request_invalid',
] as const
export type TmfErrorCode = (typeof tmfErrorCodes)[number]
