import type { Cascade } from './contract.ts'
import { cheapestOrder } from './reachability.ts'
import type { ChannelHistory } from './cascade-report-store.ts'

/** For so many beginners the page shows what to expect. */
export const RECIPIENTS = 1_000

/** A channel must have been tried so often before its own shares are believed. */
const ENOUGH = 200

type Until = Cascade['steps'][number]['until']

/**
 * Shares of what is sent that arrive, where there is no history yet: round figures in the middle of what operators and
 * providers publish of themselves, shown as assumptions and meant to be overwritten.
 */
const ASSUMED_DELIVERED: Record<string, number> = {
  sms: 0.95,
  dstk: 0.75,
  ussd: 0.8,
  mms: 0.85,
  rcs: 0.5,
  email: 0.6,
  push: 0.4,
  webpush: 0.25,
  telegram: 0.3,
  whatsapp: 0.5,
  viber: 0.45,
  calendar: 0.5,
  inbox: 0.3,
  'telegram-ads': 0.35,
}
const ASSUMED_OF_DELIVERED: Record<Until, number> = {
  accepted: 1.03,
  delivered: 1,
  seen: 0.6,
  clicked: 0.06,
  answered: 0.08,
}

/** The chance that a message of a channel does what a step waits for, when nothing is known. */
export function assumedReach(channel: string, until: Until): number {
  return Math.min(1, (ASSUMED_DELIVERED[channel] ?? 0.5) * ASSUMED_OF_DELIVERED[until])
}

export type BelievedReach = {
  reach: number
  from: 'history' | 'assumption' | 'given'
  tried: number
  /** The share of those who come to the step to whom something is sent at all. */
  sentShare: number
}

/** What is believed of a step: what somebody gave, else the channel's own history where there is enough, else defaults. */
export function believedReach(
  channel: string,
  until: Until,
  history: ChannelHistory | undefined,
  given: number | undefined,
): BelievedReach {
  const tried = history?.tried ?? 0
  const isEnough = history !== undefined && tried >= ENOUGH
  const sentShare = isEnough ? history.sent / tried : 1
  if (given !== undefined)
    return { reach: given, from: 'given', tried, sentShare: Math.max(sentShare, given) }
  if (isEnough) return { reach: history[until] / tried, from: 'history', tried, sentShare }
  return { reach: assumedReach(channel, until), from: 'assumption', tried, sentShare: 1 }
}

/** A step as it is weighed: minor units of one message, and what is believed of it. */
export type WeighedStep = { place: number; messageMinor: number; reach: number; sentShare: number }

export type ExpectedStep = {
  place: number
  entering: number
  sent: number
  reached: number
  costMinor: number
}

/**
 * Who come to each step, and what it costs: whoever a step reached needs no further one. `byCost` puts the steps in the
 * order of expected cost for one reached subscriber (`cheapestOrder`). Amounts are expectations in minor units.
 */
export function expectedSteps(steps: WeighedStep[], byCost: boolean): ExpectedStep[] {
  const prices = steps.map(({ messageMinor, sentShare, reach }) => ({
    priceMinor: BigInt(Math.round(messageMinor * sentShare * 1_000)),
    reach,
  }))
  const order = byCost ? cheapestOrder(prices).map((place) => steps[place]!) : steps
  let entering = RECIPIENTS
  return order.map(({ place, messageMinor, reach, sentShare }) => {
    const expected = {
      place,
      entering,
      sent: entering * sentShare,
      reached: entering * reach,
      costMinor: entering * sentShare * messageMinor,
    }
    entering -= expected.reached
    return expected
  })
}
