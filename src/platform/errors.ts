/** What was wrong with which field: the same shape in an HTTP answer, a dead letter and a rejects file. */
export type Problem = {
  code: string
  message: string
  field?: string
  found?: unknown
  expected?: string
  /** Place in a text, counted from 1, for expressions and files. */
  line?: number
  column?: number
}

export type ErrorDetails = {
  field?: string
  found?: unknown
  expected?: string
  /** Several problems at once, such as all errors of one document. */
  problems?: Problem[]
}

/**
 * A refusal that the caller can understand and mend. `code` comes from the module's closed list in `errors.ts`;
 * the HTTP kernel turns it into an RFC 9457 problem. Bugs are `assert` failures instead.
 */
export class DomainError extends Error {
  readonly code: string
  readonly details: ErrorDetails

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message)
    this.name = 'DomainError'
    this.code = code
    this.details = details
  }
}

/** The error as a problem record, to be stored or shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof DomainError) {
    const { problems: _problems, ...rest } = error.details
    return { code: error.code, message: error.message, ...rest }
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) }
}
