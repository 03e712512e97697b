import type { Problem } from '../platform/index.ts'

/** What became of an event: one that was refused is kept as a dead letter. */
export type Outcome = 'accepted' | 'duplicate' | { problem: Problem; deadLetterId: string }

export type RejectedEvent = { index: number; problem: Problem; deadLetterId: string }
export type IngestResult = { accepted: number; duplicates: number; rejected: RejectedEvent[] }

/** Adds what became of some events, the first of which has this place in the request. */
export function addOutcomes(result: IngestResult, outcomes: Outcome[], firstIndex: number): void {
  outcomes.forEach((outcome, i) => {
    if (outcome === 'accepted') result.accepted++
    else if (outcome === 'duplicate') result.duplicates++
    else result.rejected.push({ index: firstIndex + i, ...outcome })
  })
}
