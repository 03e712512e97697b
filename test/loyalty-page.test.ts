import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { violations } from './console.ts'
import { looksWell } from './console-looks.ts'
import { saved, server, site, useLoyaltyConsole, yaml } from './loyalty-console.ts'

useLoyaltyConsole()

const PLACES: Record<string, string> = {
  programmes: '/loyalty/programmes',
  programme: '/loyalty/programmes/main',
  rule: '/loyalty/rules/topup-five-percent',
  steps: '/loyalty/rules/package',
  ladder: '/loyalty/ladders/metals',
  quest: '/loyalty/parts/Quest/first-month',
  member: '/loyalty/members?subscriber=1',
  rewards: '/loyalty/rewards',
  reward: '/loyalty/rewards/cinema',
  review: '/loyalty/review',
  released: '/loyalty/review?state=released',
  liability: '/loyalty/liability',
  'liability-tables': '/loyalty/liability?table=owedByAge,owedByExpiry,flows,cost',
}

/** Plays the rule over what the world has lived through. */
async function tryRule(page: Page): Promise<void> {
  await page.getByLabel('From', { exact: true }).last().fill('2025-07-01T00:00')
  await page.getByRole('button', { name: 'Try', exact: true }).click()
  await page.getByTestId('trial').waitFor()
}

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')

describe('the programmes', () => {
  it('say who is in them and what they owe, and lead to what they are made of', async () => {
    const page = await site.open('/loyalty/programmes')
    const row = page.locator('tr[data-programme=main]')
    await expect
      .poll(async () => plain(await row.innerText()))
      .toMatch(/^Bonus main · points 14 [\d,]+ 3 6 months/)
    await page.keyboard.press('/')
    await page.keyboard.type('cash')
    await page.waitForFunction('document.querySelectorAll("tr[data-programme]").length === 1')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Bonus' }).click()
    await page.locator('li[data-rule=package]').getByText('by 2 steps of the amount').waitFor()
    await page
      .locator('li[data-rung=gold]')
      .getByText(/^from 1,200 points$/)
      .waitFor()
  })

  it('begin with an id and are saved with what is left in the form', async () => {
    const page = await site.open('/loyalty/programmes')
    await page.getByRole('button', { name: 'New programme' }).click()
    await page.getByRole('textbox', { name: 'Id' }).fill('family')
    await page.getByRole('button', { name: 'Write it' }).click()
    await page.getByRole('heading', { name: 'family', level: 1 }).waitFor()
    for (const language of ['English', 'Russian', 'Ukrainian'])
      await page.getByRole('textbox', { name: `Name, ${language}` }).fill('Family')
    await page.getByLabel('Currency').fill('points')
    await page.getByText('currency · programme "main" keeps this currency').waitFor()
    await page.getByLabel('Currency').fill('family')
    await page.getByLabel('Points expire').selectOption('never')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    expect(saved()?.body).toMatchObject([
      { kind: 'Programme', id: 'family', expiry: 'never', currency: 'family' },
    ])
  })
})

describe('a budget of a programme', () => {
  it('is a purse with a name, and stays as long as a rule draws from it', async () => {
    const page = await site.open('/loyalty/programmes/main')
    const budgets = page.getByRole('group', { name: 'Budgets' })
    await budgets.getByRole('button', { name: 'Add a budget' }).click()
    await budgets.getByRole('textbox', { name: 'Budget' }).last().fill('autumn')
    await budgets.getByRole('textbox', { name: 'Points' }).last().fill('700')
    await budgets.getByLabel('Per').last().selectOption('week')
    await expect.poll(() => yaml(page).inputValue()).toMatch(/- id: autumn\n +points: "700"\n +period: week/)
    await budgets.getByRole('button', { name: 'Remove the budget spring' }).click()
    await page.getByText('budgets · earn rule "big-topup" draws from "spring"').waitFor()
  })
})

