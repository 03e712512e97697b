import { z } from 'zod'

const counts = {
  /** New events, durable in the log. */
  accepted: z.int(),
  duplicates: z.int(),
  /** Events that wait in the dead letters. */
  rejected: z.int(),
}
export type IngestCounts = { accepted: number; duplicates: number; rejected: number }

/** A source as `GET /v1/sources` shows it; the counts are those of this process since the source was started. */
export const sourceStatus = z.object({
  id: z.string(),
  way: z.enum(['tcp', 'kafka', 'folder']),
  state: z.enum(['starting', 'connected', 'failed', 'paused', 'stopped']),
  ...counts,
  lastEventAt: z.string().nullable(),
  lastError: z.object({ at: z.string(), code: z.string(), message: z.string() }).nullable(),
  /** Connections and port of a listener, partitions of a topic, files of a folder. */
  details: z.record(z.string(), z.number()),
})
export type SourceStatus = z.infer<typeof sourceStatus>

/** A file of a watched folder as `GET /v1/sources/:id/files` shows it. */
export const sourceFile = z.object({
  name: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  readBytes: z.int(),
  rows: z.int(),
  ...counts,
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  /** Another file of the folder had the same content and was read before. */
  sameAs: z.string().nullable(),
  error: z.string().nullable(),
})
export type SourceFileView = z.infer<typeof sourceFile>
