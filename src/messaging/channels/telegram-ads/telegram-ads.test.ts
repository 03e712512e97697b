import { expect, test } from 'vitest'
import { ChannelBench, channelSuite, type ChannelSubject } from '../../../../test/channel-suite.ts'
import { startTelegramAds, type TelegramAdsReseller } from '../../../simulator/providers/index.ts'
import { type TelegramAdsChannel, telegramAds } from './index.ts'
import { adFigures } from './client.ts'

let reseller: TelegramAdsReseller
const number = (index: number): string => `7999${String(index).padStart(7, '0')}`
const subjectOf = (
  rest: Parameters<typeof startTelegramAds>[0] = {},
  settings: object = {},
): ChannelSubject => ({
  kind: telegramAds,
  receipts: ['delivered', 'seen', 'clicked'],
  content: { link: 'https://example.org/500?from=ads' },
  address: (index) => `+${number(index)}`,
  async start(misbehaviour, at) {
    reseller = await startTelegramAds({ misbehaviour, ...at, ...rest })
    const { url, port, shown, close } = reseller
    const advertiser = { name: 'ООО «Оператор»', inn: '7700000000' }
    const short = { gatherMs: 5, audienceSize: 1, pollMs: 20, timeoutMs: 2_000 }
    return {
      settings: { url, token: 't', ordUrl: url, ordToken: 'o', advertiser, ...short, ...settings },
      port,
      taken: () => shown,
      close,
    }
  },
})

channelSuite('telegram-ads', subjectOf())

test('one text becomes one audience and one marked advertisement; whoever has no Telegram is refused at once', async () => {
  const bench = await ChannelBench.start(
    subjectOf({ unmatched: [number(1), number(3)] }, { audienceSize: 1_000 }),
  )
  const batch = bench
    .messages(6)
    .map((message, i) => (i === 5 ? { ...message, text: 'Другой текст' } : message))
  const outcomes = await bench.submit(batch)
  const refused = { outcome: 'refused', reason: 'not_matched' }
  expect(outcomes.map((each) => each.outcome)).toEqual([
    'accepted',
    'refused',
    'accepted',
    'refused',
    'accepted',
    'accepted',
  ])
  expect([outcomes[1], outcomes[3]]).toEqual([refused, refused])
  expect(reseller.advertisements).toHaveLength(2)
  const [ad] = reseller.advertisements
  expect(ad!.recipients).toEqual([batch[0]!.messageId, batch[2]!.messageId, batch[4]!.messageId])
  expect(ad!.text).toBe(`${batch[0]!.text}\n\nРеклама. ООО «Оператор», ИНН 7700000000. erid: ${ad!.erid}`)
  expect(ad!.link).toBe(`https://example.org/500?from=ads&erid=${ad!.erid}`)
  expect(reseller.creatives.get(ad!.erid)).toMatchObject({
    text: batch[0]!.text,
    advertiser: { inn: '7700000000' },
  })
})

test('the reseller’s counts become CPM, CPC, CTR and CR', async () => {
  const bench = await ChannelBench.start(subjectOf({}, { audienceSize: 100 }))
  await bench.submit(bench.messages(10))
  await expect.poll(() => bench.receipts.length).toBe(30)
  const [figures] = await (bench.channel as TelegramAdsChannel).advertisements()
  expect(figures).toMatchObject({
    recipients: 10,
    shown: 10,
    clicked: 10,
    cpmMinor: 12_000,
    cpcMinor: 12,
    ctr: 1,
    cr: 0,
  })
  const nothing = {
    adId: 'a',
    erid: 'e',
    recipients: 5,
    shown: 0,
    opened: 0,
    clicked: 0,
    subscribed: 0,
    costMinor: '0',
  }
  expect(adFigures(nothing)).toEqual({
    cpmMinor: undefined,
    cpcMinor: undefined,
    ctr: undefined,
    cr: undefined,
  })
})

test('what could not be kept is asked for again', async () => {
  const bench = await ChannelBench.start(subjectOf())
  bench.fail(new Error('the database is away'))
  await bench.submit(bench.messages(2))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(bench.receipts).toEqual([])
  bench.fail(undefined)
  await expect.poll(() => bench.receipts.length).toBe(6)
})
