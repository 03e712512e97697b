import type { Problem } from '../../platform/index.ts'

/** A stream of NDJSON on its way into the log. */
export type Lines = {
  /** Takes bytes wherever the lines break; resolves when it is ready for more. */
  write(chunk: Buffer): Promise<void>
  /**
   * Resolves when everything written so far is durable, with what became of the lines since the beginning. The counts are
   * those of the first lines without a gap: a sender forgets as many as they say.
   */
  flushed(): Promise<{ accepted: number; duplicates: number; rejected: number }>
}

/** What the ways in need of the events service. */
export type Intake = {
  ingest(
    tenantId: string,
    events: unknown[],
  ): Promise<{ accepted: number; duplicates: number; rejected: { index: number; problem: Problem }[] }>
  openLines(tenantId: string): Lines | Promise<Lines>
}
