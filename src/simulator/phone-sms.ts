import { nextReachable, smsReadAt } from './attention.ts'
import { choose, type Option } from './decision.ts'
import { purpose, textCounter } from './draw.ts'
import { textHash } from './journal.ts'
import { type OfferedOption, offersIn } from './offer-text.ts'
import { annoy, situationOf } from './situation.ts'
import type { ReceiptStatus } from './smsc-port.ts'
import type { World } from './world.ts'

/** An SMS that the message centre has taken: all parts joined, `messageId` as receipts need it. */
export type TakenSms = { address: string; text: string; messageId: string; reference?: number }

type Sms = TakenSms & { subscriber: number; takenAtMs: number; counter: number }

/**
 * The message centre has an SMS for a subscriber: it reaches the phone after its transit, waits while the phone is
 * away, expires, or is refused by the handset. All of it lies strictly after the present moment.
 */
export function takeSms(world: World, sms: TakenSms): void {
  const subscriber = world.people.byMsisdn(sms.address)
  if (subscriber === undefined) return
  const { draws, b, schedule } = world
  const takenAtMs = world.clock.nowMs()
  const taken: Sms = { ...sms, subscriber, takenAtMs, counter: textCounter(sms.text, takenAtMs) }
  const transitMs = draws.spread(b.coverage.smsTransitS, subscriber, purpose.smsTransit, taken.counter) * 1000
  const arrivalMs = Math.ceil(nextReachable(world, subscriber, takenAtMs + 1 + transitMs))
  const expiryMs = takenAtMs + b.coverage.smsValidityH * 3_600_000
  if (arrivalMs > expiryMs) {
    receipt(world, taken, 'EXPIRED', expiryMs)
  } else if (draws.chance(b.coverage.smsRefusedShare, subscriber, purpose.smsRefused, taken.counter)) {
    receipt(world, taken, 'UNDELIV', arrivalMs)
  } else {
    schedule.act(arrivalMs, subscriber, () => arrive(world, taken, arrivalMs))
  }
}

function arrive(world: World, sms: Sms, atMs: number): void {
  const { subscriber } = sms
  world.state.messages[subscriber]!++
  world.journal.add(world.people.keys[subscriber]!, atMs, {
    what: 'message',
    channel: 'sms',
    reference: String(sms.reference ?? ''),
    textHash: textHash(sms.text),
  })
  receipt(world, sms, 'DELIVRD', atMs)
  const readAtMs = smsReadAt(world, subscriber, atMs, sms.counter)
  if (readAtMs !== undefined) world.schedule.act(readAtMs, subscriber, () => read(world, sms, readAtMs))
}

/** The receipt goes back, or is lost, or goes back twice. */
function receipt(world: World, sms: Sms, status: ReceiptStatus, atMs: number): void {
  const { draws, b, schedule, calls } = world
  const { subscriber, counter, messageId, address, reference } = sms
  if (draws.chance(b.smsc.receiptLostShare, subscriber, purpose.receiptLost, counter)) return
  const transitMs =
    draws.spread(b.coverage.receiptTransitS, subscriber, purpose.receiptTransit, counter) * 1000
  const sentAtMs = Math.ceil(atMs + 1 + transitMs)
  const send = (): void =>
    calls.add(subscriber, (tenure) => tenure.sendReceipt({ messageId, address, status, reference, atMs }))
  schedule.act(sentAtMs, subscriber, send)
  if (draws.chance(b.smsc.receiptDoubledShare, subscriber, purpose.receiptDoubled, counter)) {
    schedule.act(sentAtMs + 1500, subscriber, send)
  }
}

function read(world: World, sms: Sms, atMs: number): void {
  const { state, draws, b, schedule } = world
  const { subscriber, counter } = sms
  const situation = situationOf(world, subscriber, atMs)
  annoy(world, subscriber, atMs)
  if (atMs < state.decidedUntilMs[subscriber]!) return
  const answerable = offersIn(sms.text).filter((offer) => offer.sizeMb > 0 && (offer.code ?? offer.keyword))
  const options = answerable.map((offer): Option => ({
    ...offer,
    keyPresses: easiestWay(world, offer).keyPresses,
    byMessage: true,
  }))
  const taste = (index: number): number => draws.gumbel(subscriber, purpose.smsTaste, counter + index)
  const chosen = choose(options, situation, taste, b)
  if (chosen === undefined) return
  const thinkMs = draws.spread(b.reading.smsThinkS, subscriber, purpose.smsThink, counter) * 1000
  const answerAtMs = Math.ceil(atMs + 1000 + thinkMs)
  state.decidedUntilMs[subscriber] = answerAtMs + 3_600_000
  const way = easiestWay(world, answerable[chosen]!)
  schedule.act(answerAtMs, subscriber, () => answer(world, subscriber, way, answerAtMs))
}

type Way = { code?: string; keyword?: string; keyPresses: number }

/** Dialling or replying, whichever takes fewer keys. */
function easiestWay(world: World, offer: OfferedOption): Way {
  const keys = world.b.keyPresses
  const ways: Way[] = []
  if (offer.code) ways.push({ code: offer.code, keyPresses: keys.dialling + offer.code.length })
  if (offer.keyword) ways.push({ keyword: offer.keyword, keyPresses: keys.replying + offer.keyword.length })
  return ways.reduce((best, way) => (way.keyPresses < best.keyPresses ? way : best))
}

function answer(world: World, subscriber: number, way: Way, atMs: number): void {
  const { people, state, journal, calls } = world
  const address = people.msisdn[subscriber]!
  const number = state.answers[subscriber]!++
  const overSmpp = people.ussdOverSmpp[subscriber] === 1
  const channel = way.keyword ? 'sms' : overSmpp ? 'ussd-smpp' : 'ussd-http'
  const said = way.keyword ?? way.code!
  journal.add(people.keys[subscriber]!, atMs, { what: 'answer', channel, answer: said })
  if (way.keyword) {
    const text = way.keyword
    calls.add(subscriber, (tenure) => tenure.sendKeyword({ address, text }))
    return
  }
  const dial = { session: `${people.keys[subscriber]!}-${world.startMs}-${number}`, address, code: said }
  calls.add(subscriber, async (tenure) => {
    await (overSmpp ? tenure.dialSmpp(dial) : tenure.dialHttp(dial))
  })
}

/** Whether the message centre answers "throttled" to a part: a keyed share, each at most once a moment. */
export class Throttle {
  readonly #world: World
  #momentMs = 0
  readonly #refused = new Set<string>()

  constructor(world: World) {
    this.#world = world
  }

  shouldThrottle(part: { address: string; text: string; reference?: number }): boolean {
    const { people, clock, draws, b } = this.#world
    const subscriber = people.byMsisdn(part.address)
    if (subscriber === undefined) return false
    const nowMs = clock.nowMs()
    if (nowMs !== this.#momentMs) this.#refused.clear()
    this.#momentMs = nowMs
    const counter = textCounter(part.text, nowMs)
    if (!draws.chance(b.smsc.throttledPartShare, subscriber, purpose.throttle, counter)) return false
    const key = `${subscriber}:${counter}`
    if (this.#refused.has(key)) return false
    this.#refused.add(key)
    return true
  }
}
