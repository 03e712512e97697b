// oxlint-disable unicorn/no-thenable -- `then` is a field of the rules; nobody awaits a rule
import type { Document } from './world.ts'

/** One comparison of a field, which both our conditions and a JSON rule can express. */
export type Comparison = [field: string, operator: '==' | '>=' | '<' | 'in', value: Value | Value[]]
type Value = string | number | boolean

/** A rule of the benchmark: its document and, if its condition is nothing but comparisons, those. */
export type BenchRule = { document: Document; all?: Comparison[] }

/** Fields that are doubles: their literals must be doubles too. */
const doubles = new Set(['volumeMb', 'speedKmh'])

/** The comparisons as one CEL expression. */
export function celOf(comparisons: Comparison[], type: string): string {
  const literal = (field: string, value: Value): string =>
    // In `package.activated` the volume is a whole number.
    doubles.has(field) && type !== 'package.activated' && Number.isInteger(value)
      ? `${String(value)}.0`
      : JSON.stringify(value)
  return comparisons
    .map(([field, operator, value]) => {
      const right = Array.isArray(value)
        ? `[${value.map((one) => literal(field, one)).join(', ')}]`
        : literal(field, value)
      return `event.${field} ${operator} ${right}`
    })
    .join(' && ')
}

/** A match rule made of comparisons. */
export function matchOf(
  id: string,
  on: string,
  all: Comparison[],
  extra: object = { cooldown: 'PT24H' },
): BenchRule {
  return { document: { kind: 'Trigger', id, on, where: celOf(all, on), match: {}, ...extra }, all }
}

/** A rule of any kind. */
export function ruleOf(id: string, on: string, rest: object): BenchRule {
  return { document: { kind: 'Trigger', id, on, ...rest } }
}

const [usage, balance, payment, place, pack, app] = [
  'usage.recorded',
  'balance.changed',
  'payment.received',
  'location.changed',
  'package.activated',
  'app.opened',
] as const

const matches: BenchRule[] = [
  matchOf('heavy-session', usage, [['volumeMb', '>=', 1500]]),
  matchOf('dear-session', usage, [
    ['charging', '==', 'payg'],
    ['chargeMinor', '>=', 25_000],
  ]),
  matchOf('package-nearly-used', usage, [
    ['usedPercent', '>=', 99],
    ['charging', '==', 'package'],
    ['volumeMb', '>=', 100],
  ]),
  matchOf('slow-network', usage, [
    ['rat', '==', '2g'],
    ['volumeMb', '>=', 140],
  ]),
  matchOf('long-session', usage, [
    ['sessionS', '>=', 7_500],
    ['rat', 'in', ['4g', '5g']],
  ]),
  matchOf('balance-empty', balance, [
    ['balanceMinor', '<', 5],
    ['reason', '==', 'usage'],
  ]),
  matchOf('dear-fee', balance, [
    ['reason', '==', 'fee'],
    ['account', '==', 'main'],
    ['balanceMinor', '<', 900],
  ]),
  matchOf('large-transfer', balance, [
    ['reason', '==', 'transfer'],
    ['amountMinor', '>=', 180_000],
  ]),
  matchOf('bonus-rich', balance, [
    ['account', '==', 'bonus'],
    ['balanceMinor', '>=', 480_000],
  ]),
  matchOf('large-cash', payment, [
    ['amountMinor', '>=', 450_000],
    ['method', '==', 'cash'],
  ]),
  matchOf('small-autopay', payment, [
    ['auto', '==', true],
    ['amountMinor', '<', 5_250],
  ]),
  matchOf('abroad-moving', place, [
    ['roaming', '==', true],
    ['country', 'in', ['TR', 'AE', 'TH']],
    ['speedKmh', '>=', 70],
  ]),
  matchOf('on-a-train', place, [['speedKmh', '>=', 210]], { cooldown: 'PT6H' }),
  matchOf('at-an-airport', place, [
    ['cell', 'in', [11, 222, 333]],
    ['speedKmh', '<', 10],
  ]),
  matchOf('dear-package', pack, [
    ['priceMinor', '>=', 96_000],
    ['autoRenew', '==', false],
  ]),
  matchOf(
    'reads-offers',
    app,
    [
      ['screen', '==', 'offers'],
      ['push', '==', true],
      ['sessionS', '>=', 40],
    ],
    { cooldown: 'P3D', limit: { times: 3, per: 'month' } },
  ),
  ruleOf('new-product-line', pack, {
    where: 'event.productId.startsWith("p-00") && event.channel == "ussd"',
    match: {},
    cooldown: 'PT24H',
  }),
  ruleOf('too-fast-for-3g', usage, {
    where: 'event.rat == "3g" && event.volumeMb > double(event.sessionS) * 5.0',
    match: {},
    limit: { times: 1, per: 'day' },
  }),
]

