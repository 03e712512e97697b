import { type ClickHouseClient, createClient } from '@clickhouse/client'

/** ClickHouse, in the process (chDB) or as a cluster: the same client and the same SQL. */
export interface Analytics {
  /** Inserts rows as one block; a block is stored whole or not at all. */
  insert(table: string, rows: object[]): Promise<void>
  query<R>(sql: string, params?: Record<string, unknown>): Promise<R[]>
  command(sql: string): Promise<void>
  close(): Promise<void>
}

/** Opens a cluster by URL, or chDB on a folder of its own (one process at a time owns the folder). */
export async function openAnalytics(target: { url: string } | { folder: string }): Promise<Analytics> {
  const client = 'url' in target ? createClient({ url: target.url }) : await embedded(target.folder)
  return {
    async insert(table, rows) {
      if (rows.length === 0) return
      await client.insert({ table, values: rows, format: 'JSONEachRow' })
    },
    async query<R>(sql: string, params: Record<string, unknown> = {}) {
      const result = await client.query({ query: sql, query_params: params, format: 'JSONEachRow' })
      return (await result.json()) as R[]
    },
    async command(sql) {
      await client.command({ query: sql })
    },
    close: () => client.close(),
  }
}

async function embedded(folder: string): Promise<ClickHouseClient> {
  // chDB is half a gigabyte of native code: it is loaded only where it is the store.
  const { createChdbConnection } = await import('chdb/connection')
  // The two packages carry the same interface from different builds, which TypeScript cannot see as one.
  const connection = createChdbConnection({ path: folder }) as unknown
  return createClient({ connection } as NonNullable<Parameters<typeof createClient>[0]>)
}
