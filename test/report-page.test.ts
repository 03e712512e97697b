import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ArmReport } from '../src/insights/contract.ts'
import { type Call, Console, DESKTOP, LANGUAGES, PHONE, textOf, type Told, violations } from './console.ts'
import { looksWell } from './console-looks.ts'
import { CAMPAIGN, reportFixture } from './report-fixture.ts'

const KEY = 'key-of-the-test'

const served = {
  report: reportFixture(),
  campaigns: [] as object[],
  failing: false,
}

/** Tells those who show the key what the fixture holds. */
function answer({ url, headers }: Call): Told {
  const { pathname } = new URL(url, 'http://localhost')
  const say = (statusCode: number, body: unknown): Told => ({ statusCode, body: JSON.stringify(body) })
  if (served.failing) return say(503, { code: 'unavailable' })
  if (headers.authorization !== `Bearer ${KEY}`) return say(401, { code: 'unauthenticated' })
  if (pathname === '/v1/campaigns') return say(200, served.campaigns)
  if (pathname === `/v1/campaigns/${CAMPAIGN}/report`) return say(200, served.report)
  return say(404, { code: 'not_found' })
}

let site: Console

beforeAll(async () => {
  site = await Console.start(answer, KEY)
})
afterAll(() => site?.stop())

beforeEach(() => {
  served.report = reportFixture()
  served.campaigns = [{ campaignId: CAMPAIGN, name: served.report.name, state: 'running' }]
  served.failing = false
  site.faults.length = 0
})

afterEach(() => site.closePages())

const REPORT = `/campaigns/${CAMPAIGN}`

/** Waits until the report and its pictures stand. (What runs in the page is text: this side knows no DOM.) */
async function settled(page: Page): Promise<void> {
  await page.getByTestId('verdict').waitFor()
  await page.waitForFunction('document.querySelectorAll("[role=img] svg path").length > 20')
  await page.evaluate('document.fonts.ready.then(() => true)')
}

