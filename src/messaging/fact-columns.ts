import type { FactColumns, FactForm } from '../platform/index.ts'
import { SUBMITTED } from './facts.ts'
import type { Note, Run } from './message.ts'

/** Adds the facts that these notes of one run stand for, the same ones as `factsOf`, without an object for each. */
export function addFacts(facts: FactColumns, run: Run, notes: Note[] | null): void {
  if (notes === null) return
  const { subscriberId, campaignId, arm, runId, allSmsMinor } = run
  for (const [kind, step, atMs, reason] of notes) {
    if (step < 0) {
      facts.add({ kind, campaignId, arm, costMinor: allSmsMinor }, atMs, subscriberId, runId)
      continue
    }
    const { channel, messageId, costMinor, parts } = run.messages[step]!
    const form: FactForm = { kind, campaignId, arm, channel }
    if (reason !== null) form.reason = reason
    if (kind === SUBMITTED) {
      form.costMinor = costMinor
      form.quantity = parts
    }
    facts.add(form, atMs, subscriberId, messageId)
  }
}
