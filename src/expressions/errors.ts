/** Every code with which this module refuses an expression; a test holds the list to what the checker reports. */
export const expressionErrorCodes = [
  'expression_invalid',
  'expression_syntax',
  'expression_too_large',
  'expression_unknown_variable',
  'expression_unknown_field',
  'expression_unknown_function',
  'expression_type',
  'expression_value',
  'expression_unsupported',
] as const

export type ExpressionErrorCode = (typeof expressionErrorCodes)[number]
