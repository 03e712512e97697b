import { mkdtempSync, chmodSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { connectOwner, migrate, startEmbeddedPostgres } from '../src/platform/index.ts'
import { databaseUrl } from './database-url.ts'

declare module 'vitest' {
  interface ProvidedContext {
    ownerUrl: string
  }
}

/** One real PostgreSQL for the whole run, with a migrated template database that each test file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-test-'))
  chmodSync(folder, 0o755)
  const server = await startEmbeddedPostgres(join(folder, 'postgres'))
  const owner = await connectOwner(server.ownerUrl)
  await owner.query('create database tenure_template')
  await owner.end()
  await migrate(databaseUrl(server.ownerUrl, 'tenure_template'))
  project.provide('ownerUrl', server.ownerUrl)
  return async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
