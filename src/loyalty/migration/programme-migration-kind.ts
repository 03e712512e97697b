import type { DocumentKind, Problem } from '../../platform/index.ts'
import { MAIN_PROGRAMME } from '../programmes.ts'
import { type ProgrammeMigration, programmeMigration } from './programme-migration.ts'

/** The document kind `ProgrammeMigration`. */
export const programmeMigrationKind: DocumentKind = {
  kind: 'ProgrammeMigration',
  schema: programmeMigration,
  check: ({ from, to }: ProgrammeMigration, reader): Problem[] => {
    const missing = (['from', 'to'] as const).flatMap((field) => {
      const id = field === 'from' ? from : to
      if (id === MAIN_PROGRAMME || reader.get('Programme', id)) return []
      const message = `no programme "${id}"`
      return [{ code: 'programme_missing', message, field, found: id, expected: 'a saved Programme' }]
    })
    if (from !== to) return missing
    const message = 'a programme cannot go over to itself'
    return [
      ...missing,
      { code: 'programme_missing', message, field: 'to', found: to, expected: 'another programme' },
    ]
  },
}