const changes: BenchRule[] = [
  ruleOf('falls-to-payg', usage, {
    where: 'event.rat == "2g"',
    change: { field: 'event.charging', from: 'package', to: 'payg' },
    cooldown: 'PT24H',
  }),
  ruleOf('coverage-worsens', usage, {
    change: { field: 'event.rat', from: '3g', to: '2g' },
    cooldown: 'PT24H',
  }),
  ruleOf('lands-in-turkey', place, {
    change: { field: 'event.country', from: 'RU', to: 'TR' },
    cooldown: 'P7D',
  }),
  ruleOf('moves-to-the-capital', place, { change: { field: 'event.region', from: [70, 71], to: 77 } }),
  ruleOf('bonus-to-main', balance, {
    where: 'event.reason == "transfer"',
    change: { field: 'event.account', from: 'bonus', to: 'main' },
  }),
  ruleOf('other-product', pack, {
    where: 'event.channel == "shop"',
    change: { field: 'event.productId' },
    cooldown: 'P1D',
  }),
]

const thresholds: BenchRule[] = [
  ruleOf('payg-often', usage, {
    where: 'event.charging == "payg"',
    threshold: { aggregate: 'count', window: 'PT1H', reaches: 5 },
    cooldown: 'PT6H',
  }),
  ruleOf('gigabytes-in-a-day', usage, {
    threshold: { aggregate: 'sum', of: 'event.volumeMb', window: 'day', reaches: 3000 },
    cooldown: 'PT24H',
  }),
  ruleOf('day-charges', usage, {
    where: 'event.chargeMinor > 0',
    threshold: { aggregate: 'sum', of: 'event.chargeMinor', window: 'day', reaches: 60_000 },
    cooldown: 'PT12H',
  }),
  ruleOf('longest-session', usage, {
    where: 'event.sessionS >= 3600',
    threshold: { aggregate: 'max', of: 'event.sessionS', window: 'PT6H', reaches: 8_500 },
    cooldown: 'PT24H',
  }),
  ruleOf('lowest-balance', balance, {
    where: 'event.account == "main" && event.balanceMinor < 2000',
    threshold: { aggregate: 'min', of: 'event.balanceMinor', window: 'PT1H', fallsTo: 1, rearm: 1_000 },
    cooldown: 'PT24H',
  }),
  ruleOf('average-speed', place, {
    where: 'event.speedKmh >= 60.0',
    threshold: { aggregate: 'average', of: 'event.speedKmh', window: 'PT2H', reaches: 200, rearm: 90 },
    cooldown: 'PT12H',
  }),
  ruleOf('many-cells', place, {
    where: 'event.speedKmh >= 40.0',
    threshold: { aggregate: 'distinct', of: 'event.cell', window: 'PT30M', reaches: 9 },
    cooldown: 'PT6H',
  }),
  ruleOf('many-countries', place, {
    where: 'event.roaming',
    threshold: { aggregate: 'distinct', of: 'event.country', window: 'day', reaches: 3 },
  }),
  ruleOf('balance-now', balance, {
    where: 'event.balanceMinor < 20000',
    threshold: { aggregate: 'last', of: 'event.balanceMinor', window: 'PT24H', fallsTo: 2, rearm: 5_000 },
    cooldown: 'P1D',
  }),
  ruleOf('same-terminal-again', payment, {
    key: 'event.terminal',
    threshold: { aggregate: 'count', window: 'PT24H', reaches: 2 },
    cooldown: 'PT24H',
  }),
  ruleOf('offers-in-an-hour', app, {
    where: 'event.screen == "offers"',
    threshold: { aggregate: 'count', window: 'hour', reaches: 3 },
    cooldown: 'PT6H',
  }),
  ruleOf('week-payments', payment, {
    threshold: { aggregate: 'sum', of: 'event.amountMinor', window: 'week', reaches: 900_000 },
    cooldown: 'P7D',
  }),
  ruleOf('moving-now', place, {
    where: 'event.speedKmh >= 60.0',
    threshold: { aggregate: 'count', window: 'PT10M', reaches: 3 },
    cooldown: 'PT1H',
  }),
  ruleOf('month-packages', pack, {
    threshold: { aggregate: 'sum', of: 'event.priceMinor', window: 'month', reaches: 250_000 },
    limit: { times: 1, per: 'month' },
  }),
]

