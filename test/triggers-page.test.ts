import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Console, settled, textOf, violations } from './console.ts'
import { looksWell } from './console-looks.ts'
import { KEY, TriggersFixture } from './triggers-fixture.ts'

let site: Console
let server = new TriggersFixture()

beforeAll(async () => {
  site = await Console.start((call) => server.answer(call), KEY)
})
afterAll(() => site?.stop())
beforeEach(() => {
  server = new TriggersFixture()
  site.faults.length = 0
})
afterEach(async () => {
  await site.closePages()
  if (site.faults.length > 0) throw new Error(site.faults.join('\n'))
})

const RULE = '/triggers/package-exhausted'

const command = (path: string) => server.asked.find((one) => one.path.endsWith(path))

describe('the triggers', () => {
  it('show what happens now: the rate, what came last, and the rules', async () => {
    const page = await site.open('/triggers')
    await settled(page)
    await page.waitForFunction('document.querySelectorAll("main [role=img] svg path").length > 3')
    const rate = page.locator('[data-figure=rate] dd')
    await rate.getByText(/^[\d,]+\/s$/).waitFor()
    const first = await page.locator('[data-figure=events] dd').innerText()
    await page.waitForFunction(
      `document.querySelector('[data-figure=events] dd').innerText !== ${JSON.stringify(first)}`,
    )
    const text = await textOf(page)
    expect(text).toContain('Events are coming')
    expect(text).toMatch(/usage\.recorded [\d,]+\/s/)
    expect(text).toContain('Figures up to 30 Mar 2026, 18:42 (Europe/Moscow)')
    const row = page.locator('tr[data-rule=package-exhausted]')
    expect((await row.innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /The data package is used up package-exhausted one event Running [\d,]+ 48,211 12 3 30 Mar, 18:42/,
    )
    expect(await page.locator('tr[data-rule=order-abandoned]').innerText()).toContain('Problem')
    expect(text).not.toMatch(/NaN|Infinity|undefined|\[object|\{\{/)
  })

  it('find a rule, keep the search in the address, and come back to it', async () => {
    const page = await site.open('/triggers')
    await page.locator('tr[data-rule]').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('roam')
    await page.waitForFunction('document.querySelectorAll("tr[data-rule]").length === 1')
    expect(new URL(page.url()).searchParams.get('q')).toBe('roam')
    await page.getByRole('link', { name: 'More than 500 MB while roaming' }).click()
    await page.getByRole('heading', { name: 'When did it fire?' }).waitFor()
    expect(await textOf(page)).toContain('it fired more than 20,000 times in an hour')
    await page.goBack()
    await page.waitForFunction('document.querySelectorAll("tr[data-rule]").length === 1')
    await page.getByRole('textbox', { name: 'Search rules' }).fill('nothing like it')
    await page.getByText('No rule fits the search.').waitFor()
  })

  it('keep the last figures when the connection is lost, and go on when it is back', async () => {
    const page = await site.open('/triggers')
    await settled(page)
    server.failing = true
    await page.getByText(/Connection lost. Last figures from \d\d:\d\d:\d\d/).waitFor()
    await page.locator('tr[data-rule=birthday-week]').waitFor()
    server.failing = false
    await page.getByText('Connection lost').waitFor({ state: 'detached' })
    expect(await page.locator('tr[data-rule]').count()).toBe(server.rules.length)
  })

  it('say what to do while there is no rule', async () => {
    server.rules = []
    const page = await site.open('/triggers')
    await page.getByRole('heading', { name: 'No rule yet' }).waitFor()
    expect(await violations(page)).toEqual([])
  })
})

describe('one rule', () => {
  it('is paused after a word about what will happen, and the pause can be undone', async () => {
    const page = await site.open(RULE)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('What would have fired meanwhile is not made up for.').waitFor()
    expect(command('/pause')).toBeUndefined()
    await page.getByRole('button', { name: 'Pause the rule' }).click()
    await page.getByText('The rule is paused.').waitFor()
    await page.getByText(/Paused since 30 Mar 2026/).waitFor()
    expect(server.rules[0]!.pause).not.toBeNull()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('The rule runs again.').waitFor()
    expect(server.rules[0]!.pause).toBeNull()
  })

  it('cannot be paused with a key that only reads', async () => {
    server.role = 'read'
    const page = await site.open(RULE)
    expect(await page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true)
  })

  it('shows its firings by hour and by day, as a picture and as a table, and its text', async () => {
    const page = await site.open(RULE)
    await settled(page)
    await page.getByText('Firings an hour, the last 48 hours').waitFor()
    await page.getByText('Day', { exact: true }).click()
    await page.getByText('Firings a day, the last 30 days').waitFor()
    await page.getByRole('button', { name: 'As a table: When did it fire?' }).click()
    await page.getByRole('rowheader', { name: '30 Mar', exact: true }).waitFor()
    expect(new URL(page.url()).search).toContain('unit=day')
    expect(await page.locator('pre').first().innerText()).toContain('cooldown: PT24H')
  })

  it('explains itself for a subscriber of the list, and for a phone number that stays out of the address', async () => {
    const page = await site.open(RULE)
    await page.getByTestId('firings').first().getByRole('link').first().click()
    const answer = page.getByTestId('explanation')
    await answer.getByText('Too soon after the last firing').waitFor()
    expect(await answer.innerText()).toContain('the cool-down of PT24H ends')
    expect(new URL(page.url()).searchParams.get('subscriber')).toBe('10482')
    const who = page.getByRole('textbox', { name: 'Phone number' })
    await who.fill('+7 900 000-00-17')
    await who.press('Enter')
    await page.waitForFunction('!location.search.includes("subscriber")')
    await answer.getByText('Too soon').waitFor()
    expect(page.url()).not.toContain('900')
    await who.fill('nobody')
    await who.press('Enter')
    await page.getByText('no such subscriber').waitFor()
  })

  it('is tried on history, as it is and with changes, and says so while it reads', async () => {
    const reading = Promise.withResolvers<void>()
    server.trial = reading.promise
    const page = await site.open(RULE)
    await page.getByRole('button', { name: 'Try', exact: true }).click()
    await page.getByText(/Reading the log: [1-9]\d*s/).waitFor()
    reading.resolve()
    const trial = page.getByTestId('trial')
    await trial.getByText('1,231 firings for 1,104 subscribers').waitFor()
    expect(await trial.innerText()).toContain('8,402,113 events read, 51,220 of them seen')
    expect(command('/try')!.body).toMatchObject({
      trigger: { id: 'package-exhausted', cooldown: 'PT24H' },
      from: '2026-03-23T15:42:00.000Z',
      to: '2026-03-30T15:42:00.000Z',
    })
    server.asked.length = 0
    await page.getByRole('button', { name: 'Change the rule for the trial' }).click()
    const text = page.getByRole('textbox', { name: 'What does the rule say?' })
    await text.fill((await text.inputValue()).replace('PT24H', 'PT1H'))
    await page.getByRole('button', { name: 'Try', exact: true }).click()
    await page.waitForFunction('!document.querySelector("[data-loading=true]")')
    await trial.waitFor()
    expect(command('/try')!.body).toMatchObject({ trigger: { cooldown: 'PT1H' } })
    await text.fill('kind: [')
    await page.getByRole('button', { name: 'Try', exact: true }).click()
    await page.getByText('The text is no YAML document').waitFor()
  })

  it('says so when it does not exist', async () => {
    const page = await site.open('/triggers/nothing')
    await page.getByText('There is no rule “nothing”.').waitFor()
    expect(await page.getByRole('link', { name: 'To the triggers' }).getAttribute('href')).toBe('/triggers')
  })
})

describe('the dead letters', () => {
  it('are listed by reason, and each says what is wrong and where', async () => {
    const page = await site.open('/dead-letters')
    await page.getByRole('link', { name: 'Data does not fit the event type 2' }).click()
    await page.waitForFunction('document.querySelectorAll("main li button").length === 2')
    expect(new URL(page.url()).searchParams.get('code')).toBe('event_data_invalid')
    await page.locator('main li button').first().click()
    const letter = page.getByRole('article')
    await letter.getByRole('heading', { name: 'Data does not fit the event type' }).waitFor()
    expect((await letter.innerText()).replaceAll(/\s+/g, ' ')).toContain(
      'Field data.volumeMb Found -3 Expected number ≥ 0',
    )
    expect(await letter.locator('mark').innerText()).toBe('"volumeMb": -3')
  })

  it('are mended and replayed; what is still refused says its new reason', async () => {
    const page = await site.open('/dead-letters?letter=0198a000-0000-7000-8000-000000000001')
    const text = page.getByRole('textbox', { name: 'The event as JSON' })
    const came = await text.inputValue()
    await text.fill('{"data":')
    await page.getByText('This is no JSON').waitFor()
    expect(await page.getByRole('button', { name: 'Replay as mended' }).isDisabled()).toBe(true)
    await text.fill(came.replace(': -3', ': 3').replace(/,\s*"productId": "data-500"/, ''))
    await page.getByRole('button', { name: 'Replay as mended' }).click()
    await page.getByText('Refused again').waitFor()
    await page.getByText('data.productId is missing; what it belongs to is marked.').waitFor()
    await text.fill(came.replace(': -3', ': 3'))
    await page.getByRole('button', { name: 'Replay as mended' }).click()
    await page.getByText('The event was accepted.').waitFor()
    expect(server.letters[0]!.state).toBe('replayed')
    await page.waitForFunction('document.querySelectorAll("main li button").length === 4')
  })

  it('are replayed and discarded by reason, after a question that says how many', async () => {
    const page = await site.open('/dead-letters?code=event_data_invalid')
    await page.getByRole('button', { name: 'Replay all 2…' }).click()
    await page.getByRole('dialog', { name: 'Replay 2 events?' }).waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Replay', exact: true }).click()
    await page.getByText('Accepted: 0, accepted before: 0, still refused: 2.').waitFor()
    expect(command('/replay')!.body).toMatchObject({ ids: [expect.any(String), expect.any(String)] })
    await page.getByRole('button', { name: 'Discard all 2…' }).click()
    await page.getByRole('dialog', { name: 'Discard 2 events?' }).waitFor()
    await page.waitForTimeout(300)
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Discard', exact: true }).click()
    await page.getByText('Discarded: 2.').waitFor()
    expect(server.letters.filter(({ state }) => state === 'discarded')).toHaveLength(2)
  })

  it('are gone when all are settled, and the settled ones can still be read', async () => {
    for (const letter of server.letters) letter.state = 'discarded'
    const page = await site.open('/dead-letters')
    await page.getByRole('heading', { name: 'No event waits here' }).waitFor()
    await page.getByText('Discarded', { exact: true }).click()
    await page.locator('main li button').first().click()
    expect(
      await page.getByRole('textbox', { name: 'The event as JSON' }).getAttribute('readonly'),
    ).not.toBeNull()
    expect(await page.getByRole('button', { name: 'Replay as it is' }).count()).toBe(0)
  })
})

looksWell(() => site, {
  name: 'triggers',
  places: {
    triggers: '/triggers',
    trigger: `${RULE}?subscriber=10482`,
    'dead-letters': '/dead-letters',
    'dead-letter': '/dead-letters?letter=0198a000-0000-7000-8000-000000000001',
  },
  // The line of the stream takes time to become one.
  pose: (page, name) => (name === 'triggers' ? page.waitForTimeout(20_000) : Promise.resolve()),
})
