import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { looksWell } from './console-looks.ts'
import { save, saved, server, site, useLoyaltyConsole, yaml } from './loyalty-console.ts'

useLoyaltyConsole()

const written = (page: Page) => expect.poll(() => yaml(page).inputValue())
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })

describe('points in a form', () => {
  it('are written as members read them, to as many decimals as the programme has', async () => {
    const page = await site.open('/loyalty/programmes/cashback')
    const welcome = field(page, 'Welcome bonus, points')
    await welcome.fill('12.5')
    await written(page).toContain('points: "1250"')
    expect(await welcome.inputValue()).toBe('12.5')
    await welcome.fill('12,505')
    await page.getByText('No more than 2 digits behind the point').waitFor()
    expect(await welcome.getAttribute('aria-invalid')).toBe('true')
    const problems = page.getByRole('list', { name: 'What stands in the way of saving' })
    await problems.getByText(/^welcome\.points/).waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').first().waitFor()
    expect(await server.document('Programme', 'cashback')).not.toHaveProperty('welcome')
    await welcome.fill('0')
    await page.getByText('More than 0').waitFor()
    await welcome.fill('12.50')
    await problems.waitFor({ state: 'detached' })
    await save(page)
    expect(await server.document('Programme', 'cashback')).toMatchObject({ welcome: { points: '1250' } })
    await page.reload()
    await expect.poll(() => welcome.inputValue()).toBe('12.50')
    const whole = await site.open('/loyalty/programmes/main')
    await field(whole, 'Welcome bonus, points').fill('12.5')
    await whole.getByText('Only a whole number: there is nothing behind the point').waitFor()
  })

  it('read the same when the programme counts them to other decimals', async () => {
    const page = await site.open('/loyalty/programmes/finer?draft=true')
    await field(page, 'Welcome bonus, points').fill('50')
    await page.getByRole('button', { name: 'Add a budget' }).click()
    await page.getByLabel('Decimals').selectOption('2')
    expect(await field(page, 'Welcome bonus, points').inputValue()).toBe('50')
    await written(page).toMatch(/points: "1000000"[^]+welcome:\n +points: "5000"/)
    await page.getByRole('button', { name: 'Add a budget' }).click()
    expect(await field(page, 'Points').last().inputValue()).toBe('10000')
  })

  it('read the same when a rule goes over to a programme of other decimals', async () => {
    const page = await site.open('/loyalty/rules/big-topup')
    await field(page, 'Points').fill('75')
    await page.getByRole('button', { name: 'Add a cap' }).click()
    await page.getByLabel('Programme').selectOption('cashback')
    expect(await field(page, 'Points').first().inputValue()).toBe('75')
    await written(page).toMatch(/fixed: "7500"[^]+points: "100000"/)
    await field(page, 'Points').first().fill('75.25')
    await page.getByLabel('Programme').selectOption('main')
    await page.getByText('Only a whole number: there is nothing behind the point').waitFor()
    expect(await field(page, 'Points').first().inputValue()).toBe('75.25')
    await page.getByLabel('Programme').selectOption('cashback')
    await written(page).toContain('fixed: "7525"')
  })

  it('are those of what an exchange gives, and money has the decimals of its currency', async () => {
    const exchange = await site.open('/loyalty/parts/Exchange/to-cashback')
    await field(exchange, 'At least').fill('10')
    await written(exchange).toContain('least: "10"')
    await exchange.getByRole('group', { name: 'Given' }).getByLabel('Programme').selectOption('cashback')
    await written(exchange).toContain('least: "1000"')
    expect(await field(exchange, 'At least').inputValue()).toBe('10')
    await exchange.getByRole('combobox', { name: 'Given' }).selectOption('partner')
    await field(exchange, 'Decimals').fill('99')
    expect(await field(exchange, 'At least').inputValue()).toBe('10')
    await field(exchange, 'Decimals').fill('1')
    await written(exchange).toContain('least: "100"')
    const rule = await site.open('/loyalty/rules/package')
    const from = field(rule, 'From an amount of').last()
    await expect.poll(() => from.inputValue()).toBe('500')
    await field(rule, 'Currency').pressSequentially('jpy')
    expect(await from.inputValue()).toBe('500')
    await written(rule).toMatch(/fromMinor: "500"[^]+currency: JPY/)
  })
})

describe('a tier of a ladder', () => {
  it('asks for money in the decimals of its currency, letter by letter', async () => {
    const page = await site.open('/loyalty/ladders/spent?draft=true')
    await page.getByLabel('What counts').selectOption('spend')
    await page.getByRole('button', { name: 'Add a tier' }).click()
    const from = field(page, 'From').last()
    await from.fill('999.90')
    await page.locator('li[data-rung=tier-2]').getByText('from ₽999.90').waitFor()
    await from.fill('1500')
    await field(page, 'Currency').pressSequentially('jpy')
    await page.locator('li[data-rung=tier-2]').getByText('from ¥1,500').waitFor()
    await written(page).toMatch(/currency: JPY[^]+at: "1500"/)
    expect(await from.inputValue()).toBe('1500')
  })
})

