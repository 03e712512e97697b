import { MAIN_PROGRAMME } from '../../../../src/loyalty/contract.ts'
import type { AnyDocument } from '../../documents/documents.ts'

/** Whether a document is part of a programme: by its name, by its id, or because it moves points in or out. */
export function belongsTo(document: AnyDocument, programmeId: string): boolean {
  const { kind, id, programme = MAIN_PROGRAMME } = document
  switch (kind) {
    case 'PointCost':
    case 'TransferTerms':
      return id === programmeId
    case 'ProgrammeMigration':
      return [document['from'], document['to']].includes(programmeId)
    case 'Exchange':
      return [document['from'], document['to']].some(
        (side) => (side as { programme?: string }).programme === programmeId,
      )
    default:
      return programme === programmeId
  }
}
