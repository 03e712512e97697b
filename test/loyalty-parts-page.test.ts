import { describe, expect, it } from 'vitest'
import { looksWell } from './console-looks.ts'
import { save, saved, server, site, useLoyaltyConsole, yaml } from './loyalty-console.ts'

useLoyaltyConsole()

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')

describe('a part of a programme', () => {
  it('is begun on its programme, drawn while it is written, and saved', async () => {
    const page = await site.open('/loyalty/programmes/main')
    await page.locator('ul[data-group=games] li[data-part="Wheel/fortune"]').waitFor()
    await page.getByRole('button', { name: 'New…' }).first().click()
    await page.getByLabel('What is it?').selectOption('Achievement')
    await page.getByRole('textbox', { name: 'Id' }).fill('walker')
    await page.getByRole('button', { name: 'Write it' }).click()
    await page.getByRole('heading', { name: 'Achievement', level: 1 }).waitFor()
    await page.getByLabel('Event type').selectOption('package.bought')
    await page.getByRole('button', { name: 'Add a level' }).click()
    const levels = page.getByRole('group', { name: 'Levels' })
    await levels.getByRole('textbox', { name: 'From' }).last().fill('25')
    for (const language of ['English', 'Russian', 'Ukrainian'])
      for (const field of await page.getByRole('textbox', { name: `Name, ${language}` }).all())
        await field.fill('Walker')
    await page.locator('li[data-rung="2"]').getByText('from 25').waitFor()
    await page.getByRole('textbox', { name: 'Reward, points' }).last().fill('70')
    await page.locator('li[data-rung="2"]').getByText('70 points').waitFor()
    await save(page)
    expect(saved()?.body).toMatchObject([
      {
        kind: 'Achievement',
        id: 'walker',
        programme: 'main',
        on: 'package.bought',
        levels: [{ at: '1' }, { at: '25', reward: { points: '70' } }],
      },
    ])
  })

  it('is tried on history as it is written: whom it would have given how much', async () => {
    const page = await site.open('/loyalty/parts/Achievement/saver')
    await page.getByRole('textbox', { name: 'Reward, points' }).first().fill('7')
    await page.getByLabel('From', { exact: true }).last().fill('2025-07-01T00:00')
    await page.getByRole('button', { name: 'Try', exact: true }).click()
    const trial = page.getByTestId('trial')
    await trial.getByText('A new level of the achievement is reached.').first().waitFor()
    const figure = async (name: string) => Number(await trial.locator(`[data-figure=${name}] dd`).innerText())
    // Copper alone gives points to whom the history led so far.
    expect(await figure('points')).toBe(7 * (await figure('winners')))
    const asked = server.asked.find(({ path }) => path === '/v1/loyalty/play/try')
    expect(asked?.body).toMatchObject({ document: { levels: [{ reward: { points: '7' } }, {}, {}] } })
  })

  it('changes its form with what is chosen, and takes what is written as YAML', async () => {
    const page = await site.open('/loyalty/parts/Club/travel')
    await page.getByRole('combobox', { name: 'Fee' }).selectOption('points')
    await page.getByRole('textbox', { name: 'For months' }).fill('12')
    await expect.poll(() => yaml(page).inputValue()).toMatch(/fee:\n {2}points: "100"\n {2}months: 12/)
    await page.getByRole('combobox', { name: 'Fee' }).selectOption('moneyByEvent')
    expect(await page.getByRole('textbox', { name: 'For months' }).inputValue()).toBe('12')
    const text = await yaml(page).inputValue()
    await yaml(page).fill(text.replace(/fee:\n( {2}.*\n?)+/, 'validTo: 2031-01-01T00:00:00Z\n'))
    await expect.poll(() => page.getByRole('combobox', { name: 'Fee' }).inputValue()).toBe('free')
    expect(await page.getByLabel('Holds until').inputValue()).toBe('2031-01-01T03:00')
    await page.getByRole('textbox', { name: 'Only for (CEL)' }).fill('member.balance > 5')
    await page.getByRole('list', { name: 'What stands in the way of saving' }).waitFor()
    const reading = await site.open('/loyalty/parts/Club/travel', {}, server.readKey)
    await reading.getByRole('textbox', { name: 'Name, English' }).fill('Other')
    expect(await reading.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  })

  it('says what undoes a reward, by one word or by an event', async () => {
    const page = await site.open('/loyalty/parts/Referral/friends')
    const undoneBy = page.getByRole('combobox', { name: 'Undone by' })
    await undoneBy.selectOption('nothingUndoes')
    await expect.poll(() => yaml(page).inputValue()).toContain('undoneBy: nothing')
    await undoneBy.selectOption('anEvent')
    await page.getByLabel('Event type').last().selectOption('package.returned')
    await page.getByRole('textbox', { name: 'Reward waits, days' }).fill('30')
    await expect
      .poll(() => yaml(page).inputValue())
      .toMatch(/undoneBy:\n +on: package.returned\n +withinDays: 30/)
    await undoneBy.selectOption('notSaid')
    await expect.poll(() => yaml(page).inputValue()).not.toContain('undoneBy')
  })

  it('that is there once a programme leads to its editor before it is written', async () => {
    const page = await site.open('/loyalty/programmes/cashback')
    await page.getByRole('link', { name: 'Price of a point' }).click()
    await page.getByRole('textbox', { name: 'Money for a point' }).fill('1')
    await save(page)
    expect(saved()?.body).toEqual([{ kind: 'PointCost', id: 'cashback', currency: 'RUB', perPoint: '1' }])
    await page.getByRole('link', { name: 'Programme cashback' }).click()
    await page.locator('li[data-part="PointCost/cashback"]').waitFor()
    await (await site.open('/loyalty/parts/Nothing/x')).getByText('There is no such page').waitFor()
  })

  it('says what moving would do before it moves, and what became of each account', async () => {
    const page = await site.open('/loyalty/parts/ProgrammeMigration/all-to-cashback')
    await page.getByRole('button', { name: 'See what it would do' }).click()
    await page
      .getByTestId('migrated')
      .getByText(/^1[45] accounts: [\d,]+ would become/)
      .waitFor()
    await page.getByText('Nothing was moved yet.').waitFor()
    expect(server.asked.map(({ body }) => body)).toEqual([{ dryRun: true }])
  })
})

describe('what is drawn', () => {
  it('is a wheel by its weights', async () => {
    const page = await site.open('/loyalty/parts/Wheel/fortune')
    const odds = async (): Promise<string> =>
      plain(await page.getByRole('table', { name: 'What are the odds?' }).innerText())
    await expect.poll(odds).toContain('Nothing 60.0% 1.7 — no limit')
    await page.getByRole('textbox', { name: 'Weight' }).first().fill('160')
    await expect.poll(odds).toContain('Nothing 80.0% 1.3')
    const piece = page.locator('circle[data-prize=nothing]')
    await expect.poll(() => piece.getAttribute('stroke-dasharray')).toMatch(/^0\.79/)
  })

  it('is an exchange with what an amount comes to and what waits on the clearing accounts', async () => {
    const page = await site.open('/loyalty/exchange')
    const flow = page.locator('[data-exchange=to-coins]')
    await flow.getByText('Rate 1 : 2.5').waitFor()
    await expect.poll(() => flow.locator('[data-figure=clearing]').allInnerTexts()).toEqual(['+40', '−97'])
    await flow.getByRole('textbox').fill('10')
    // 10 points at 2.5 less 3 %, rounded down to a tenth.
    await flow.getByText('= 24.2').waitFor()
    await page.getByText('1 exchange so far: 40 points').waitFor()
  })

  it('is a scale of scores, with what each sign adds', async () => {
    const page = await site.open('/loyalty/parts/AbusePolicy/main')
    await page.locator('li[data-level=refuse]').getByText('from 90').waitFor()
    await page.getByRole('textbox', { name: 'Spending is refused from' }).fill('')
    await page.locator('li[data-level=refuse]').waitFor({ state: 'detached' })
    const signs = page.getByRole('table', { name: 'Signs and their scores' }).getByRole('row')
    expect(plain(await signs.nth(1).innerText())).toMatch(/^Too much at once: earned.* 60$/)
  })
})

describe('what came of it', () => {
  it('is a board that members see, and who is in a club', async () => {
    const board = await site.open('/loyalty/parts/Leaderboard/top-ups')
    const rows = board.getByRole('table', { name: 'Who leads?' }).getByRole('row')
    await expect.poll(() => rows.count()).toBe(11)
    expect(await rows.nth(1).innerText()).toMatch(/^1\. #\w{7}\s+[\d,]+$/)
    const club = await site.open('/loyalty/parts/Club/gamers')
    const members = club.getByTestId('club-members').locator('> li')
    await expect.poll(() => members.count()).toBe(2)
    await club.getByText('Left 1').click()
    await expect.poll(() => members.allInnerTexts()).toMatchObject([expect.stringMatching(/^Subscriber 3/)])
    const friends = await site.open('/loyalty/parts/Referral/friends')
    await friends.getByRole('list', { name: 'Rewards' }).getByText('300 points').waitFor()
  })

  it('is what invitations gave and which codes gave nothing, each list page by page', async () => {
    server.rowsOfPage = 1
    const page = await site.open('/loyalty/parts/Referral/friends')
    for (const name of ['Rewards', 'Refused codes']) {
      const lines = page.getByRole('list', { name }).getByRole('listitem')
      await lines.first().waitFor()
      // One event pays both sides, and both are there in the end.
      const seen = new Set(await lines.allInnerTexts())
      expect(seen.size).toBe(1)
      await page.getByRole('list', { name }).locator('..').getByRole('button', { name: 'Show older' }).click()
      await expect.poll(() => lines.count()).toBe(2)
      for (const line of await lines.allInnerTexts()) seen.add(line)
      expect(seen.size).toBe(2)
    }
  })

  it('is a round that this browser computes anew, and one whose seed is not told yet', async () => {
    const page = await site.open('/loyalty/parts/Wheel/fortune')
    const finished = page.locator('li[data-round]', { hasText: 'Fair' }).first()
    await finished.getByRole('link').click()
    await page.locator('[data-testid=verdict][data-fair=true]').waitFor()
    await page.getByText('Fair: computed anew in this browser').waitFor()
    await page.getByText('my seed 2').waitFor()
    expect(await page.locator('li[data-right=true]').count()).toBe(2)
    await page.goBack()
    await page.locator('li[data-round]', { hasText: 'Hash told' }).getByRole('link').click()
    await page.getByText('not told before the round is over').waitFor()
    expect(await page.getByTestId('verdict').count()).toBe(0)
    await page.getByRole('textbox', { name: 'Number of the round' }).fill(crypto.randomUUID())
    await page.getByRole('button', { name: 'Check' }).click()
    await page.getByRole('alert').waitFor()
  })
})

describe('the webhooks', () => {
  it('tell a secret once, and never again', async () => {
    const page = await site.open('/webhooks')
    await page.getByRole('button', { name: 'New webhook' }).click()
    await page.getByRole('textbox', { name: 'Id' }).fill('bank')
    await page.getByRole('button', { name: 'Write it' }).click()
    const told = page.getByTestId('secret')
    const first = await told.innerText()
    expect(first).toMatch(/^whsec_[\w+/]{43}=$/)
    await page.getByRole('textbox', { name: 'Address' }).fill('https://bank.example/points')
    await save(page)
    expect(saved()?.body).toMatchObject([{ kind: 'Webhook', secret: first, types: ['loyalty.*'] }])
    await page.getByText('The secret is kept; nobody can read it.').waitFor()
    expect(await page.content()).not.toContain(first)
    await page.getByRole('button', { name: 'Change the secret…' }).click()
    await page.getByRole('button', { name: 'Make a new secret' }).click()
    await told.waitFor()
    expect(await told.innerText()).not.toBe(first)
    await page.getByRole('button', { name: 'End the former one' }).click()
    await save(page)
    expect(saved()?.body).toEqual([expect.not.objectContaining({ formerSecret: expect.anything() })])
    await page.reload()
    await page.getByText('The secret is kept; nobody can read it.').waitFor()
  })

  it('show what was not taken with its attempts, and send it when somebody asks', async () => {
    const page = await site.open('/webhooks')
    await page.locator('tr[data-webhook=warehouse]').getByText('off').waitFor()
    await page.locator('tr[data-webhook=crm]').getByRole('link').click()
    const letters = page.getByTestId('letters').locator('> li')
    await expect.poll(() => letters.count()).toBe(7)
    const failed = letters.filter({ hasText: 'http 503' }).first()
    await failed.getByText(/[1-9] attempt/).waitFor()
    const reading = await site.open('/webhooks/crm', {}, server.readKey)
    await reading.getByTestId('letters').waitFor()
    expect(await reading.getByRole('button', { name: 'Send now' }).first().isDisabled()).toBe(true)
    await reading.close()
    server.letReceiverTake()
    await page.getByRole('button', { name: 'Send all now…' }).click()
    await page.getByText('7 events are sent at once, in their order.').waitFor()
    await page.getByRole('button', { name: 'Send all now', exact: true }).click()
    await page.getByText('Nothing waits.').waitFor()
    expect(server.asked.at(-1)).toMatchObject({
      path: '/v1/webhooks/crm/letters/retry',
      body: { state: 'waiting' },
    })
  })
})

looksWell(() => site, {
  name: 'loyalty',
  places: {
    streak: '/loyalty/parts/Streak/weekly',
    achievement: '/loyalty/parts/Achievement/saver',
    board: '/loyalty/parts/Leaderboard/top-ups',
    badge: '/loyalty/parts/Badge/steady',
    wheel: '/loyalty/parts/Wheel/fortune',
    quiz: '/loyalty/parts/Quiz/capitals',
    doors: '/loyalty/parts/BotGame/doors',
    referral: '/loyalty/parts/Referral/friends',
    clubs: '/loyalty/clubs',
    club: '/loyalty/parts/Club/gamers',
    exchanges: '/loyalty/exchange',
    exchange: '/loyalty/parts/Exchange/to-coins',
    transfers: '/loyalty/parts/TransferTerms/main',
    migration: '/loyalty/parts/ProgrammeMigration/all-to-cashback',
    abuse: '/loyalty/parts/AbusePolicy/main',
    cost: '/loyalty/parts/PointCost/main',
    rounds: '/loyalty/rounds',
    round: () => `/loyalty/rounds?round=${server.finishedRoundId}`,
    webhooks: '/webhooks',
    webhook: '/webhooks/crm',
    'webhook-new': '/webhooks/shop?draft=true',
  },
})
