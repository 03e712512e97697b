import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Console, LANGUAGES, settled, textOf, violations } from './console.ts'
import { looksWell } from './console-looks.ts'
import { messageIdOf } from './messages-fixture.ts'
import { MessagesServer } from './messages-server.ts'

let site: Console
let server: MessagesServer

beforeAll(async () => {
  server = await MessagesServer.start()
  site = await Console.start(server.answer, server.key)
})
afterAll(async () => {
  await site?.stop()
  await server?.stop()
})
beforeEach(() => {
  server.asked.length = 0
  server.failing = false
  site.faults.length = 0
})
afterEach(async () => {
  await site.closePages()
  if (site.faults.length > 0) throw new Error(site.faults.join('\n'))
})

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')
const command = (path: string) => server.asked.findLast((one) => one.path === path)

describe('the templates', () => {
  it('are found by their words and their channel, with the search in the address', async () => {
    const page = await site.open('/messages/templates')
    await page.locator('tr[data-template]').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('выходные')
    await page.waitForFunction('document.querySelectorAll("tr[data-template]").length === 8')
    await page.getByLabel('Channel').selectOption('viber')
    await page.waitForFunction('document.querySelectorAll("tr[data-template]").length === 1')
    expect(new URL(page.url()).searchParams.get('channel')).toBe('viber')
    await page.getByRole('link', { name: 'weekend-viber' }).click()
    await page.getByRole('heading', { name: 'weekend-viber' }).waitFor()
    await page.goBack()
    await page.waitForFunction('document.querySelectorAll("tr[data-template]").length === 1')
  })

  it('say which language is missing, and what the cascades are that use them', async () => {
    const page = await site.open('/messages/templates')
    const row = page.locator('tr[data-template=package-used-up-dstk]')
    await row.waitFor()
    expect(plain(await row.innerText())).toContain('Ukrainian (missing)')
    // What uses a template is asked for beside the list, and may come after it.
    const used = page.locator('tr[data-template=package-used-up-sms]')
    await expect
      .poll(async () => plain(await used.innerText()), { timeout: 10_000 })
      .toMatch(/ 2 30 Mar 2026/)
  })
})

