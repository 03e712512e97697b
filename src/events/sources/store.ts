import type { Tx } from '../../platform/index.ts'

/** How far a file of a watched folder has been read. Times of reading are instants, the file's own is epoch ms. */
export type StoredFile = {
  name: string
  contentId: string
  sizeBytes: number
  modifiedMs: number
  sha256: string
  readBytes: number
  /** Lines and data rows up to `readBytes`. */
  lines: number
  rows: number
  accepted: number
  duplicates: number
  rejected: number
  sameAs: string | null
  error: string | null
  startedAt: Temporal.Instant
  finishedAt: Temporal.Instant | null
}

const columns = `name, content_id as "contentId", size_bytes::float8 as "sizeBytes", modified_ms as "modifiedMs", sha256,
  read_bytes::float8 as "readBytes", lines::float8 as lines, rows::float8 as rows, accepted::float8 as accepted,
  duplicates::float8 as duplicates, rejected::float8 as rejected, same_as as "sameAs", error,
  started_at as "startedAt", finished_at as "finishedAt"`

/** What is known of each name in a source's folder: its latest content. */
export function selectLatestFiles(tx: Tx, sourceId: string): Promise<StoredFile[]> {
  return tx.query<StoredFile>(
    `select distinct on (name) ${columns} from events.source_file where source_id = $1
     order by name, started_at desc, size_bytes desc`,
    [sourceId],
  )
}

/** A file of this content under any name, a finished one first. */
export async function selectSameContent(
  tx: Tx,
  sourceId: string,
  sha256: string,
): Promise<StoredFile | undefined> {
  const [row] = await tx.query<StoredFile>(
    `select ${columns} from events.source_file where source_id = $1 and sha256 = $2 and same_as is null
     order by finished_at nulls last limit 1`,
    [sourceId, sha256],
  )
  return row
}

/** The latest files first. */
export function selectFiles(tx: Tx, sourceId: string, limit: number): Promise<StoredFile[]> {
  return tx.query<StoredFile>(
    `select ${columns} from events.source_file where source_id = $1 order by started_at desc, name limit $2`,
    [sourceId, limit],
  )
}

/** Remembers how far a file has been read. */
export function upsertFile(tx: Tx, sourceId: string, file: StoredFile): void {
  tx.execute(
    `insert into events.source_file
       (tenant_id, source_id, name, content_id, size_bytes, modified_ms, sha256, read_bytes, lines, rows,
        accepted, duplicates, rejected, same_as, error, started_at, finished_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     on conflict (tenant_id, source_id, content_id, name) do update set
       size_bytes = excluded.size_bytes, modified_ms = excluded.modified_ms, sha256 = excluded.sha256,
       read_bytes = excluded.read_bytes, lines = excluded.lines, rows = excluded.rows, accepted = excluded.accepted,
       duplicates = excluded.duplicates, rejected = excluded.rejected, same_as = excluded.same_as,
       error = excluded.error, finished_at = excluded.finished_at`,
    [
      sourceId,
      file.name,
      file.contentId,
      file.sizeBytes,
      file.modifiedMs,
      file.sha256,
      file.readBytes,
      file.lines,
      file.rows,
      file.accepted,
      file.duplicates,
      file.rejected,
      file.sameAs,
      file.error,
      file.startedAt,
      file.finishedAt,
    ],
  )
}
