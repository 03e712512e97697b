import type { Draw } from './draw.ts'

/** A configuration document as `PUT /v1/documents` and the engine take it. */
export type Document = { kind: string; id: string } & Record<string, unknown>

const CELLS = 1_000
const REGIONS = 85
const PRODUCTS = 1_000
const TERMINALS = 1_000

/** One kind of event: its part of all events, its declared fields, and how its data are drawn. */
type Kind = { share: number; properties: Record<string, object>; data(draw: Draw): Record<string, unknown> }

const int = { type: 'integer' }
const double = { type: 'number' }
const string = { type: 'string' }
const bool = { type: 'boolean' }

/** What an operator's systems tell about a subscriber, in about the proportions of a mobile network. */
const kinds: Record<string, Kind> = {
  'usage.recorded': {
    share: 0.45,
    properties: {
      volumeMb: double,
      charging: string,
      usedPercent: int,
      chargeMinor: int,
      rat: string,
      sessionS: int,
    },
    data: (draw) => {
      const isHeavy = draw.below(100) === 0
      const volumeMb = Math.round(draw.exponential(isHeavy ? 500 : 25) * 100) / 100
      const charging = draw.below(10) === 0 ? 'payg' : 'package'
      return {
        volumeMb,
        charging,
        usedPercent: draw.below(101),
        chargeMinor: charging === 'payg' ? Math.round(volumeMb * 100) : 0,
        rat: draw.pick([
          ['2g', 3],
          ['3g', 7],
          ['4g', 50],
          ['5g', 40],
        ]),
        sessionS: Math.round(draw.exponential(900)),
      }
    },
  },
  'balance.changed': {
    share: 0.2,
    properties: { balanceMinor: int, amountMinor: int, reason: string, account: string, currency: string },
    data: (draw) => {
      const reason = draw.pick([
        ['usage', 75],
        ['topup', 20],
        ['fee', 4],
        ['transfer', 1],
      ])
      const amounts = {
        usage: -draw.exponential(500),
        topup: 5_000 + draw.unit() * 95_000,
        fee: -30_000 - draw.unit() * 60_000,
        transfer: draw.unit() * 200_000,
      }
      return {
        balanceMinor: Math.floor(draw.unit() ** 2 * 500_000),
        amountMinor: Math.round(amounts[reason]),
        reason,
        account: draw.below(20) === 0 ? 'bonus' : 'main',
        currency: 'RUB',
      }
    },
  },
  'payment.received': {
    share: 0.04,
    properties: { amountMinor: int, method: string, terminal: int, orderId: string, auto: bool },
    data: (draw) => ({
      amountMinor: 5_000 + Math.floor(draw.unit() ** 2 * 495_000),
      method: draw.pick([
        ['card', 50],
        ['sbp', 35],
        ['cash', 15],
      ]),
      terminal: draw.below(TERMINALS),
      orderId: `o-${String(draw.below(1_000_000)).padStart(6, '0')}`,
      auto: draw.below(5) === 0,
    }),
  },
  'location.changed': {
    share: 0.22,
    properties: { cell: int, region: int, roaming: bool, country: string, speedKmh: double },
    data: (draw) => {
      const cell = draw.below(CELLS)
      const roaming = draw.below(50) === 0
      const abroad = draw.pick([
        ['TR', 30],
        ['AE', 20],
        ['TH', 20],
        ['KZ', 30],
      ])
      return {
        cell,
        region: cell % REGIONS,
        roaming,
        country: roaming ? abroad : 'RU',
        speedKmh: Math.round(draw.exponential(30) * 10) / 10,
      }
    },
  },
  'package.activated': {
    share: 0.02,
    properties: { productId: string, priceMinor: int, volumeMb: int, channel: string, autoRenew: bool },
    data: (draw) => ({
      productId: productId(draw.below(PRODUCTS)),
      priceMinor: 10_000 + draw.below(900) * 100,
      volumeMb: 1_024 * (1 + draw.below(50)),
      channel: draw.pick([
        ['app', 60],
        ['ussd', 30],
        ['shop', 10],
      ]),
      autoRenew: draw.below(10) < 6,
    }),
  },
  'app.opened': {
    share: 0.07,
    properties: { screen: string, os: string, build: int, sessionS: int, push: bool },
    data: (draw) => ({
      screen: draw.pick([
        ['home', 70],
        ['balance', 17],
        ['offers', 8],
        ['payment', 5],
      ]),
      os: draw.below(10) < 6 ? 'android' : 'ios',
      build: 3_000 + draw.below(1_000),
      sessionS: Math.round(draw.exponential(40)),
      push: draw.below(7) === 0,
    }),
  },
}

/** The event types as documents. */
export const eventTypes: Document[] = Object.entries(kinds).map(([id, { properties }]) => ({
  kind: 'EventType',
  id,
  subject: 'subscriber',
  schema: { type: 'object', required: Object.keys(properties), additionalProperties: false, properties },
}))

/** The names of the event types. */
export const typeNames: string[] = Object.keys(kinds)

/** The id of the nth product. */
export function productId(n: number): string {
  return `p-${String(n).padStart(4, '0')}`
}

/** Type and data of a random event. */
export function drawEvent(draw: Draw): { type: string; data: Record<string, unknown> } {
  const type = draw.pick(typeNames.map((name) => [name, kinds[name]!.share] as const))
  return { type, data: kinds[type]!.data(draw) }
}

/** Subscriber n (from 0) has this phone number; the database knows it under the number n + 1. */
export const MSISDN_PREFIX = '+790'
export const MSISDN_DIGITS = 8

/** Event time from one event of a subscriber to the next, on average. */
const PACE_MS = 600_000

/** Event time from one event of the stream to the next, milliseconds: more subscribers, more events a second. */
export function spacingMs(subscribers: number): number {
  return PACE_MS / subscribers
}
