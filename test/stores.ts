import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import {
  type Analytics,
  connectOwner,
  type Database,
  migrate,
  newId,
  openAnalytics,
  openDatabase,
} from '../src/platform/index.ts'
import { databaseUrl } from './database-url.ts'

export type TestDatabase = {
  database: Database
  tenantId: string
  otherTenantId: string
  /** The owner's URL of this file's own database, to look behind row-level security. */
  ownerUrl: string
  /** The application role's URL, to give to a server process. */
  close(): Promise<void>
}

/** A database of this test's own, cloned from the migrated template on the run's real PostgreSQL. */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('ownerUrl')
  const name = `test_${newId().replaceAll('-', '')}`
  const owner = await connectOwner(serverUrl)
  await owner.query(`create database ${name} template tenure_template`)
  const ownerUrl = databaseUrl(serverUrl, name)
  const database = openDatabase(await migrate(ownerUrl), 8)
  return {
    database,
    tenantId: 'alpha',
    otherTenantId: 'beta',
    ownerUrl,
    close: async () => {
      await database.end()
      await owner.query(`drop database ${name} with (force)`)
      await owner.end()
    },
  }
}

/** A chDB of this process, in a folder of its own. */
export function testAnalytics(): Promise<Analytics> {
  return openAnalytics({ folder: testFolder() })
}

/** A fresh folder below the system's temporary folder. */
export function testFolder(): string {
  return mkdtempSync(join(tmpdir(), 'tenure-test-'))
}
