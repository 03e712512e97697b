import { describe, expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../../test/channel-suite.ts'
import { recorded, smppAccount } from '../../../../test/recorded-channel.ts'
import { type PhoneNetwork, startPhoneNetwork, terminalResponse } from '../../../simulator/providers/index.ts'
import type { ChannelKind } from '../../channel.ts'
import { dstk } from './index.ts'

const choices = [
  { id: 'data-500', label: '500 МБ' },
  { id: 'later', label: 'Позже' },
]

let network: PhoneNetwork

function subject(
  responds?: (packet: Buffer) => Buffer | undefined,
  more: Record<string, unknown> = {},
): ChannelSubject {
  const { kind, idOf } = recorded(dstk as unknown as ChannelKind)
  return {
    // By SMS nothing recognises a message.
    kind: { ...kind, traits: { ...kind.traits, resubmitSafe: false } },
    receipts: ['delivered'],
    answers: true,
    receiptsOnce: true,
    content: { choices },
    failing: 'retry',
    address: (index) => `+7999${String(index).padStart(7, '0')}`,
    async start(misbehaviour, { port }) {
      network = await startPhoneNetwork({
        misbehaviour,
        ...(port && { port }),
        ...(responds && { responds }),
      })
      const started = network
      return {
        settings: { via: 'sms', tar: 'b00011', smpp: smppAccount(started.port), ...more },
        port: started.port,
        taken: () => started.taken.map(({ reference }) => idOf(reference)),
        close: () => started.close(),
      }
    },
  }
}

channelSuite('dstk by SMS', subject())

/** A response packet to a command, without data: what a SIM says that did not run it. */
const refusal = (packet: Buffer, status: number): Buffer =>
  Buffer.from([0, 11, 10, ...packet.subarray(7, 15), 0, status])

/** The same response with another general result (TS 31.111 §8.12) and nothing behind it. */
const withResult = (packet: Buffer, result: number): Buffer => {
  const data = [0x81, 3, 1, 0x24, 0, 0x82, 2, 0x82, 0x81, 0x83, 1, result]
  return Buffer.from([0, 11 + data.length, 10, ...packet.subarray(7, 15), 0, 0, ...data])
}

describe('dstk by SMS', () => {
  test('a command is a binary SMS for the SIM, a long one goes in parts', async () => {
    const bench = await ChannelBench.start(subject())
    const [short, long] = bench.messages(2)
    const { choices: _choices, ...notice } = short!
    await bench.submit([
      { ...notice, text: 'Ок?' },
      { ...long!, address: notice.address, text: 'я'.repeat(60) },
    ])
    await expect.poll(() => bench.answers.length).toBe(1)
    expect(network.taken).toMatchObject([
      { protocolId: 0x7f, dataCoding: 0xf6 },
      { protocolId: 0x7f, dataCoding: 0xf6 },
    ])
    const [first, second] = network.taken.map(({ packet }) => packet!)
    expect(first!.readUInt16BE(0)).toBe(first!.length - 2)
    expect(second!.length).toBeGreaterThan(140)
    expect(second!.readUInt16BE(0)).toBe(second!.length - 2)
    // The counter of the second to the same SIM is higher.
    expect(Buffer.compare(second!.subarray(10, 15), first!.subarray(10, 15))).toBe(1)
    expect(bench.answers[0]).toMatchObject({
      messageId: long!.messageId,
      choice: 'data-500',
      text: 'data-500',
    })
  })

  test.each([
    ['the user leaves', (packet: Buffer) => withResult(packet, 0x10), { status: 'seen', reason: 'refused' }],
    [
      'nobody answers',
      (packet: Buffer) => withResult(packet, 0x12),
      { status: 'delivered', reason: 'no_answer' },
    ],
    [
      'the phone cannot',
      (packet: Buffer) => withResult(packet, 0x30),
      { status: 'failed', reason: 'terminal_30' },
    ],
    [
      'the counter is low',
      (packet: Buffer) => refusal(packet, 2),
      { status: 'failed', reason: 'sim_counter_low' },
    ],
    [
      'no such applet',
      (packet: Buffer) => refusal(packet, 9),
      { status: 'failed', reason: 'sim_applet_unknown' },
    ],
  ])('%s', async (_, responds, receipt) => {
    const bench = await ChannelBench.start(subject(responds))
    const [message] = bench.messages(1)
    await bench.submit([message!])
    await expect
      .poll(() => bench.receipts)
      .toContainEqual({ ...receipt, messageId: message!.messageId, atMs: bench.clock.nowMs() })
    expect(bench.answers).toEqual([])
  })

  test('with a key an answer without its checksum is not believed', async () => {
    const security = { algorithm: 'aes', keyIndex: 1, key: '00112233445566778899aabbccddeeff' }
    let asked = 0
    const responds = (packet: Buffer): Buffer => {
      asked++
      return terminalResponse(packet)
    }
    const bench = await ChannelBench.start(subject(responds, { security }))
    await bench.submit(bench.messages(1))
    await expect.poll(() => bench.receipts.length).toBe(1)
    expect([asked, bench.answers.length]).toEqual([1, 0])
  })

  test('what a phone cannot fetch in one go is refused before it is sent', async () => {
    const bench = await ChannelBench.start(subject())
    const [message] = bench.messages(1)
    expect(await bench.submit([{ ...message!, text: 'я'.repeat(120) }])).toEqual([
      { outcome: 'refused', reason: 'text_too_long' },
    ])
    expect(network.taken).toEqual([])
  })
})

test('the settings name what is missing', () => {
  const document = { kind: 'Channel', id: 'dstk', priceMinor: '1' }
  const fields = (given: object): unknown =>
    dstk.settings.safeParse({ ...document, ...given }).error?.issues.map(({ path }) => path[0])
  expect(fields({})).toEqual(['url'])
  expect(fields({ via: 'sms' })).toEqual(['smpp', 'tar'])
  expect(fields({ url: 'http://a', security: { algorithm: 'aes', keyIndex: 1, key: 'ab' } })).toEqual([
    'security',
  ])
})