describe('the campaign report', () => {
  it('answers in its first screenful with the figures of the platform', async () => {
    const page = await site.open(REPORT)
    await settled(page)
    const verdict = page.getByTestId('verdict')
    expect(await verdict.innerText()).toContain('“New: pop-up, then SMS” earns ₽5.67 more')
    const row = page.locator('tr[data-arm=new-dstk-sms]').first()
    const words = (await row.innerText()).replaceAll(/\s+/g, ' ')
    expect(words).toContain('12,476 subscribers')
    expect(words).toContain('+₽5.67 ₽4.18 to ₽7.16')
    const first = served.report.arms[0]!
    const second = served.report.arms[1]!
    const rate = (arm: ArmReport): number => (arm.salesOnCredit * 1000) / arm.enrolled
    expect(words).toContain(rate(second).toFixed(1))
    expect(words).toContain(`×${(rate(second) / rate(first)).toFixed(1)}`)
    const box = await row.boundingBox()
    expect(box!.y + box!.height).toBeLessThan(DESKTOP.height)
    expect(await page.locator('[data-total=events]').innerText()).toContain('1,284,511')
    expect(await textOf(page)).toContain('Figures up to 30 Mar 2026, 18:42 (Europe/Moscow)')
    expect(site.faults).toEqual([])
  })

  it('shows exact money, and never a figure that is none', async () => {
    const largest = served.report.arms[0]!
    largest.packageRevenueMinor = '900719925474099312345'
    served.report.arms[2]!.enrolled = 0
    served.report.arms[2]!.allSmsCostMinor = '0'
    delete served.report.arms[2]!.margin
    for (const lang of LANGUAGES) {
      const page = await site.open(`${REPORT}?lang=${lang}&table=headline,funnel,packages,days,refusals`)
      await page.getByTestId('verdict').waitFor()
      const text = await textOf(page)
      expect(text).not.toMatch(/NaN|Infinity|undefined|\[object|\{\{/)
      const groups = '9 007 199 254 740 993 123'
      expect(text).toContain(lang === 'en' ? `₽${groups.replaceAll(' ', ',')}.45` : `${groups},45 ₽`)
    }
  })

  it('speaks three languages, and carries the choice in its address', async () => {
    const page = await site.open(REPORT)
    await settled(page)
    const names = { en: 'Did it pay?', ru: 'Окупилось ли?', uk: 'Чи окупилося?' }
    for (const lang of ['ru', 'uk', 'en'] as const) {
      await page.getByText(lang.toUpperCase(), { exact: true }).first().click()
      await page.getByRole('heading', { name: names[lang] }).waitFor()
      expect(new URL(page.url()).searchParams.get('lang')).toBe(lang)
      expect(await page.locator('html').getAttribute('lang')).toBe(lang)
      expect(await page.title()).toContain(served.report.name[lang])
    }
    const other = await site.open(`${REPORT}?lang=ru`)
    await settled(other)
    expect(await textOf(other)).toContain('12 476 абонентов')
    expect(await textOf(other)).toContain('5,67 ₽ на участника сверх контроля')
  })

  it('follows the platform without a reload', async () => {
    const page = await site.open(REPORT)
    await settled(page)
    await page.evaluate('window.untouched = true')
    served.report.totals.events = 1_300_000
    served.report.asOf = '2026-03-31T09:00:00+03:00'
    served.report.arms[1]!.margin!.perSubscriberMinor = 911
    await page.getByText('1,300,000').waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await page.getByTestId('verdict').innerText()).toContain('₽9.11')
    expect(await page.evaluate('window.untouched')).toBe(true)
  })

  it('keeps the last figures when the connection is lost, says so, and goes on when it is back', async () => {
    const page = await site.open(REPORT)
    await settled(page)
    served.failing = true
    await page.getByText(/Connection lost. Last figures from \d\d:\d\d:\d\d/).waitFor()
    expect(await page.getByTestId('verdict').innerText()).toContain('₽5.67')
    served.failing = false
    await page.getByText('Connection lost').waitFor({ state: 'detached' })
  })

  it('shows each picture as a table, and what its figures mean', async () => {
    const page = await site.open(REPORT)
    await settled(page)
    await page.getByRole('button', { name: 'As a table: Which packages were sold?' }).click()
    await page.getByRole('table', { name: 'Which packages were sold?' }).waitFor()
    expect(new URL(page.url()).searchParams.get('table')).toBe('packages')
    await page.getByRole('button', { name: 'What it means: Did it pay?' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('intent to treat').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('intent to treat').waitFor({ state: 'detached' })
  })

  it('says what to do while nobody is enrolled', async () => {
    served.report.arms = served.report.arms.map((arm) => ({ ...arm, enrolled: 0 }))
    const page = await site.open(REPORT)
    await page.getByRole('heading', { name: 'No one is enrolled yet' }).waitFor()
    expect(await textOf(page)).toContain('POST /v1/events')
    expect(await violations(page)).toEqual([])
  })
})

describe('the way in', () => {
  it('takes the key out of the address, and leads on to the only campaign', async () => {
    const page = await site.open('/')
    await settled(page)
    expect(page.url()).toBe(site.origin + REPORT)
  })

  it('lists campaigns when there are several', async () => {
    served.campaigns.push({
      campaignId: 'other',
      name: { en: 'Other', ru: 'Другая', uk: 'Інша' },
      state: 'draft',
    })
    const page = await site.open('/')
    await page.getByRole('link', { name: 'Other' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'The package is used up' }).click()
    await settled(page)
  })

  it('asks for the key when there is none, and again when it is wrong', async () => {
    const page = await site.open(REPORT, {}, null)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await violations(page)).toEqual([])
    const field = page.getByLabel('API key', { exact: false }).first()
    await field.fill('wrong')
    await field.press('Enter')
    await page.getByText('The server did not accept this key.').waitFor()
    await field.fill(KEY)
    await field.press('Enter')
    await settled(page)
  })

  it('says so when there is no such campaign', async () => {
    const page = await site.open('/campaigns/nothing')
    await page.getByText('There is no such campaign.').waitFor()
    expect(await page.getByRole('link', { name: 'To the campaigns' }).getAttribute('href')).toBe('/')
  })
})

const TABLES = `${REPORT}?table=headline,funnel,packages,days,refusals`

looksWell(() => site, {
  name: '',
  places: { report: REPORT, 'report-tables': TABLES },
  stands: async (page) => {
    await page.getByTestId('verdict').waitFor()
    if (!page.url().includes('table=')) await settled(page)
  },
  shown: ['report-desktop', 'report-phone'],
})

describe('the frame', () => {
  it('has the ground of its scheme', async () => {
    for (const [colorScheme, ground] of [
      ['light', 'rgb(247, 248, 249)'],
      ['dark', 'rgb(14, 16, 18)'],
    ] as const) {
      const page = await site.open(REPORT, { colorScheme })
      await page.getByTestId('verdict').waitFor()
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(ground)
    }
  })

  it('keeps the places and settings of a phone in a drawer', async () => {
    const page = await site.open(REPORT, { viewport: PHONE })
    await settled(page)
    await page.getByRole('button', { name: 'Open places and settings' }).click()
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('link', { name: 'Campaigns' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
  })
})