describe('a reward', () => {
  it('says what a discount takes off: a share of the price, or money in a currency', async () => {
    const page = await site.open('/loyalty/rewards/pharmacy')
    await expect.poll(() => field(page, 'Per cent').inputValue()).toBe('10')
    await field(page, 'Per cent').fill('15')
    await written(page).toContain('percent: 15')
    // Emptied, it is still asked for.
    await field(page, 'Per cent').fill('')
    await field(page, 'Per cent').fill('20')
    await page.getByRole('combobox', { name: 'Takes off' }).selectOption('sumOfMoney')
    await field(page, 'Amount').fill('250.50')
    await written(page).toMatch(/off:\n +amountMinor: "25050"\n +currency: RUB/)
    await field(page, 'Currency').fill('usd')
    await field(page, 'Code is valid, days').fill('7')
    await save(page)
    const off = { amountMinor: '25050', currency: 'USD' }
    expect(saved()?.body).toMatchObject([{ gives: { discount: { partner: 'pharmacy', off, validDays: 7 } } }])
  })

  it('has a description, a price by tier, limits, a time, and credit in any currency', async () => {
    const page = await site.open('/loyalty/rewards/cinema')
    const before = await server.document('Reward', 'cinema')
    const tiers = page.getByRole('group', { name: 'Price by tier' })
    await expect.poll(() => tiers.getByRole('textbox', { name: 'Gold' }).inputValue()).toBe('100')
    await tiers.getByRole('textbox', { name: 'Silver' }).fill('110')
    await tiers.getByRole('textbox', { name: 'Gold' }).fill('')
    for (const language of ['English', 'Russian', 'Ukrainian'])
      await field(page, `Description, ${language}`).fill('Any film')
    await page.getByRole('button', { name: 'Add a limit' }).click()
    await page.getByRole('group', { name: 'Limits' }).getByLabel('Per').selectOption('year')
    await page.getByLabel('Holds until').fill('2031-01-01T00:00')
    await page.getByRole('combobox', { name: 'Gives' }).selectOption('credit')
    await field(page, 'Amount').fill('99.90')
    await field(page, 'Currency').fill('kwd')
    // Three decimals: the amount reads as it did.
    await written(page).toContain('amountMinor: "99900"')
    await field(page, 'Currency').fill('uah')
    await save(page)
    expect(saved()?.body).toEqual([
      {
        ...before,
        description: { en: 'Any film', ru: 'Any film', uk: 'Any film' },
        price: { points: '120', byTier: { silver: '110' } },
        gives: { credit: { amountMinor: '9990', currency: 'UAH' } },
        limits: [{ per: 'member', period: 'year', times: 1 }],
        validTo: '2030-12-31T21:00:00.000Z',
      },
    ])
    for (const language of ['English', 'Russian', 'Ukrainian'])
      await field(page, `Description, ${language}`).fill('')
    await written(page).not.toContain('description')
    await page.getByLabel('Programme').selectOption('cashback')
    await written(page).toMatch(/price:\n +points: "12000"\n +byTier:\n +silver: "11000"/)
    // The tier is none of that programme's; its price can still be seen.
    expect(await tiers.getByRole('textbox', { name: 'silver' }).inputValue()).toBe('110')
  })
})

describe('what somebody gets', () => {
  it('stands beside who gets it, and says that it is the reward', async () => {
    const page = await site.open('/loyalty/parts/Referral/friends')
    const newcomer = page.getByRole('group', { name: 'Newcomer gets' })
    await newcomer.getByRole('textbox', { name: 'Points' }).fill('150')
    await page.locator('li[data-rung=joined]').getByText('Newcomer: 150 points').waitFor()
    await newcomer.getByRole('textbox', { name: 'Points' }).fill('')
    await page.locator('li[data-rung=joined]').getByText('Newcomer: — points').waitFor()
    await newcomer.getByRole('combobox', { name: 'Newcomer gets' }).selectOption('money')
    await newcomer.getByRole('textbox', { name: 'Amount' }).fill('50.5')
    await page.locator('li[data-rung=joined]').getByText('Newcomer: ₽50.50').waitFor()
    const quest = await site.open('/loyalty/parts/Quest/first-month')
    await field(quest, 'Reward, points').waitFor()
    await quest.getByLabel('Reward, badge').waitFor()
    const migration = await site.open('/loyalty/parts/ProgrammeMigration/all-to-cashback')
    await expect.poll(() => migration.getByLabel('From programme').inputValue()).toBe('main')
    expect(await migration.getByLabel('To programme').inputValue()).toBe('cashback')
  })
})

looksWell(() => site, {
  name: 'loyalty',
  places: {
    discount: '/loyalty/rewards/pharmacy',
    'new-reward': '/loyalty/rewards/another?draft=true',
    'fixed-points': '/loyalty/rules/big-topup',
    'new-referral': '/loyalty/parts/Referral/another?draft=true',
  },
})
