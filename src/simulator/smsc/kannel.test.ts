import { afterEach, describe, expect, test } from 'vitest'
import { debianPeers, hasDebianPeers, missingLibraries } from '../../../test/peers/debian.ts'
import { type Kannel, startKannel } from '../../../test/peers/kannel.ts'
import { type IncomingMessage, type Smsc, startFastSmsc, startSmsc } from './index.ts'

const long = 'Интернет закончился. Ответьте цифрой: 1 — 100 МБ, 2 — 200 МБ, 3 — 500 МБ. Ёлка, съезд, объём.'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function bound(port: number): Promise<Kannel> {
  const kannel = await startKannel(port)
  closing.push(() => kannel.stop())
  return kannel
}

describe.runIf(hasDebianPeers())('Kannel as a client of the simulated SMSCs', () => {
  test('its programs find all their libraries', () => {
    const peers = debianPeers()
    expect(missingLibraries(peers, 'usr/sbin/bearerbox')).toEqual([])
    expect(missingLibraries(peers, 'usr/sbin/smsbox')).toEqual([])
  })

  test('a long Cyrillic SMS comes in two parts, the receipt goes back, and an answer comes to Kannel', async () => {
    const messages: IncomingMessage[] = []
    const smsc: Smsc = await startSmsc({ onMessage: (message) => messages.push(message) })
    closing.push(() => smsc.close())
    const kannel = await bound(smsc.port)
    expect((await kannel.send({ to: '+79990000001', text: long, id: 'm1' })).status).toBe(202)
    await expect.poll(() => messages, { timeout: 10_000 }).toMatchObject([{ text: long, parts: 2 }])
    const { messageId } = messages[0]!
    await smsc.sendReceipt({ messageId, address: '+79990000001', status: 'DELIVRD', atMs: Date.now() })
    await expect
      .poll(() => kannel.reports.filter(({ type }) => type === 1), { timeout: 10_000 })
      .toContainEqual({ id: 'm1', type: 1 })
    await smsc.sendMobileOriginated({ address: '+79990000001', text: 'да, 3' })
    await expect
      .poll(() => kannel.messages, { timeout: 10_000 })
      .toEqual([{ from: '+79990000001', text: 'да, 3' }])
  }, 60_000)

  test('the fast SMSC takes what Kannel sends and reports it to Kannel, in both forms and when it fails', async () => {
    for (const receipts of ['text', 'parameters'] as const) {
      const smsc = await startFastSmsc({ keepMessages: true, receipts, undelivered: 0.5 })
      closing.push(() => smsc.close())
      const kannel = await bound(smsc.port)
      for (const id of ['a', 'b', 'c', 'd'])
        expect((await kannel.send({ to: '+79990000002', text: `Short one ${id}`, id })).status).toBe(202)
      await kannel.send({ to: '+79990000003', text: long, id: 'long' })
      const final = (): number => kannel.reports.filter(({ type }) => type === 1 || type === 2).length
      await expect.poll(final, { timeout: 10_000 }).toBeGreaterThanOrEqual(5)
      expect(new Set(kannel.reports.map(({ type }) => type))).toEqual(new Set([8, 1, 2]))
      const parts = smsc.messages().filter(({ address }) => address === '79990000003')
      expect(parts.map(({ dataCoding }) => dataCoding)).toEqual([8, 8])
      // The header says part 1 and 2 of 2; behind it the text in UCS-2.
      expect(parts.map(({ octets }) => octets.slice(0, 6) + octets.slice(8, 12))).toEqual([
        '0500030201',
        '0500030202',
      ])
      const text = parts.map(({ octets }) =>
        Buffer.from(octets.slice(12), 'hex').swap16().toString('utf16le'),
      )
      expect(text.join('')).toBe(long)
      expect(smsc.counts()).toMatchObject({ taken: 6, distinct: 6, repeats: 0, receiptsRefused: 0 })
    }
  }, 90_000)
})
