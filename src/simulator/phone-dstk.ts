import { reachable, seesPopUp } from './attention.ts'
import { choose, type Option } from './decision.ts'
import { purpose, textCounter } from './draw.ts'
import { textHash } from './journal.ts'
import { offersIn } from './offer-text.ts'
import { annoy, situationOf } from './situation.ts'
import type { DstkEvent } from './tenure-port.ts'
import type { World } from './world.ts'

export type PushChoice = { id: string; label: string }

export type Push = {
  token: string
  messageId: string
  subscriber: number
  text: string
  choices: PushChoice[]
  /** Epoch ms; nobody wants it later. */
  validUntilMs: number
}

type PopUp = Push & { counter: number }

/**
 * The gateway has a pop-up for a subscriber: it is shown after its transit if the phone is on and the SIM has the
 * applet; then it is answered, cancelled, or closes by itself. All of it lies strictly after the present moment.
 */
export function takePush(world: World, push: Push): void {
  const { draws, b, schedule, people } = world
  const { subscriber } = push
  const nowMs = world.clock.nowMs()
  const popUp: PopUp = { ...push, counter: textCounter(push.text, nowMs) }
  const transitMs =
    draws.spread(b.coverage.popUpTransitS, subscriber, purpose.popUpTransit, popUp.counter) * 1000
  const atMs = Math.ceil(nowMs + 1 + transitMs)
  schedule.act(atMs, subscriber, () => {
    const inTime = atMs <= popUp.validUntilMs
    if (people.applet[subscriber] && inTime && reachable(world, subscriber, atMs)) show(world, popUp, atMs)
    else report(world, popUp, 'unreachable', atMs)
  })
}

function show(world: World, popUp: PopUp, atMs: number): void {
  const { state, b, schedule, draws } = world
  const { subscriber, counter } = popUp
  state.messages[subscriber]!++
  const entry = {
    what: 'message',
    channel: 'dstk',
    reference: popUp.messageId,
    textHash: textHash(popUp.text),
  } as const
  world.journal.add(world.people.keys[subscriber]!, atMs, entry)
  report(world, popUp, 'shown', atMs)
  const timeoutMs = atMs + b.reading.popUpTimeoutS * 1000
  const chosen = seesPopUp(world, subscriber, atMs, counter) ? decide(world, popUp, atMs) : 'unseen'
  if (chosen === 'unseen') {
    schedule.act(timeoutMs, subscriber, () => report(world, popUp, 'no_answer', timeoutMs))
    return
  }
  const thinkMs = draws.spread(b.reading.popUpThinkS, subscriber, purpose.popUpThink, counter) * 1000
  const answerAtMs = Math.ceil(Math.min(atMs + 1000 + thinkMs, timeoutMs - 1))
  if (chosen === undefined) {
    const cancels = draws.chance(b.reading.popUpCancelShare, subscriber, purpose.popUpCancel, counter)
    const endMs = cancels ? answerAtMs : timeoutMs
    schedule.act(endMs, subscriber, () => report(world, popUp, cancels ? 'refused' : 'no_answer', endMs))
    return
  }
  state.decidedUntilMs[subscriber] = answerAtMs + 3_600_000
  schedule.act(answerAtMs, subscriber, () => {
    state.answers[subscriber]!++
    const said = { what: 'answer', channel: 'dstk', answer: chosen.id ?? 'ok' } as const
    world.journal.add(world.people.keys[subscriber]!, answerAtMs, said)
    report(world, popUp, 'accepted', answerAtMs, chosen.id)
  })
}

/** What the person does with it: the accepted choice (no id where there was nothing but OK), or undefined. */
function decide(world: World, popUp: PopUp, atMs: number): { id?: string } | undefined {
  const { state, draws, b } = world
  const { subscriber, counter } = popUp
  const situation = situationOf(world, subscriber, atMs)
  annoy(world, subscriber, atMs)
  if (atMs < state.decidedUntilMs[subscriber]!) return undefined
  const offered = offeredBy(popUp)
  const keyPresses = offered.length > 1 ? b.keyPresses.popUpMenu : b.keyPresses.popUpOk
  const options = offered.map((offer): Option => ({ ...offer, keyPresses, byMessage: true }))
  const taste = (index: number): number => draws.gumbel(subscriber, purpose.popUpTaste, counter + index)
  const chosen = choose(options, situation, taste, b)
  const id = chosen === undefined ? undefined : offered[chosen]!.id
  if (chosen === undefined) return undefined
  return id === undefined ? {} : { id }
}

type Offered = { id: string | undefined; sizeMb: number; priceMinor: number | undefined; onCredit: boolean }

/** Options of a pop-up: each choice that names a size is one; else the text's offer, taken with the first choice. */
function offeredBy(popUp: PopUp): Offered[] {
  const named = popUp.choices.flatMap((choice): Offered[] => {
    const offer = offersIn(choice.label)[0]
    if (!offer || offer.sizeMb <= 0) return []
    return [{ id: choice.id, sizeMb: offer.sizeMb, priceMinor: offer.priceMinor, onCredit: offer.onCredit }]
  })
  const inText = offersIn(popUp.text).find((offer) => offer.sizeMb > 0)
  if (named.length > 0)
    return named.map((offer) => ({ ...offer, onCredit: offer.onCredit || inText?.onCredit === true }))
  if (!inText) return []
  const { sizeMb, priceMinor, onCredit } = inText
  return [{ id: popUp.choices[0]?.id, sizeMb, priceMinor, onCredit }]
}

function report(world: World, popUp: PopUp, event: DstkEvent, atMs: number, choice?: string): void {
  const { token, messageId, subscriber } = popUp
  const at = new Date(atMs).toISOString()
  const body = { token, messageId, event, ...(choice === undefined ? {} : { choice }), at }
  world.calls.add(subscriber, (tenure) => tenure.dstkCallback(body))
}