describe('one template', () => {
  it('is shown as its words change: parts, alphabet and price, and what costs', async () => {
    const page = await site.open('/messages/templates/package-used-up-sms')
    const fact = (name: string) => page.locator(`[data-fact=${name}] dd`)
    await page.waitForFunction('document.querySelector("[data-fact=alphabet] dd")?.innerText === "GSM-7"')
    expect(await fact('price').innerText()).toBe('₽1.10')
    const phone = page.getByRole('figure', { name: 'A phone with the message: SMS' })
    expect(await phone.innerText()).toContain('500 MB for 50 rub: *111*500#')
    const text = page.getByRole('textbox', { name: 'Text' })
    await text.fill('Data at half price 🎉 {{ items.size }}')
    await page.getByText(/An emoji makes the whole SMS UCS-2/).waitFor()
    await page.waitForFunction('document.querySelector("[data-fact=alphabet] dd")?.innerText === "UCS-2"')
    expect(await phone.innerText()).toContain('Data at half price 🎉 2')
    await text.fill('Hello {{ nobody }}')
    await page.getByText('no variable "nobody" is declared').first().waitFor()
    expect(await page.getByRole('button', { name: 'Send a test…' }).isDisabled()).toBe(true)
  })

  it('is saved, and says at the field what stands in the way', async () => {
    const page = await site.open('/messages/templates')
    await page.getByRole('button', { name: 'New template' }).click()
    const id = page.getByRole('textbox', { name: 'Id' })
    await id.fill('Hello!')
    await page.getByRole('button', { name: 'Write it' }).click()
    expect(await id.getAttribute('aria-invalid')).toBe('true')
    await id.fill('hello')
    await page.getByRole('button', { name: 'Write it' }).click()
    await page.getByRole('heading', { name: 'hello' }).waitFor()
    const text = page.getByRole('textbox', { name: 'Text' })
    await text.fill('Hello')
    await page.getByText('No words yet in: Russian, Ukrainian').waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText(/The server refused: .*no ru words/).waitFor()
    await page.getByLabel(/Without words of their own/).selectOption('en')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    expect(new URL(page.url()).searchParams.get('draft')).toBeNull()
    await page.reload()
    expect(await page.getByRole('textbox', { name: 'Text' }).inputValue()).toBe('Hello')
  })

  it('takes a variable at the caret, and shows itself for a real subscriber in their language', async () => {
    const page = await site.open('/messages/templates/package-used-up-dstk')
    const text = page.getByRole('textbox', { name: 'Text' })
    await text.fill('Price: .')
    await text.press('ArrowLeft')
    await page.getByRole('button', { name: '{{ price }}' }).click()
    expect(await text.inputValue()).toBe('Price: {{ price }}.')
    const phone = page.getByRole('figure')
    await phone.getByText('Price: 50 RUB.').waitFor()
    await page
      .getByRole('radiogroup', { name: 'Language of the words' })
      .getByText('RU', { exact: true })
      .click()
    await phone.getByText(/500 МБ — 50 руб/).waitFor()
    await page.getByRole('textbox', { name: 'Phone number' }).fill('+7 900 000-00-17')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.getByText(/Shown for subscriber \d+/).waitFor()
    expect(page.url()).not.toContain('900')
  })

  it('is sent as a test to one’s own addresses', async () => {
    const page = await site.open('/messages/templates/weekend-push')
    await page.getByRole('button', { name: 'Send a test…' }).click()
    await page.getByRole('textbox', { name: 'Your own addresses, one a line' }).fill('token-1\ntoken-2')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Send, addresses: 2' }).click()
    await page.getByText('refused').or(page.getByText('token-2: taken by the channel')).waitFor()
    expect(command('/v1/templates/weekend-push/test-send')!.body).toMatchObject({
      addresses: ['token-1', 'token-2'],
    })
  })

  it('cannot be saved with a key that only reads, and runs nothing that a letter holds', async () => {
    const page = await site.open('/messages/templates/statement-email', {}, server.readKey)
    await page.getByRole('textbox', { name: 'Subject' }).fill('Other')
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
    const frame = page.locator('iframe')
    await frame.waitFor()
    expect(await frame.getAttribute('sandbox')).toBe('')
    await frame.contentFrame().getByText('14.2 GB').waitFor()
  })
})

