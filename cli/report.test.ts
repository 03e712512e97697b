import { expect, test } from 'vitest'
import type { ArmReport, CampaignReport } from '../src/insights/contract.ts'
import { campaignReport, refusalReason } from '../src/insights/contract.ts'
import { moneyText, reportLines } from './report.ts'
import { languageOf, wordsOf } from './words.ts'

const arm: ArmReport = {
  armId: 'cascade',
  name: { en: 'DSTK, then SMS', ru: 'DSTK, затем SMS', uk: 'DSTK, потім SMS' },
  isControl: false,
  enrolled: 12_345,
  entered: 12_000,
  contacted: 11_000,
  delivered: 10_500,
  answered: 900,
  activated: 850,
  channels: [
    {
      channel: 'sms',
      submitted: 4_000,
      delivered: 3_900,
      failed: 100,
      unknown: 0,
      held: 7,
      answered: 100,
      costMinor: '1200000',
    },
  ],
  products: [
    {
      productId: 'data-500',
      name: { en: '500 MB', ru: '500 МБ', uk: '500 МБ' },
      volumeMb: 500,
      activated: 850,
      onCredit: 300,
      revenueMinor: '12750000',
    },
  ],
  salesTotal: 1_000,
  salesOnCredit: 300,
  packageRevenueMinor: '15000000',
  payAsYouGoRevenueMinor: '99',
  trustPaymentFeesMinor: '450000',
  overduePrincipalMinor: '-5',
  messageCostMinor: '1200000',
  allSmsCostMinor: '2400000',
  cascadeSavedMinor: '1200000',
  pointsAwarded: '85000',
  marginMinor: '14250099',
  marginPerSubscriberMinor: 1154.3,
  margin: { perSubscriberMinor: 250.4, lowMinor: -10.2, highMinor: 511 },
}
const { margin: _margin, ...withoutMargin } = arm
const control: ArmReport = {
  ...withoutMargin,
  armId: 'control',
  name: { en: 'Nothing', ru: 'Ничего', uk: 'Нічого' },
  isControl: true,
  channels: [],
  products: [],
}
const report: CampaignReport = {
  campaignId: 'used-up',
  version: 3,
  name: { en: 'Package used up', ru: 'Пакет закончился', uk: 'Пакет закінчився' },
  currency: 'RUB',
  currencyDecimals: 2,
  from: '2026-03-01T00:00:00+03:00',
  asOf: '2026-03-31T21:30:00Z',
  timeZone: 'Europe/Moscow',
  totals: {
    subscribers: 50_000,
    events: 1_200_000,
    firings: 9,
    messages: 8,
    receipts: 7,
    answers: 6,
    activations: 5,
  },
  arms: [arm, control],
  refusals: [{ armId: 'cascade', reason: 'saving_traffic', subscribers: 4_321, share: 0.3759 }],
  days: [],
}

test('the table has a column an arm, aligned, with figures grouped by thin spaces', () => {
  expect(campaignReport.parse(report)).toEqual(report)
  const lines = reportLines(report, 'en')
  const table = lines.slice(lines.indexOf('') + 1)
  const rowOf = (label: string): string[] =>
    table
      .find((line) => line.startsWith(`  ${label}  `))!
      .trim()
      .split(/ {2,}/)
  expect(lines.slice(0, 3)).toEqual([
    'Campaign: Package used up (used-up, version 3)',
    'Period: 2026-03-01 – 2026-04-01 (Europe/Moscow)',
    'Taken in: 50\u2009000 subscribers, 1\u2009200\u2009000 events, 9 firings, 8 messages, 5 activations',
  ])
  expect(rowOf('Enrolled')).toEqual(['Enrolled', '12\u2009345', '12\u2009345'])
  expect(rowOf('sms cost')).toEqual(['sms cost', '12\u2009000.00', '0.00'])
  expect(rowOf('Package revenue')).toEqual(['Package revenue', '150\u2009000.00', '150\u2009000.00'])
  expect(rowOf('Pay-as-you-go revenue').slice(1)).toEqual(['0.99', '0.99'])
  expect(rowOf('saving traffic')).toEqual(['saving traffic', '4\u2009321 (37.6 %)', '–'])
  const against = table.findIndex((line) => line.startsWith('Against control'))
  expect(table[against + 1]!.trim().split(/ {2,}/)).toEqual(['Margin', '+2.50 [−0.10; 5.11]', '–'])
  const widths = table.filter((line) => /^ {2}\S.*\S$/.test(line)).map((line) => line.length)
  expect(new Set(widths).size).toBe(1)
})

test('every language has every word, refusal reasons among them', () => {
  for (const language of ['en', 'ru', 'uk'] as const) {
    const word = wordsOf(language)
    for (const reason of refusalReason.shape.reason.options) expect(word(reason)).toMatch(/\S/)
    const text = reportLines(report, language).join('\n')
    expect(text).toContain(report.name[language])
    expect(text).not.toContain('undefined')
  }
  expect(reportLines(report, 'ru').join('\n')).toContain('Почему не купили')
  expect(reportLines(report, 'uk').join('\n')).toContain('заощаджують трафік')
})

test('the language is the option’s, else the terminal’s, else English', () => {
  expect(languageOf('uk', { LANG: 'ru_RU.UTF-8' })).toBe('uk')
  expect(languageOf(undefined, { LANG: 'ru_RU.UTF-8' })).toBe('ru')
  expect(languageOf(undefined, { LC_ALL: 'uk_UA', LANG: 'ru_RU.UTF-8' })).toBe('uk')
  expect(languageOf(undefined, { LANG: 'C.UTF-8' })).toBe('en')
  expect(languageOf(undefined, {})).toBe('en')
})

test.for([
  ['0', 2, '0.00'],
  ['-5', 2, '−0.05'],
  ['123456789', 2, '1\u2009234\u2009567.89'],
  ['1000', 0, '1\u2009000'],
  ['-9007199254740993', 2, '−90\u2009071\u2009992\u2009547\u2009409.93'],
] as const)('%s minor units with %i decimals read %s', ([minor, decimals, text]) => {
  expect(moneyText(minor, decimals)).toBe(text)
})
