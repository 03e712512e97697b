import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { Console, textOf } from './console.ts'
import { TriggersServer, usage } from './triggers-server.ts'

/* The triggers' pages on the real modules: what one sends, another sees. How the pages look is tested elsewhere. */

let server: TriggersServer
let site: Console

beforeAll(async () => {
  server = await TriggersServer.start()
  site = await Console.start((call) => server.answer(call), server.key)
})
afterAll(async () => {
  await site?.stop()
  await server?.stop()
})
afterEach(async () => {
  await site.closePages()
})

const OTHER = 'msisdn:+380671234568'

it('shows events as they come, and the rule that fires for them', async () => {
  const page = await site.open('/triggers')
  await page.getByText('No event has come since the server started.').first().waitFor()
  await server.post('/v1/events', [usage('a', 60_000, 60), usage('b', 30_000, 55), usage('b', 30_000, 55)])
  const row = page.locator('tr[data-rule=heavy-day]')
  await row.locator('td[data-figure=today]', { hasText: /1$/ }).waitFor()
  await page.locator('[data-figure=duplicates] dd').getByText('1', { exact: true }).waitFor()
  expect(await page.getByRole('table', { name: 'What came last?' }).innerText()).toContain('usage.recorded')
  expect(await textOf(page)).not.toContain('38067')
  await row.getByRole('link').click()
  await page.getByTestId('firings').getByRole('link').click()
  const explanation = page.getByTestId('explanation')
  await explanation.waitFor()
  expect(await explanation.innerText()).toContain('usage.recorded')
  expect(site.faults).toEqual([])
})

it('explains a subscriber by phone number, and tries the rule with changes', async () => {
  const page = await site.open('/triggers/heavy-day')
  const who = page.getByRole('textbox', { name: 'Phone number' })
  await who.fill('msisdn:+380671234567')
  await who.press('Enter')
  await page.getByTestId('explanation').waitFor()
  await who.fill('msisdn:+380670000000')
  await who.press('Enter')
  await page.getByText('no subscriber has this identity').waitFor()
  await page.getByRole('button', { name: 'Change the rule for the trial' }).click()
  const text = page.getByRole('textbox', { name: 'What does the rule say?' })
  await text.fill((await text.inputValue()).replace('reaches: 100', 'reaches: 1000'))
  await page.getByLabel('To', { exact: true }).fill('2100-01-01T00:00')
  await page.getByRole('button', { name: 'Try', exact: true }).click()
  await page.getByText('0 firings for 0 subscribers').waitFor()
  await page.getByRole('button', { name: 'Try the rule as it is' }).click()
  await page.getByRole('button', { name: 'Try', exact: true }).click()
  await page.getByText('1 firing for 1 subscriber').waitFor()
  expect(site.faults).toEqual([])
})

it('pauses a rule, which then does not fire, and resumes it', async () => {
  const page = await site.open('/triggers/heavy-day')
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Pause the rule' }).click()
  await page.getByText(/Paused since/).waitFor()
  await server.post('/v1/events', [usage('c', -1_000, 200, OTHER)])
  await page.locator('[data-fact=behind] dd').getByText('0', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('The rule runs again.').waitFor()
  expect(await page.locator('[data-fact=firings] dd').innerText()).toBe('1')
})

it('mends a dead letter, whose event then counts', async () => {
  await server.post('/v1/events', [
    usage('d', -5_000, 'a lot', OTHER),
    { ...usage('e', 0, 1), time: 'yesterday' },
  ])
  const page = await site.open('/dead-letters')
  await page.getByRole('link', { name: 'Data does not fit the event type 1' }).click()
  await page.locator('main li button').first().click()
  const text = page.getByRole('textbox', { name: 'The event as JSON' })
  expect(await page.locator('mark').innerText()).toBe('"volumeMb": "a lot"')
  await text.fill((await text.inputValue()).replace('"a lot"', '-1'))
  await page.getByRole('button', { name: 'Replay as mended' }).click()
  await page.getByText('Refused again').waitFor()
  await text.fill((await text.inputValue()).replace('-1\n', '5\n'))
  await page.getByRole('button', { name: 'Replay as mended' }).click()
  await page.getByText('The event was accepted.').waitFor()
  await page.getByRole('link', { name: 'All reasons 1' }).click()
  await page.getByRole('button', { name: 'Discard all 1…' }).click()
  await page.getByRole('button', { name: 'Discard', exact: true }).click()
  await page.getByRole('heading', { name: 'No event waits here' }).waitFor()
  expect(site.faults).toEqual([])
})
