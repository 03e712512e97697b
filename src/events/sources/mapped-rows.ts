import type { Clock, Database, Problem } from '../../platform/index.ts'
import { insertDeadLetters, newDeadLetter } from '../store.ts'
import { type CellDefaults, CellError, type RawRow } from './cell.ts'
import type { IngestCounts } from './contract.ts'
import type { Intake } from './intake.ts'
import { type EventMap, eventOfRow } from './mapping.ts'

/** A row with the place where it stands, which people look for when it was refused. */
export type PlacedRow = {
  row: RawRow
  rowId: string
  /** `cdr.csv` and its line, or `topic/partition` and an offset. */
  file: string
  line: number
  /** Set when the row could not be read at all. */
  broken?: { code: string; message: string; found?: unknown; expected: string }
}

export type RowTools = { tenantId: string; database: Database; events: Pick<Intake, 'ingest'>; clock: Clock }
export type RowRules = { map: EventMap; source: string; type: string; defaults?: CellDefaults }

/** Makes events of rows and takes them in; rows that cannot be events wait in the dead letters with their place. */
export async function takeRows(
  { tenantId, database, events, clock }: RowTools,
  rows: PlacedRow[],
  rules: RowRules,
): Promise<IngestCounts> {
  const letters: ReturnType<typeof newDeadLetter>[] = []
  const given: object[] = []
  for (const placed of rows) {
    const problem = placed.broken ?? tryRow(placed, rules, given)
    if (problem === undefined) continue
    const { file, line } = placed
    const message = `${file}, line ${line}: ${problem.message}`
    letters.push(newDeadLetter({ ...rawEvent(placed, rules), file, line }, { ...problem, message, line }))
  }
  if (letters.length > 0) {
    await database.tx(tenantId, (tx) => insertDeadLetters(tx, letters, clock.now()))
  }
  if (given.length === 0) return { accepted: 0, duplicates: 0, rejected: letters.length }
  const { accepted, duplicates, rejected } = await events.ingest(tenantId, given)
  return { accepted, duplicates, rejected: rejected.length + letters.length }
}

function tryRow(
  { row, rowId, file, line }: PlacedRow,
  rules: RowRules,
  given: object[],
): Problem | undefined {
  const { source, type } = rules
  try {
    // The place is an extension attribute: the log drops it, a dead letter of a later check keeps it.
    given.push({ ...eventOfRow(row, rules.map, { source, type, rowId }, rules.defaults), file, line })
    return undefined
  } catch (error) {
    if (error instanceof CellError) return error.problem
    throw error
  }
}

/** The event with its cells as they came, to be mended in its place. */
function rawEvent({ row, rowId, broken }: PlacedRow, { map, source, type }: RowRules): object {
  const head = { specversion: '1.0', id: rowId, source: map.source ?? source, type }
  if (broken) return { ...head, data: row }
  const rawOf = (from: object): unknown => ('column' in from ? row[String(from.column)] : undefined)
  return {
    ...head,
    time: rawOf(map.time),
    ...(map.subject ? { subject: `${map.subject.kind}:${row[map.subject.column] ?? ''}` } : {}),
    data: Object.fromEntries(
      Object.entries(map.data).map(([name, from]) => [name, 'value' in from ? from.value : rawOf(from)]),
    ),
  }
}
