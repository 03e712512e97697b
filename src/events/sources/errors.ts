/** Every code with which a source refuses a document, a connection, a file or a row. */
export const sourcesErrorCodes = [
  'cell_invalid',
  'columns_mismatch',
  'file_unreadable',
  'folder_forbidden',
  'handshake_invalid',
  'role_forbidden',
  'segment_call_invalid',
  'source_invalid',
  'source_not_found',
] as const

export type SourcesErrorCode = (typeof sourcesErrorCodes)[number]
