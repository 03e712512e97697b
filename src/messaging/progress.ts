import type { DeliveryReceipt, SubmitOutcome } from './channel.ts'
import { noteContact, noteMessage, SUBMITTED } from './facts.ts'
import { isLost, type Message, reaches, type Run, stateAfterReceipt } from './message.ts'
import type { WorkingSet } from './working-set.ts'

/** What the channel says of a submission, once a mark. `nowMs` is when it said so. */
export function applyOutcome(set: WorkingSet, message: Message, outcome: SubmitOutcome, nowMs: number): void {
  message.isInFlight = false
  const isTaken = outcome.outcome === 'accepted' || outcome.outcome === 'unknown'
  if (message.state !== 'submitting') {
    // Nobody waits for the channel's word any more, so that the run may leave memory.
    set.changed(message.run)
    // A receipt was faster and knows more; what is new is only the provider's id, for the receipts to come.
    if (outcome.outcome === 'accepted') {
      set.setProviderIds(message, outcome.providerMessageId)
      set.changedMessage(message)
    }
    if (isTaken) contact(set, message.run, message.markedMs)
    return
  }
  set.changedMessage(message)
  switch (outcome.outcome) {
    case 'accepted':
      message.state = 'submitted'
      message.submittedMs = nowMs
      set.setProviderIds(message, outcome.providerMessageId)
      noteMessage(message, SUBMITTED, nowMs)
      break
    case 'unknown':
      message.state = 'unknown'
      message.reason = outcome.reason
      message.submittedMs = nowMs
      noteMessage(message, 'message_unknown', nowMs, outcome.reason)
      break
    case 'refused':
      message.state = 'failed'
      message.reason = outcome.reason
      message.settledMs = nowMs
      noteMessage(message, 'message_refused', nowMs, outcome.reason)
      break
    case 'retry':
      if (!message.run.isActive) return hold(set, message, message.run.outcome ?? 'finished', null, nowMs)
      // The channel did not take it, so it may wait for the channel; the gate looks again, also at its freshness.
      message.state = 'queued'
      message.postponedFor = outcome.reason
      message.notBeforeMs = nowMs + Math.max(1_000, outcome.afterMs)
      if (message.run.isActive && message.run.step === message.step)
        set.setDue(message.run, message.notBeforeMs)
      return
  }
  if (isTaken) contact(set, message.run, message.markedMs)
  const isOver = isLost(message.state) || reaches(message.state, message.until)
  setTimer(set, message, isOver ? nowMs : nowMs + message.waitMs)
}

/**
 * What a receipt says of a message, unless that was known. `nowMs` is when it came in. A receipt that reaches the aim or
 * says that the message is lost makes the run due at once.
 */
export function applyReceipt(
  set: WorkingSet,
  message: Message,
  receipt: Pick<DeliveryReceipt, 'status' | 'reason' | 'atMs'>,
  nowMs: number,
): void {
  const from = message.state
  const state = stateAfterReceipt(from, receipt.status)
  if (state === undefined) return
  const reason = receipt.reason ?? (receipt.status === 'expired' ? 'expired' : undefined)
  // A receipt is also the proof that the message had been taken, where that was not known.
  if (from === 'unknown' || from === 'submitting') {
    noteMessage(message, SUBMITTED, receipt.atMs, 'resolved_by_receipt')
    message.submittedMs ??= receipt.atMs
  }
  if (state !== 'submitted') {
    noteMessage(message, `message_${state}`, receipt.atMs, reason)
    message.settledMs = receipt.atMs
  }
  message.state = state
  if (reason !== undefined) message.reason = reason
  set.changedMessage(message)
  if (reaches(state, message.until) || isLost(state)) setTimer(set, message, nowMs)
  // One that overtook the channel's word starts the wait.
  else if (from === 'submitting') setTimer(set, message, nowMs + message.waitMs)
  if (from === 'submitting') contact(set, message.run, message.markedMs)
}

/** Ends a run: no further step follows, whatever still comes back for its messages. */
export function finish(set: WorkingSet, run: Run, outcome: string, nowMs: number): void {
  run.isActive = false
  run.outcome = outcome
  run.finishedMs = nowMs
  set.setDue(run, null)
}

/** Keeps a message from being sent, for good; its cascade goes on at once. */
export function hold(
  set: WorkingSet,
  message: Message,
  reason: string,
  saw: object | null,
  nowMs: number,
): void {
  message.state = 'held'
  message.reason = reason
  message.saw = saw
  message.settledMs = nowMs
  set.changedMessage(message)
  noteMessage(message, 'message_held', nowMs, reason)
  setTimer(set, message, nowMs)
}

function setTimer(set: WorkingSet, message: Message, dueMs: number): void {
  const { run } = message
  if (run.isActive && run.step === message.step) set.setDue(run, dueMs)
}

function contact(set: WorkingSet, run: Run, atMs: number): void {
  if (run.contactedMs !== null) return
  run.contactedMs = atMs
  set.changed(run)
  noteContact(run, atMs)
}

/** The subscriber answered: whoever answered is not asked again, and what still waits to be sent is not sent. */
export function answered(set: WorkingSet, run: Run, outcome: 'answered' | 'opted_out', nowMs: number): void {
  for (const message of run.messages) {
    if (message?.state !== 'queued') continue
    message.state = 'held'
    message.reason = outcome
    message.settledMs = nowMs
    set.changedMessage(message)
  }
  if (run.isActive) finish(set, run, outcome, nowMs)
}