describe('an earn rule', () => {
  it('is written in the form and as YAML, each showing what the other changed', async () => {
    const page = await site.open('/loyalty/rules/topup-five-percent')
    const rate = page.getByRole('textbox', { name: 'Points for each major unit' })
    await rate.fill('0.07')
    await expect.poll(() => yaml(page).inputValue()).toContain('perMajorUnit: "0.07"')
    const text = await yaml(page).inputValue()
    await yaml(page).fill(text.replace('"0.07"', '"0.08"'))
    await expect.poll(() => rate.inputValue()).toBe('0.08')
    await yaml(page).fill(text.replace('id: topup-five-percent', 'id: other'))
    await page.getByText('Not taken over: kind and id do not change').waitFor()
    await yaml(page).fill(text.replace('perMajorUnit', 'perYear'))
    await page.getByText(/Not taken over: points/).waitFor()
    expect(await rate.inputValue()).toBe('0.08')
    await page.getByRole('button', { name: 'Discard changes' }).click()
    expect(await rate.inputValue()).toBe('0.05')
  })

  it('says which currency it is about', async () => {
    const page = await site.open('/loyalty/rules/topup-five-percent')
    await page.getByRole('textbox', { name: 'Currency' }).fill('usd')
    await expect.poll(() => yaml(page).inputValue()).toContain('currency: USD')
    await page.getByRole('textbox', { name: 'Currency' }).fill('')
    await expect.poll(() => yaml(page).inputValue()).not.toContain('currency')
  })

  it('with everything that a rule can have stands in the fields, and is saved as it was but for what was changed', async () => {
    const page = await site.open('/loyalty/rules/package')
    const value = (label: string) => page.getByLabel(label, { exact: true }).inputValue()
    await page.getByLabel('Budget').waitFor()
    expect(await value('Budget')).toBe('packages')
    expect(await value('Best-of group')).toBe('shopping')
    expect(await value('Points expire')).toBe('earn')
    expect([await value('After'), await value('Unit'), await value('At the end of the')]).toEqual([
      '6',
      'months',
      'month',
    ])
    expect(await value('Its points')).toBe('takenBack')
    expect(await value('Event of the return')).toBe('package.returned')
    expect(await value('Order id in the purchase (CEL)')).toBe('event.orderId')
    expect(await value('Order id in the return (CEL)')).toBe('event.orderId')
    expect(await value('Amount returned (CEL)')).toBe('event.amountMinor')
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    const before = await server.document('EarnRule', 'package')
    await page.getByRole('textbox', { name: 'Name, English' }).fill('Packages of data')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    const after = { ...before, name: { en: 'Packages of data', ru: 'Пакеты', uk: 'Пакети' } }
    expect(saved()?.body).toEqual([after])
    expect(await server.document('EarnRule', 'package')).toEqual(after)
  })

  it('has a budget, a group, an expiry of its own and what a return takes back', async () => {
    const page = await site.open('/loyalty/rules/big-topup')
    const budget = page.getByLabel('Budget')
    await expect
      .poll(async () => plain(await budget.innerText()))
      .toBe('none spring: 5,000 a month packages: 900,000 a year')
    await budget.selectOption('none')
    await expect.poll(() => yaml(page).inputValue()).not.toContain('budget')
    await budget.selectOption('packages')
    const group = page.getByRole('textbox', { name: 'Best-of group' })
    await group.fill('top-ups')
    await page.getByText('In this one there is no other yet').waitFor()
    await page.getByText('The programme’s: 6 months after earning').waitFor()
    await page.getByLabel('Points expire').selectOption('earn')
    await page.getByRole('textbox', { name: 'After', exact: true }).fill('14')
    await page.getByLabel('Unit').selectOption('days')
    await page.getByLabel('Its points').selectOption('takenBack')
    const problems = page.getByRole('list', { name: 'What stands in the way of saving' })
    await problems.getByText('returns.on · This has to be filled in').waitFor()
    const returned = page.getByLabel('Event of the return')
    expect(await returned.innerText()).not.toContain('loyalty.')
    await returned.selectOption('package.returned')
    await page.getByRole('textbox', { name: 'Order id in the return (CEL)' }).fill('event.orderId')
    await problems.getByText('reference · a return must find its purchase').waitFor()
    await page.getByRole('textbox', { name: 'Order id in the purchase (CEL)' }).fill('event.channel')
    await page.getByRole('textbox', { name: 'Amount returned (CEL)' }).fill('event.amountMinor')
    await page.getByRole('textbox', { name: 'Only returns where (CEL)' }).fill('event.amountMinor > 0')
    await problems.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    expect(saved()?.body).toMatchObject([
      {
        budget: 'packages',
        bestOf: 'top-ups',
        expiry: { after: 'earn', days: 14, endOf: 'day' },
        reference: 'event.channel',
        returns: {
          on: 'package.returned',
          where: 'event.amountMinor > 0',
          reference: 'event.orderId',
          amount: 'event.amountMinor',
        },
      },
    ])
    const other = await site.open('/loyalty/rules/topup-five-percent')
    await other.getByRole('textbox', { name: 'Best-of group' }).fill('top-ups')
    await other
      .getByText('Only the one that gives most for an event gives: this rule or A big top-up')
      .waitFor()
    await page.getByLabel('Its points').selectOption('kept')
    await page.getByLabel('Points expire').selectOption('programme')
    await group.fill('')
    await expect.poll(() => yaml(page).inputValue()).not.toMatch(/returns|reference|expiry|bestOf/)
  })

  it('says at the field what stands in the way, and nothing can be saved with a key that may only look', async () => {
    const page = await site.open('/loyalty/rules/big-topup')
    const where = page.getByRole('textbox', { name: 'Only where (CEL)' })
    await where.fill('event.amount >= 100')
    await page.getByRole('list', { name: 'What stands in the way of saving' }).waitFor()
    expect(await where.getAttribute('aria-invalid')).toBe('true')
    await page.close()
    const reading = await site.open('/loyalty/rules/big-topup', {}, server.readKey)
    await reading.getByRole('textbox', { name: 'Only where (CEL)' }).fill('event.amountMinor > 5')
    expect(await reading.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  })

  it('is tried on history: cost, winners, months, and why others got nothing', async () => {
    const page = await site.open('/loyalty/rules/topup-five-percent')
    await tryRule(page)
    const figure = (name: string) => page.getByTestId('trial').locator(`[data-figure=${name}] dd`)
    const points = Number((await figure('points').innerText()).replaceAll(/\D/g, ''))
    // A tenth of a rouble a point.
    expect(await figure('cost').innerText()).toBe(`₽${(points / 10).toFixed(2)}`)
    expect(await figure('winners').innerText()).toBe('14')
    await page.getByText('No points: the amount is too small for a point.').waitFor()
    const months = page.getByRole('table', { name: 'By month' }).getByRole('row')
    expect(await months.count()).toBe(10)
    await page
      .getByRole('table', { name: 'Who would win most?' })
      .getByRole('link', { name: '4', exact: true })
      .click()
    await page.getByRole('heading', { name: '4 · Bonus' }).waitFor()
  })
})

describe('a ladder and a quest', () => {
  it('show who stands where, and a tier more as it is written', async () => {
    const page = await site.open('/loyalty/ladders/metals')
    await page
      .locator('li[data-rung=bronze]')
      .getByText(/member/)
      .waitFor()
    await page.getByRole('button', { name: 'Add a tier' }).click()
    await page.locator('li[data-rung=tier-4]').getByText('from 2,400 points').waitFor()
    await page
      .getByText(/^tiers\.3\.name/)
      .first()
      .waitFor()
    await page.getByLabel('What counts').selectOption('tenure')
    const gold = page.locator('li[data-rung=gold]')
    await gold.getByText('after 24 months').waitFor()
    expect(await gold.count()).toBe(1)
  })

  it('count spend by several events, and name the purchase that a return takes back', async () => {
    const page = await site.open('/loyalty/ladders/spenders?draft=true', { colorScheme: 'dark' })
    await page.getByLabel('What counts').selectOption('spend')
    await page.getByText('This has to be filled in').first().waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Add a tier' }).click()
    await page.locator('li[data-rung=tier-2]').getByText('from ₽1,000.00').waitFor()
    await page.getByRole('textbox', { name: 'Currency' }).fill('usd')
    await page.locator('li[data-rung=tier-2]').getByText('from $1,000.00').waitFor()
    await page.getByRole('button', { name: 'Add an event' }).click()
    await page.getByRole('button', { name: 'Add a return' }).click()
    const types = page.getByLabel('Event type')
    await types.nth(0).selectOption('topup.received')
    await types.nth(1).selectOption('package.bought')
    await types.nth(2).selectOption('package.returned')
    const references = page.getByRole('textbox', { name: 'Order or payment id (CEL)' })
    await references.nth(2).fill('event.orderId')
    // The same empty words stand in several places, and in each they are written out.
    expect(await yaml(page).inputValue()).not.toContain('&a1')
    await page.getByText('a return that names its purchase needs').first().waitFor()
    await references.nth(1).fill('event.orderId')
    await page.getByRole('group', { name: 'Which spend counts' }).getByRole('button').first().click()
    await expect
      .poll(() => yaml(page).inputValue())
      .toMatch(
        /adds:\n +- on: package.bought\n +reference: event.orderId\n +takesBack:\n +- on: package.returned/,
      )
  })

  it('save a step that was added', async () => {
    const page = await site.open('/loyalty/parts/Quest/first-month')
    await page.getByRole('button', { name: 'Add a step' }).click()
    await page.getByLabel('Event type').last().selectOption('package.bought')
    await page.getByRole('textbox', { name: 'Reward, points' }).fill('175')
    for (const language of ['English', 'Russian', 'Ukrainian'])
      await page
        .getByRole('textbox', { name: `Name, ${language}` })
        .last()
        .fill('Three')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    expect(saved()?.body).toMatchObject([
      { reward: { points: '175' }, steps: [{}, {}, { id: 'step-3', reach: '1' }] },
    ])
  })
})

describe('a member', () => {
  it('is found by phone number, which stays out of the address, with every event explained', async () => {
    const page = await site.open('/loyalty/members')
    await page.getByRole('heading', { name: 'Whose points?' }).waitFor()
    const who = page.getByRole('textbox', { name: 'Phone number' })
    await who.fill('+7 900 000-00-10')
    await who.press('Enter')
    await page.getByRole('heading', { name: '1 · Bonus' }).waitFor()
    expect(page.url()).not.toContain('900')
    const small = page.locator('li[data-event="topup.received-74"]')
    await small.getByText('No points: the amount is too small for a point.').waitFor()
    const judged = small.locator('li[data-reason=rounds_to_zero]')
    await judged.getByText('What decided').click()
    await judged.getByText('amountMinor 900').waitFor()
    await small.locator('li[data-reason=condition_not_met]').waitFor()
    await page
      .locator('li[data-event=returned] li[data-given]')
      .getByText(/Points taken back for what was returned/)
      .waitFor()
    const before = await page.getByTestId('history').locator('> li').count()
    await page.getByRole('button', { name: 'Show older' }).click()
    await expect.poll(() => page.getByTestId('history').locator('> li').count()).toBeGreaterThan(before)
    await page.getByRole('radiogroup', { name: 'Programme' }).getByText('Cashback').click()
    await page.getByRole('heading', { name: '1 · Cashback' }).waitFor()
    await page.getByText('Points never expire.').waitFor()
  })

  it('is given points with a reason, once, and reads why', async () => {
    const page = await site.open('/loyalty/members?subscriber=2')
    const available = page.locator('[data-figure=available] dd')
    await available.waitFor()
    const before = Number((await available.innerText()).replaceAll(/\D/g, ''))
    await page.getByRole('button', { name: 'Correct points…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Give or take points by hand' })
    await dialog.getByLabel('Points').fill('2.5')
    await dialog.getByText('Not a number of points').waitFor()
    await dialog.getByLabel('Points').fill('25')
    await page.waitForTimeout(300)
    expect(await violations(page)).toEqual([])
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('a call that was cut off')
    await dialog.getByRole('button', { name: 'Give 25' }).click()
    await page.getByText('Points credited by hand: 25. Reason: a call that was cut off').waitFor()
    await expect
      .poll(async () => Number((await available.innerText()).replaceAll(/\D/g, '')))
      .toBe(before + 25)
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]!.body).toMatchObject({ programme: 'main', points: '25' })
  })

  it('is given a tier by hand with a reason, and it is taken back', async () => {
    const page = await site.open('/loyalty/members?subscriber=1')
    await page.getByRole('button', { name: 'Give a tier…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Give a tier by hand' })
    expect(await dialog.getByRole('button', { name: 'Give the tier' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Tier').selectOption('gold')
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('a long dispute')
    await dialog.getByLabel('Until, if it ends').fill('2027-01-01T00:00')
    await dialog.getByRole('button', { name: 'Give the tier' }).click()
    await page.getByText('By hand until 1 Jan 2027, 00:00: a long dispute').waitFor()
    await page.getByRole('button', { name: 'Give a tier…' }).click()
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('settled')
    await dialog.getByRole('button', { name: 'End what was given by hand' }).click()
    await page.getByText(/^By hand until/).waitFor({ state: 'detached' })
  })

  it('asks where the points of one purchase are, and reads what decided', async () => {
    const page = await site.open('/loyalty/members?subscriber=1')
    await page.getByRole('textbox', { name: 'Id of an event' }).fill('topup.received-74')
    await page.getByRole('button', { name: 'Explain' }).click()
    const explained = page.getByTestId('explained')
    await explained.getByText('No points: the amount is too small for a point.').waitFor()
    expect(await explained.locator('> li').count()).toBe(1)
    // What decided is open at once.
    expect(await explained.getByText('amountMinor 900').first().isVisible()).toBe(true)
    expect(new URL(page.url()).searchParams.get('event')).toBe('topup.received-74')
    await page.getByRole('textbox', { name: 'Id of an event' }).fill('never-came')
    await page.getByRole('button', { name: 'Explain' }).click()
    await page.getByText(/^No rule has judged an event “never-came” of this member/).waitFor()
    await page.getByRole('button', { name: 'All events' }).click()
    await page.getByTestId('history').waitFor()
  })

  it('has clubs, rounds, what was redeemed, and what is held', async () => {
    const page = await site.open('/loyalty/members?subscriber=1')
    await page
      .locator('li[data-club=gamers]')
      .getByText(/paid until 30 Apr 2026/)
      .waitFor()
    await page.locator('li[data-club=travel]').getByText('The club is for other members.').waitFor()
    await page.locator('li[data-achievement=saver]').getByText('Steel').waitFor()
    expect(await page.locator('li[data-round]').count()).toBe(4)
    await page
      .locator('li[data-redemption]', { hasText: 'A kettle' })
      .getByText('reserved', { exact: true })
      .waitFor()
    const greedy = await site.open('/loyalty/members?subscriber=14')
    const held = greedy.locator('li[data-case=open]')
    await held.getByText(/held [1-9]/).waitFor()
    await held.getByRole('link').click()
    await greedy.locator('li[data-reason=velocity_earned]').waitFor()
    const redeemer = await site.open('/loyalty/members?subscriber=3')
    const pharmacy = redeemer.locator('li[data-redemption]', { hasText: 'pharmacy' })
    await pharmacy.getByRole('button', { name: 'Refund…' }).click()
    await redeemer.getByRole('textbox', { name: 'Reason' }).fill('the shop was closed')
    await redeemer.getByRole('button', { name: 'Refund the points' }).click()
    await pharmacy.getByText('refunded', { exact: true }).waitFor()
  })

  it('cannot be changed with a key that may only look', async () => {
    const page = await site.open('/loyalty/members?subscriber=1', {}, server.readKey)
    for (const name of ['Correct points…', 'Give a tier…'])
      expect(await page.getByRole('button', { name }).isDisabled()).toBe(true)
  })
})

describe('the rewards', () => {
  it('say what is left, and codes that are added count at once', async () => {
    const page = await site.open('/loyalty/rewards')
    const cinema = page.locator('tr[data-reward=cinema]')
    await cinema.getByText('only 3').waitFor()
    expect(plain(await cinema.innerText())).toMatch(/^Cinema for two cinema Voucher 120 only 3 0 1/)
    await page.getByRole('button', { name: 'Add codes… cinema' }).click()
    await page.getByRole('textbox', { name: 'Codes' }).fill('D-1, D-2\nD-1 D-3')
    await page.waitForTimeout(300)
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Add codes: 3' }).click()
    await cinema.getByText('6', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Add pieces… kettle' }).click()
    await page.getByRole('textbox', { name: 'Pieces' }).fill('-1')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.locator('tr[data-reward=kettle]').getByText('2', { exact: true }).first().waitFor()
  })

  it('are listed page by page, as far back as somebody goes', async () => {
    server.rowsOfPage = 3
    const page = await site.open('/loyalty/rewards')
    const lines = page.locator('li[data-redemption]')
    await expect.poll(() => lines.count()).toBe(3)
    const [latest] = await lines.allInnerTexts()
    await page.getByRole('button', { name: 'Show older' }).click()
    await expect.poll(() => lines.count()).toBe(4)
    expect((await lines.allInnerTexts())[0]).toBe(latest)
    expect(await page.getByRole('button', { name: 'Show older' }).count()).toBe(0)
    // Of another programme's there is nothing, which is known at the end of the last page.
    server.rowsOfPage = 1
    const member = await site.open('/loyalty/members?subscriber=1&programme=cashback')
    const redeemed = member.locator('section', {
      has: member.getByRole('heading', { name: 'What did they redeem?' }),
    })
    await redeemed.getByText('Nothing yet.').waitFor()
  })

  it('are handed out, cancelled and refunded, each after a word about what that does', async () => {
    const page = await site.open('/loyalty/rewards')
    const line = (id: number) => page.locator('li[data-redemption]', { hasText: `Subscriber ${id} ` })
    await line(4).getByRole('button', { name: 'Handed out…' }).click()
    await page.getByRole('button', { name: 'Mark as handed out' }).click()
    await line(4).getByText('done', { exact: true }).waitFor()
    await line(1).getByRole('button', { name: 'Cancel…' }).click()
    const cancel = page.getByRole('button', { name: 'Cancel the redemption' })
    expect(await cancel.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'Reason' }).fill('the last one was broken')
    await cancel.click()
    await line(1).getByText('cancelled', { exact: true }).waitFor()
    await line(2).getByRole('button', { name: 'Refund…' }).click()
    await page.getByRole('textbox', { name: 'Reason' }).fill('the cinema was closed')
    await page.getByRole('button', { name: 'Refund the points' }).click()
    await line(2).getByText('refunded', { exact: true }).waitFor()
  })

  it('are written in a form whose field follows the kind of gift', async () => {
    const page = await site.open('/loyalty/rewards/pharmacy')
    await page.getByRole('textbox', { name: 'Partner' }).waitFor()
    await page.getByRole('combobox', { name: 'Gives' }).selectOption('product')
    await page.getByRole('textbox', { name: 'Product of the operator' }).fill('roaming-day')
    await expect.poll(() => yaml(page).inputValue()).toContain('id: roaming-day')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    expect(saved()?.body).toMatchObject([{ gives: { product: { id: 'roaming-day' } } }])
  })
})

describe('the review queue', () => {
  it('shows the signs of a case with what was seen, and a false alarm is undone with one press', async () => {
    const page = await site.open('/loyalty/review')
    await page.locator('li[data-reason=velocity_earned]').waitFor()
    await page.getByRole('table', { name: 'What the member lately did' }).waitFor()
    const release = page.getByRole('button', { name: 'False alarm: release' })
    const reading = await site.open('/loyalty/review', {}, server.readKey)
    await reading.getByRole('button', { name: 'False alarm: release' }).waitFor()
    expect(await reading.getByRole('button', { name: 'False alarm: release' }).isDisabled()).toBe(true)
    await reading.close()
    await page.getByRole('button', { name: 'Confirm abuse…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm the abuse' })
    expect(await dialog.getByRole('button', { name: 'Confirm the abuse' }).isDisabled()).toBe(true)
    await page.waitForTimeout(300)
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    expect(server.asked).toEqual([])
    await release.click()
    await page.getByText('Nothing to review').waitFor()
    await page.getByText('False alarms', { exact: true }).click()
    await page.getByText(/^Released as a false alarm/).waitFor()
  })
})

describe('the liability', () => {
  it('adds up to nothing, and every picture is a table too', async () => {
    const page = await site.open('/loyalty/liability')
    await server.run()
    await page.reload()
    await page.getByText('All figures agree with the ledger to the unit').waitFor()
    const owed = await page.locator('[data-figure=owed] dd').innerText()
    const sum = page.getByRole('table', { name: 'Does it add up?' }).getByRole('row').last()
    expect(plain(await sum.innerText())).toBe('Sum 0')
    const titles = [
      'How old is what is owed?',
      'When does it expire?',
      'What was given, and what became of it?',
      'What does it cost?',
    ]
    for (const title of titles) {
      await page.getByRole('button', { name: `As a table: ${title}` }).click()
      await page.getByRole('table', { name: title }).waitFor()
    }
    const last = page
      .getByRole('table', { name: 'What was given, and what became of it?' })
      .getByRole('row')
      .last()
    expect(plain(await last.innerText())).toMatch(new RegExp(` ${owed}$`))
    expect(new URL(page.url()).searchParams.get('table')).toBe('owedByAge,owedByExpiry,flows,cost')
    await page.getByRole('radiogroup', { name: 'Programme' }).getByText('Cashback').click()
    await page.getByText('Apply a document PointCost with the id “cashback” to see money.').waitFor()
  })
})

looksWell(() => site, {
  name: 'loyalty',
  places: PLACES,
  prepare: (page, name) => (name === 'rule' ? tryRule(page) : Promise.resolve()),
  shown: ['member-desktop', 'liability-desktop'],
})
