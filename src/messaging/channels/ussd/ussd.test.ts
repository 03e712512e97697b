import { describe, expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../../test/channel-suite.ts'
import { recorded, smppAccount } from '../../../../test/recorded-channel.ts'
import {
  type PhoneNetwork,
  startPhoneNetwork,
  startUssdGateway,
  type UssdGateway,
} from '../../../simulator/providers/index.ts'
import type { ChannelKind } from '../../channel.ts'
import { ussd } from './index.ts'
import { fitsUssd, menuText, readInput } from './menu.ts'

const choices = [
  { id: 'data-100', label: '100 МБ' },
  { id: 'data-500', label: '500 МБ' },
]
const address = (index: number): string => `+7999${String(index).padStart(7, '0')}`
const settings = { serviceCode: '*111#', answerTimeoutMs: 300, closingText: 'Спасибо' }
const common = { receipts: ['delivered'] as 'delivered'[], answers: true, content: { choices }, address }

let gateway: UssdGateway
const byGateway = (enters?: string[]): ChannelSubject => ({
  ...common,
  // What was entered says that the menu has arrived.
  callsAMessage: 1,
  kind: ussd as unknown as ChannelKind,
  async start(misbehaviour, at) {
    gateway = await startUssdGateway({ misbehaviour, ...at, ...(enters && { enters: () => enters }) })
    const started = gateway
    return {
      settings: { ...settings, url: started.url, timeoutMs: 2_000, networkCode: '25001' },
      port: started.port,
      taken: () => started.received.map(({ sessionId }) => sessionId),
      close: () => started.close(),
    }
  },
})

let network: PhoneNetwork
const byNetwork = (enters?: () => string | undefined): ChannelSubject => {
  const { kind, idOf } = recorded(ussd as unknown as ChannelKind)
  return {
    ...common,
    kind,
    failing: 'retry',
    async start(misbehaviour, { port }) {
      network = await startPhoneNetwork({ misbehaviour, ...(port && { port }), ...(enters && { enters }) })
      const started = network
      return {
        settings: { ...settings, via: 'smpp', smpp: smppAccount(started.port) },
        port: started.port,
        taken: () =>
          started.taken.filter(({ serviceOp }) => serviceOp === 2).map(({ reference }) => idOf(reference)),
        close: () => started.close(),
      }
    },
  }
}

channelSuite('ussd through a gateway', byGateway())
channelSuite('ussd over SMPP', byNetwork())

describe('a dialogue', () => {
  test.each([
    ['a line', ['2'], { text: '500 МБ', choice: 'data-500' }, ['END Спасибо']],
    [
      'a wrong number and then a line',
      ['7', '1'],
      { text: '100 МБ', choice: 'data-100' },
      ['CON', 'END Спасибо'],
    ],
    ['two wrong numbers', ['7', '8'], { text: '8' }, ['CON', 'END Спасибо']],
    ['words', ['stop'], { text: 'stop' }, ['END Спасибо']],
  ])('through a gateway, %s', async (_, enters, answer, replies) => {
    const bench = await ChannelBench.start(byGateway(enters))
    const [message] = bench.messages(1)
    await bench.submit([message!])
    await expect.poll(() => gateway.replies.length).toBe(replies.length)
    const menu = 'Ещё 500 МБ за 150 ₽?\n1. 100 МБ\n2. 500 МБ'
    expect(gateway.received[0]).toMatchObject({
      text: `CON ${menu}`,
      serviceCode: '*111#',
      networkCode: '25001',
    })
    expect(gateway.replies).toEqual(replies.map((each) => (each === 'CON' ? `CON ${menu}` : each)))
    const { messageId, address: from } = message!
    expect(bench.answers).toMatchObject([{ ...answer, address: from, messageId, channel: 'ussd' }])
  })

  test('over SMPP: USSR request, answer, the question once again, a last word as a notification', async () => {
    const inputs = ['7', '2']
    const bench = await ChannelBench.start(
      byNetwork(() => inputs.shift()),
      {},
    )
    const [message] = bench.messages(1)
    await bench.submit([message!])
    await expect.poll(() => network.taken.length).toBe(3)
    expect(network.taken.map(({ serviceOp }) => serviceOp)).toEqual([2, 2, 3])
    const [first, second, last] = network.taken
    expect(second).toMatchObject({ text: first!.text, session: first!.session })
    expect(first!.session).toMatch(/^[0-9a-f]{2}00$/)
    expect(last).toMatchObject({ text: 'Спасибо', session: first!.session })
    expect(bench.answers).toMatchObject([{ choice: 'data-500', messageId: message!.messageId }])
    expect(bench.receipts.map(({ status }) => status)).toEqual(['delivered'])
  })

  test.each([
    ['through a gateway', (): ChannelSubject => byGateway([])],
    ['over SMPP', (): ChannelSubject => byNetwork(() => undefined)],
  ])('%s that nobody answers in time fails, told again until it is kept', async (_, subject) => {
    const bench = await ChannelBench.start(subject())
    const [message] = bench.messages(1)
    bench.fail(new Error('the database is away'))
    await bench.submit([message!])
    setTimeout(() => bench.fail(undefined), 600)
    await expect
      .poll(() => bench.receipts, { timeout: 3_000 })
      .toMatchObject([{ messageId: message!.messageId, status: 'failed', reason: 'no_answer' }])
  })

  test('a phone has one at a time; a notification is reported as shown', async () => {
    const bench = await ChannelBench.start(
      byNetwork(() => undefined),
      {},
    )
    const [menu, other] = bench.messages(2)
    await bench.submit([menu!])
    const outcomes = await bench.submit([{ ...other!, address: menu!.address }])
    expect(outcomes).toMatchObject([{ outcome: 'retry', reason: 'dialogue_open' }])
    const { choices: _choices, ...notice } = other!
    await bench.submit([notice])
    await expect
      .poll(() => bench.receipts)
      .toContainEqual(expect.objectContaining({ messageId: notice.messageId, status: 'delivered' }))
    expect(network.taken.at(-1)).toMatchObject({ serviceOp: 3, text: notice.text })
  })

  test.each([
    ['through a gateway', (): ChannelSubject => byGateway()],
    ['over SMPP', (): ChannelSubject => byNetwork()],
  ])('%s: what one USSD string does not hold is refused before it is sent', async (_, subject) => {
    const bench = await ChannelBench.start(subject())
    const [message] = bench.messages(1)
    const outcomes = await bench.submit([{ ...message!, text: 'я'.repeat(70) }])
    expect(outcomes).toEqual([{ outcome: 'refused', reason: 'text_too_long' }])
    expect(bench.peer.taken()).toEqual([])
  })

  test('a session of an earlier process is still about its message, a dialled code about none', async () => {
    const bench = await ChannelBench.start(byGateway())
    const [message] = bench.messages(1)
    const call = (sessionId: string, text: string) => {
      const form = { sessionId, phoneNumber: '79990000000', serviceCode: '*111#', text }
      return bench.take({
        method: 'POST',
        headers: {},
        query: {},
        body: Buffer.from(String(new URLSearchParams(form))),
      })
    }
    expect(await call(message!.messageId, '7*2')).toMatchObject({ status: 200, body: 'END Спасибо' })
    await call('S1', '500')
    expect(bench.answers).toMatchObject([{ messageId: message!.messageId, text: '2' }, { text: '*111*500#' }])
    expect(bench.answers[1]).not.toHaveProperty('messageId')
  })
})

test('the length of a string is that of its alphabet', () => {
  expect([fitsUssd('a'.repeat(182)), fitsUssd('a'.repeat(183))]).toEqual([true, false])
  expect([fitsUssd('€'.repeat(91)), fitsUssd('€'.repeat(92))]).toEqual([true, false])
  expect([fitsUssd('я'.repeat(80)), fitsUssd('я'.repeat(81))]).toEqual([true, false])
  expect(menuText('A?', [{ id: 'x', label: 'B' }])).toBe('A?\n1. B')
  expect([' 2 ', '0', '3', '', 'да'].map((text) => readInput(choices, text))).toEqual([
    { choice: choices[1] },
    'wrong',
    'wrong',
    'wrong',
    'words',
  ])
})

test('the settings name what is missing', () => {
  const document = { kind: 'Channel', id: 'ussd', priceMinor: '1' }
  expect(ussd.settings.safeParse(document).error?.issues[0]?.path).toEqual(['url'])
  expect(ussd.settings.safeParse({ ...document, via: 'smpp' }).error?.issues[0]?.path).toEqual(['smpp'])
})