describe('a cascade', () => {
  it('shows what it reaches and costs, by own history or by what somebody believes', async () => {
    const page = await site.open('/messages/cascades/package-used-up')
    const first = page.locator('li[data-step="0"]')
    await first.getByText(/own history, messages: \d+/).waitFor()
    const saving = page.getByTestId('saving')
    expect(plain(await saving.innerText())).toMatch(/saved of ₽2,200\.00/)
    const before = await saving.innerText()
    await page.getByRole('textbox', { name: 'Chance of the step, Pop-up (DSTK), per cent' }).fill('90')
    await first.getByText('your figure').waitFor()
    await first.getByText(/1,000 come, answered: 900/).waitFor()
    expect(await saving.innerText()).not.toBe(before)
    await first.getByRole('button', { name: 'Reset' }).click()
    await first.getByText(/own history/).waitFor()
  })

  it('is put into another order by key and by hand', async () => {
    const page = await site.open('/messages/cascades/package-used-up')
    const names = (): Promise<string[]> => page.locator('main ol > li strong').allInnerTexts()
    await page.getByRole('button', { name: 'Move step 1 down' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('strong', { hasText: '1. SMS' }).waitFor()
    expect((await names()).slice(0, 2)).toEqual(['1. SMS', '2. Pop-up (DSTK)'])
    const grips = page.getByTitle('Drag to move')
    const from = (await grips.nth(1).boundingBox())!
    const to = (await grips.nth(0).boundingBox())!
    await page.mouse.move(from.x + 10, from.y + 10)
    await page.mouse.down()
    await page.mouse.move(to.x + 10, to.y - 20, { steps: 5 })
    await page.mouse.up()
    await page.locator('strong', { hasText: '1. Pop-up (DSTK)' }).waitFor()
    await page.getByText('Saved', { exact: true }).waitFor()
  })

  it('is saved with its settings, and a wrong field says so', async () => {
    const page = await site.open('/messages/cascades/ten-percent-left')
    await page.getByRole('button', { name: 'Add a step' }).click()
    await page.getByText('Choose a channel and a template for each step').waitFor()
    const template = page.getByRole('combobox', { name: 'Template' }).nth(1)
    await page.waitForFunction('document.querySelectorAll("main [aria-invalid=true]").length > 0')
    await page.getByRole('combobox', { name: 'Channel' }).nth(1).selectOption('sms')
    await template.selectOption('package-used-up-sms')
    await page.getByRole('textbox', { name: 'Pace' }).fill('600')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    const [saved] = command('/v1/documents')!.body as { perMinute: number; steps: object[] }[]
    expect(saved).toMatchObject({
      perMinute: 600,
      steps: [{}, { template: 'package-used-up-sms', validFor: 'P1D' }],
    })
  })

  it('tells what it did in the last month', async () => {
    const page = await site.open('/messages/cascades/package-used-up')
    const report = page.getByRole('region', { name: 'What did it do?' })
    await report.getByRole('rowheader', { name: '1. Pop-up (DSTK)' }).waitFor()
    expect(plain(await report.innerText())).toMatch(/saved of ₽/)
    expect(await textOf(page)).not.toMatch(/NaN|Infinity|undefined|\[object|\{\{ /)
  })
})

describe('the delivery', () => {
  it('shows how far messages came, what stopped them, and how the channels are', async () => {
    const page = await site.open('/messages/delivery')
    await settled(page)
    const text = await textOf(page)
    expect(text).toContain('no consent for this channel')
    expect(text).toContain('the network could not deliver it')
    expect(plain(await page.locator('tr[data-channel=dstk]').innerText())).toContain('Down')
    expect(plain(await page.locator('tr[data-channel=sms]').innerText())).toContain('Up 2,000')
    expect(await page.locator('[data-figure=unknown] dd').innerText()).toBe('1')
    expect(text).not.toMatch(/NaN|Infinity|undefined|\[object|\{\{/)
    await page
      .getByRole('region', { name: 'What stopped messages?' })
      .getByLabel('Channel')
      .selectOption('sms')
    await page.locator('[data-reason=no_consent]').waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('channel')).toBe('sms')
    await page.getByRole('link', { name: 'Messages of subscriber 1' }).click()
    await page.getByText('the connection to the provider was lost').first().waitFor()
  })

  it('pauses a sending after a word about what will happen, and the pause can be undone', async () => {
    const page = await site.open('/messages/delivery')
    const line = page.locator('[data-sending=package-exhausted]')
    await line.getByText('The package is used up').waitFor()
    await line.getByRole('button', { name: 'Pause…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Pause “The package is used up”?' })
    await dialog.getByText(/From now on nothing of this campaign goes out/).waitFor()
    await page.waitForTimeout(300)
    expect(await violations(page)).toEqual([])
    expect(command('/v1/sendings/package-exhausted/pause')).toBeUndefined()
    await dialog.getByRole('button', { name: 'Pause the sending' }).click()
    await line.getByText('Paused').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await line.getByText('Sending', { exact: true }).waitFor()
  })

  it('cancels only for who types the name', async () => {
    const page = await site.open('/messages/delivery')
    const line = page.locator('[data-sending=ten-percent-left]')
    await line.getByRole('button', { name: 'Cancel…' }).click()
    const cancel = page.getByRole('button', { name: 'Cancel the sending' })
    expect(await cancel.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'Type “ten-percent-left” to cancel it' }).fill('ten-percent-left')
    await cancel.click()
    await line.getByText('Cancelled').waitFor()
    expect(await line.getByRole('button').count()).toBe(0)
  })

  it('keeps the last figures when the connection is lost', async () => {
    const page = await site.open('/messages/delivery')
    await settled(page)
    server.failing = true
    await page.getByText(/Connection lost. Last figures from/).waitFor()
    expect(await page.locator('[data-figure=unknown] dd').innerText()).toBe('1')
    server.failing = false
    await page.getByText('Connection lost').waitFor({ state: 'detached' })
  })
})

describe('one subscriber’s messages', () => {
  it('are found by phone number, which stays out of the address, in the subscriber’s own time', async () => {
    const page = await site.open('/messages/subscribers')
    await page.getByRole('heading', { name: 'Whose messages?' }).waitFor()
    const who = page.getByRole('textbox', { name: 'Phone number' })
    await who.fill('+7 900 000-00-99')
    await who.press('Enter')
    await page.getByText('There is no such subscriber.').waitFor()
    await who.fill('+7 900 000-00-17')
    await who.press('Enter')
    await page.getByText('times of Asia/Yekaterinburg').waitFor()
    expect(page.url()).not.toContain('900')
    // 15:42 in Greenwich less two hours is 18:42 there.
    await page.getByText('18:42:10').first().waitFor()
  })

  it('are explained step by step, in three languages', async () => {
    const message = messageIdOf('held', 1)
    const words = {
      en: 'Held: cap reached: 3 of 3 in 7 days, all channels',
      ru: 'Удержано: лимит исчерпан: 3 из 3 за 7 дней, все каналы',
      uk: 'Утримано: ліміт вичерпано: 3 із 3 за 7 днів, усі канали',
    }
    for (const lang of LANGUAGES) {
      const page = await site.open(`/messages/subscribers?subscriber=1&message=${message}&lang=${lang}`)
      const told = page.getByTestId('explanation')
      await told.getByText(words[lang]).first().waitFor()
      expect(await told.getByText(words[lang]).count()).toBe(2)
      expect(await textOf(page)).not.toMatch(/NaN|undefined|\[object|\{\{/)
    }
    const page = await site.open('/messages/subscribers?subscriber=1')
    await page.locator(`[data-message="${messageIdOf('waits', 1)}"] button`).click()
    await page
      .getByText(/Waits: quiet hours, time of Asia\/Yekaterinburg. Tried again 31 Mar, 00:42/)
      .waitFor()
    await page.getByText(/The cascade goes on 31 Mar, 00:42/).waitFor()
  })
})

describe('the contact policy', () => {
  it('says in plain words what it asks, and what an unset field means', async () => {
    const page = await site.open('/messages/policy')
    await page.getByText('At most 3 in 7 days, all channels').waitFor()
    await page.getByText('At most 1 in 1 day, SMS · marketing · below priority 50').waitFor()
    await page.getByText('Not set: another cascade may write at once.').waitFor()
    await page.getByRole('checkbox', { name: 'Quiet hours' }).uncheck()
    await page.getByText('Not set: messages may go at any hour.').waitFor()
    await page.getByRole('button', { name: 'Remove: At most 3 in 7 days, all channels' }).click()
    const limit = page.getByRole('textbox', { name: 'At most' })
    await limit.fill('0')
    await page.getByText('None in 1 day, SMS · marketing · below priority 50').waitFor()
    await page.getByRole('button', { name: /^Remove: None/ }).click()
    await page.getByText('No caps: the number of messages to one subscriber is not limited.').waitFor()
    await page.getByRole('button', { name: 'Discard changes' }).click()
    await page.getByText('At most 3 in 7 days, all channels').waitFor()
    expect(
      server.asked.filter(({ method, path }) => method === 'PUT' && path === '/v1/documents').length,
    ).toBe(server.asked.filter(({ path }) => path === '/v1/documents').length)
  })

  it('says at the field what stands in the way, and saves what is right', async () => {
    const page = await site.open('/messages/policy')
    const end = page.getByLabel('To', { exact: true })
    await end.fill('21:00')
    await page.getByText('quiet hours must not end when they begin').first().waitFor()
    expect(await end.getAttribute('aria-invalid')).toBe('true')
    await end.fill('08:30')
    await page.getByRole('checkbox', { name: 'A pause between two cascades' }).check()
    const gap = page.getByRole('textbox', { name: 'Pause' })
    await gap.fill('')
    await page.waitForFunction(`document.querySelector('[aria-invalid=true]') !== null`)
    await gap.fill('6')
    await page.waitForFunction(`document.querySelector('[aria-invalid=true]') === null`)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved. It holds from now on.').waitFor()
    const saved = server.asked.findLast(({ path, method }) => path === '/v1/documents' && method === 'PUT')
    expect(saved?.body).toMatchObject([
      {
        kind: 'ContactPolicy',
        id: 'default',
        quietHours: { from: '21:00', to: '08:30' },
        minimumGap: 'PT6H',
        caps: [
          { limit: 3, period: 'P7D' },
          { channel: 'sms', limit: 1, below: 50 },
        ],
      },
    ])
  })

  it('counts what was held in the last seven days, and what waits', async () => {
    const page = await site.open('/messages/policy')
    const held = page.locator('li[data-reason=cap_reached]')
    await held.waitFor()
    expect(plain(await held.innerText())).toMatch(/\d+ subscribers? \d+$/)
    expect(plain(await page.locator('li[data-reason=quiet_hours]').innerText())).toMatch(/1 subscriber 1$/)
  })

  it('cannot be changed with a key that may only look', async () => {
    const page = await site.open('/messages/policy', {}, server.readKey)
    await page.getByRole('checkbox', { name: 'Quiet hours' }).uncheck()
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  })
})

describe('what a cascade did', () => {
  it('has what was bought beside clicks and answers, and who followed its links', async () => {
    const page = await site.open('/messages/cascades/package-used-up')
    const report = page.getByRole('table', { name: 'What did it do?' })
    await report.getByText('21.0%').waitFor()
    expect(plain(await report.getByRole('row').nth(1).innerText())).toContain('21.0% ₽6,370.00')
    const links = page.getByRole('table', { name: 'Who followed the links?' })
    await links.getByText('https://operator.example/packages/rules').waitFor()
    expect(plain(await links.getByRole('row').nth(3).innerText())).toMatch(/^All links 72 \d+ 18$/)
    await page.getByLabel('Link', { exact: true }).selectOption('https://operator.example/packages/rules')
    await links.getByText('30 Mar').waitFor()
  })
})

const PLACES: Record<string, string> = {
  templates: '/messages/templates',
  template: '/messages/templates/package-used-up-sms?words=ru',
  'template-dstk': '/messages/templates/package-used-up-dstk?words=ru',
  'template-push': '/messages/templates/weekend-push?words=ru',
  'template-rcs': '/messages/templates/weekend-rcs?words=ru',
  'template-email': '/messages/templates/statement-email?words=ru',
  'template-telegram': '/messages/templates/weekend-telegram?words=ru',
  'template-calendar': '/messages/templates/visit-calendar?words=ru',
  'template-ad': '/messages/templates/weekend-ad?words=ru',
  'template-inbox': '/messages/templates/weekend-inbox?words=ru',
  cascades: '/messages/cascades',
  cascade: '/messages/cascades/package-used-up',
  delivery: '/messages/delivery',
  policy: '/messages/policy',
  subscriber: `/messages/subscribers?subscriber=1&message=${messageIdOf('held', 1)}`,
}

looksWell(() => site, {
  name: 'messages',
  places: PLACES,
  shown: ['cascade-desktop', 'template-desktop', 'subscriber-desktop', 'policy-desktop'],
  // The rate is a line once messages have gone for some seconds.
  pose: async (page, name) => {
    for (let second = 0, seconds = name === 'delivery' ? 12 : 0; second < seconds; second++) {
      await server.send(40 + (second % 7) * 9)
      await page.waitForTimeout(1_000)
    }
  },
})
