import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { inject } from 'vitest'
import { launchBrowser } from './browser.ts'

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

export const LANGUAGES = ['en', 'ru', 'uk'] as const

/** A call of the page to the server, and what it is told. */
export type Call = { method: string; url: string; headers: IncomingHttpHeaders; body: string }
export type Told = { statusCode: number; body: string }

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
}

/** The console in a real browser, built once for a run of tests; what is below `/v1/` the test answers. */
export class Console {
  readonly browser: Browser
  readonly origin: string
  /** Errors that no page caught. */
  readonly faults: string[] = []
  readonly #key: string
  readonly #server: Server

  private constructor(browser: Browser, server: Server, key: string) {
    this.browser = browser
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#key = key
    this.#server = server
  }

  static async start(answer: (call: Call) => Told | Promise<Told>, key: string): Promise<Console> {
    const [built, browser] = await Promise.all([builtConsole(), launchBrowser()])
    return new Console(browser, await startServer(built, answer), key)
  }

  /** A fresh browser profile on an address of the console, with the key unless told otherwise. */
  async open(
    path: string,
    options: BrowserContextOptions = {},
    key: string | null = this.#key,
  ): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: DESKTOP,
      locale: 'en-GB',
      reducedMotion: 'reduce',
      ...options,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => this.faults.push(String(error)))
    await page.goto(this.origin + path + (key ? `#key=${key}` : ''))
    return page
  }

  /** Closes every page. */
  async closePages(): Promise<void> {
    for (const context of this.browser.contexts()) await context.close()
  }

  async stop(): Promise<void> {
    await this.browser.close()
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

const LOOK_MS = 50

/** The folder of the built console. The first test file that wants it builds it, the others wait for that. */
async function builtConsole(): Promise<string> {
  const folder = inject('consoleFolder')
  const [built, claim] = [join(folder, 'built'), join(folder, 'claim')]
  while (!existsSync(built)) {
    if (isClaimed(claim)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    else
      try {
        await build(join(folder, 'draft'))
        renameSync(join(folder, 'draft'), built)
      } finally {
        rmSync(claim, { recursive: true })
      }
  }
  return built
}

/** Whether somebody else builds it; nobody did before this call: then it is ours. */
function isClaimed(claim: string): boolean {
  try {
    mkdirSync(claim)
    return false
  } catch {
    return true
  }
}

async function build(folder: string): Promise<void> {
  const root = join(import.meta.dirname, '..')
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  // A process of its own, because React's production build must not see the test runner's NODE_ENV.
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', 'web', '--outDir', folder, '--emptyOutDir', '--logLevel', 'error'],
    { cwd: root, env: { ...process.env, NODE_ENV: 'production' } },
  )
}

function startServer(built: string, answer: (call: Call) => Told | Promise<Told>): Promise<Server> {
  const server = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request
    const { pathname } = new URL(url, 'http://localhost')
    if (pathname.startsWith('/v1/')) {
      const tell = async (): Promise<void> => {
        const { statusCode, body } = await answer({ method, url, headers, body: await bodyOf(request) })
        response.writeHead(statusCode, { 'content-type': 'application/json' }).end(body)
      }
      tell().catch((error: unknown) => response.writeHead(500).end(String(error)))
      return
    }
    const asked = join(built, pathname)
    const file = extname(pathname) && existsSync(asked) ? asked : join(built, 'index.html')
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' }).end(readFileSync(file))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Waits until the page and its pictures stand. (What runs in the page is text: this side knows no DOM.) */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.waitForFunction(`!document.querySelector('main [aria-busy=true], main [data-loading], main .mantine-Skeleton-root') &&
    [...document.querySelectorAll('main div[role=img]')].every((picture) => picture.querySelector('svg path'))`)
  await page.evaluate('document.fonts.ready.then(() => true)')
}

/** What the page says, with spaces of every kind as one plain space. */
export const textOf = async (page: Page): Promise<string> =>
  (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ')

/** Elements that reach over the right edge or hold text wider than themselves, but for those meant for the ear. */
export const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : []
    const unseen = (element) => element && (element.getBoundingClientRect().width <= 1 || unseen(element.parentElement))
    for (const element of document.querySelectorAll('main *')) {
      if (unseen(element) || element.closest('svg')) continue
      const over = element.getBoundingClientRect().right > innerWidth + 0.5
      const speaks = [...element.childNodes].some((node) => node.nodeType === 3)
      const cut = speaks && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1
      if (over || cut) wide.push(element.tagName + ': ' + element.textContent)
    }
    return wide
  })()`)

/** What axe objects to, with the first elements. */
export async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    // Of what passes nobody asks for the elements, and to name them takes most of the time. The one frame there is holds
    // a customer's email, without scripts: to wait for it would take half a minute and tell nothing.
    .options({ resultTypes: ['violations'], iframes: false })
    .setLegacyMode()
    .analyze()
  return found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map((node) => node.html)
        .slice(0, 3)
        .join(' | ')}`,
  )
}
