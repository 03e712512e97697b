import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { Console } from './console.ts'
import { LoyaltyServer } from './loyalty-server.ts'

/** The console before a server of loyalty's, from the first test of a file that uses them to its last. */
export let site: Console
export let server: LoyaltyServer

/** Opens both for a file's tests; a fault that the browser told of fails the test in which it came. */
export function useLoyaltyConsole(): void {
  beforeAll(async () => {
    server = await LoyaltyServer.start()
    site = await Console.start(server.answer, server.key)
  }, 120_000)
  afterAll(async () => {
    await site?.stop()
    await server?.stop()
  })
  beforeEach(() => {
    server.asked.length = 0
    server.failing = false
    server.rowsOfPage = undefined
    site.faults.length = 0
  })
  afterEach(async () => {
    await site.closePages()
    if (site.faults.length > 0) throw new Error(site.faults.join('\n'))
  })
}

/** What was saved last. */
export const saved = () =>
  server.asked.findLast(({ method, path }) => method === 'PUT' && path === '/v1/documents')

/** The document of a page as text. */
export const yaml = (page: Page) => page.getByRole('textbox', { name: 'As YAML' })

/** Saves the document of a page. */
export async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. It holds from now on.').waitFor()
}