const sequences: BenchRule[] = [
  ruleOf('pays-then-buys', payment, {
    where: 'event.amountMinor >= 200000',
    sequence: { then: [{ on: pack }], within: 'PT15M' },
    cooldown: 'PT1H',
  }),
  ruleOf('abroad-then-payg', place, {
    where: 'event.roaming',
    sequence: {
      then: [{ on: usage, where: 'event.charging == "payg" && event.volumeMb > 30.0' }],
      within: 'PT1H',
    },
    cooldown: 'PT24H',
  }),
  ruleOf('offer-then-package', app, {
    where: 'event.screen == "offers"',
    sequence: { then: [{ on: pack, where: 'event.channel == "app"' }], within: 'PT1H' },
  }),
  ruleOf('empty-pays-buys', balance, {
    where: 'event.balanceMinor < 1000',
    sequence: {
      then: [
        { on: payment, where: 'event.amountMinor >= 50000' },
        { on: pack, where: 'event.priceMinor <= previous.amountMinor' },
      ],
      within: 'PT2H',
    },
    cooldown: 'PT24H',
  }),
  ruleOf('leaves-the-capital', place, {
    where: 'event.region == 77',
    sequence: {
      then: [{ on: place, where: 'event.region != first.region && event.speedKmh >= 100.0' }],
      within: 'PT10M',
    },
    cooldown: 'PT24H',
  }),
]

// The waits are longer than the event time that a run covers, but for the last: the clock of the engine is the
// wall's, while the stream's time runs faster, so that short waits would end before what they wait for arrives.
const absences: BenchRule[] = [
  ruleOf('package-unused', pack, {
    absence: { then: usage, thenWhere: 'event.volumeMb >= 100.0', within: 'P1D' },
    cooldown: 'P7D',
  }),
  ruleOf('paid-bought-nothing', payment, {
    where: 'event.amountMinor >= 300000',
    absence: { then: pack, within: 'P1D' },
    cooldown: 'P7D',
  }),
  ruleOf('payment-given-up', app, {
    where: 'event.screen == "payment"',
    absence: { then: payment, within: 'PT4H' },
    cooldown: 'P1D',
  }),
  ruleOf('silent-abroad', place, {
    where: 'event.roaming',
    absence: { then: usage, thenWhere: 'event.volumeMb > 50.0', within: 'P1D' },
    cooldown: 'P7D',
  }),
  ruleOf('payg-falls-silent', usage, {
    where: 'event.charging == "payg"',
    absence: { within: 'P3D' },
    cooldown: 'P7D',
  }),
  ruleOf('stays-empty', balance, {
    where: 'event.balanceMinor < 100',
    absence: { then: payment, within: 'PT6H' },
    cooldown: 'P1D',
  }),
  ruleOf('fee-without-topup', balance, {
    where: 'event.reason == "fee" && event.amountMinor < -86000',
    absence: { then: balance, thenWhere: 'event.reason == "topup"', within: 'PT30M' },
    cooldown: 'P1D',
  }),
]

/** The fifty rules that the figures are about. */
export const fiftyRules: BenchRule[] = [...matches, ...changes, ...thresholds, ...sequences, ...absences]
