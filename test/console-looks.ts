import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  type Console,
  DESKTOP,
  LANGUAGES,
  overflowing,
  PHONE,
  settled,
  textOf,
  violations,
} from './console.ts'

export type Looks = {
  /** Begins the names of photographs. */
  name: string
  /** Addresses by what they show; one may be known only when the server runs. */
  places: Readonly<Record<string, string | (() => string)>>
  /** What is done on a place before it is looked at; the page speaks English. */
  prepare?(page: Page, place: string): Promise<void>
  /** Waits until a place stands, where that takes more than elsewhere. */
  stands?(page: Page): Promise<void>
  /** Photographs that the documents show, such as `member-desktop`. */
  shown?: readonly string[]
  /** What happens on a place before it is photographed. */
  pose?(page: Page, place: string): Promise<void>
}

/** What somebody reads who is not meant to: a figure that is none, or the key of a text. */
const RAW = /NaN|undefined|\[object|\{\{\w|\b(?:loyalty|webhooks|messages)\.(?!\*)\w+\.\w/

const root = join(import.meta.dirname, '..')
const skipTo = (language: string): string => {
  const texts = readFileSync(join(root, `web/src/languages/${language}.json`), 'utf8')
  return (JSON.parse(texts) as { shell: { skipToContent: string } }).shell.skipToContent
}

/** Shows the page in another language without loading it anew. */
async function speak(page: Page, language: string): Promise<void> {
  const url = new URL(page.url())
  url.searchParams.set('lang', language)
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(url.pathname + url.search)})`)
  await page.waitForFunction(
    `document.querySelector('a[href="#content"]').textContent === ${JSON.stringify(skipTo(language))}`,
  )
}

/**
 * Registers what holds for every place: nothing reaches over the edge of a phone in any language, nothing is said that
 * is no text, and axe has nothing to object to, on a phone in the dark and on a desktop in the light: what it objects
 * to depends on one or the other. With `TENURE_SCREENSHOTS` each place is photographed: into a folder, or, with `1`,
 * those that the documents show.
 */
export function looksWell(site: () => Console, looks: Looks): void {
  const { places, prepare = nothing, stands = settled } = looks
  const open = async (name: string, options: Parameters<Console['open']>[1]): Promise<Page> => {
    const place = places[name]!
    const page = await site().open(typeof place === 'string' ? place : place(), options)
    await stands(page)
    await prepare(page, name)
    return page
  }
  describe('how it looks', () => {
    it.each(Object.keys(places))('%s on a phone of 390 px, in each language', async (name) => {
      const page = await open(name, { viewport: PHONE, hasTouch: true, isMobile: true, colorScheme: 'dark' })
      expect(await violations(page)).toEqual([])
      for (const language of LANGUAGES) {
        await speak(page, language)
        await stands(page)
        expect([language, await overflowing(page)]).toEqual([language, []])
        expect(await textOf(page)).not.toMatch(RAW)
      }
    })
    it.each(Object.keys(places))('%s on a desktop', async (name) => {
      expect(await violations(await open(name, { viewport: DESKTOP }))).toEqual([])
    })
    it.runIf(process.env['TENURE_SCREENSHOTS'])('is photographed', { timeout: 600_000 }, async () => {
      const sizes = await photograph(open, looks)
      expect(sizes.filter((bytes) => bytes < 10_000)).toEqual([])
    })
  })
}

const nothing = (): Promise<void> => Promise.resolve()

/** Takes the photographs; returns how many bytes each has. */
async function photograph(
  open: (name: string, options: Parameters<Console['open']>[1]) => Promise<Page>,
  { name: first, places, shown = [], pose = nothing }: Looks,
): Promise<number[]> {
  const sizes: number[] = []
  const asked = process.env['TENURE_SCREENSHOTS']!
  const isForDocuments = asked === '1'
  const folder = isForDocuments ? join(root, 'docs/images') : asked
  mkdirSync(folder, { recursive: true })
  const schemes = isForDocuments ? (['light'] as const) : (['light', 'dark'] as const)
  const deviceScaleFactor = isForDocuments ? 2 : 1
  for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE }))
    for (const colorScheme of schemes)
      for (const name of Object.keys(places)) {
        if (isForDocuments && !shown.includes(`${name}-${size}`)) continue
        const page = await open(name, { viewport, colorScheme, deviceScaleFactor })
        await pose(page, name)
        // Lines and bars that move have come to rest by then.
        await page.waitForTimeout(500)
        const file = `${[first, name].filter(Boolean).join('-')}-${size}${colorScheme === 'dark' ? '-dark' : ''}.png`
        const image = await page.screenshot({ path: join(folder, file), fullPage: !isForDocuments })
        sizes.push(image.length)
        await page.close()
      }
  return sizes
}
