import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    consoleFolder: string
  }
}

/** One folder for the whole run, into which the first test that needs the console builds it. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-web-'))
  project.provide('consoleFolder', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}
