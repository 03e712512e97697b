import type { Clock, Database, Problem } from '../platform/index.ts'
import { listedItems, type ReplayAnswer, type ReplayRequest } from './contract.ts'
import type { Ingestion, Verdict } from './ingestion.ts'
import { isLate, judgeLate, type LateLetter } from './late.ts'
import * as store from './store.ts'

/** Letters that are judged and settled together. */
const BATCH_LETTERS = 2_000

/**
 * Puts dead letters through ingestion again, as they came or with a mended event in their place. A letter whose
 * event is taken is settled; one refused again stays open with its new problem. The event is appended before its
 * letter is settled: after a crash between the two, the next replay finds a duplicate and settles it then.
 */
export async function replayLetters(
  dependencies: { database: Database; clock: Clock; ingestion: Ingestion },
  tenantId: string,
  request: ReplayRequest,
): Promise<ReplayAnswer> {
  const { database } = dependencies
  const answer: ReplayAnswer = { accepted: 0, duplicates: 0, refused: 0, notOpen: 0, letters: [] }
  if ('all' in request) {
    for (let after = ''; ;) {
      const letters = await database.tx(tenantId, (tx) =>
        store.selectDeadLetters(tx, 'open', after, BATCH_LETTERS),
      )
      if (letters.length === 0) return answer
      after = letters.at(-1)!.deadLetterId
      await replayBatch(dependencies, tenantId, letters, answer)
    }
  }
  const mended: { deadLetterId: string; mended?: unknown }[] =
    'events' in request
      ? request.events.map(({ deadLetterId, event }) => ({ deadLetterId, mended: event }))
      : request.ids.map((id) => ({ deadLetterId: id }))
  for (let at = 0; at < mended.length; at += BATCH_LETTERS) {
    const asked = new Map(mended.slice(at, at + BATCH_LETTERS).map((one) => [one.deadLetterId, one]))
    const open = await database.tx(tenantId, (tx) => store.selectOpenByIds(tx, [...asked.keys()]))
    const letters = open.map((letter) => ({ ...letter, ...asked.get(letter.deadLetterId) }))
    await replayBatch(dependencies, tenantId, letters, answer)
    for (const letter of open) asked.delete(letter.deadLetterId)
    for (const deadLetterId of asked.keys()) note(answer, deadLetterId, 'not_open')
  }
  return answer
}

/**
 * Takes in what was held for these identities, which are known now. What is refused for another reason waits for a
 * person from then on.
 */
export async function releaseHeld(
  dependencies: { database: Database; clock: Clock; ingestion: Ingestion },
  tenantId: string,
  identities: string[],
): Promise<number> {
  const answer: ReplayAnswer = { accepted: 0, duplicates: 0, refused: 0, notOpen: 0, letters: [] }
  for (let after = ''; ;) {
    const letters = await dependencies.database.tx(tenantId, (tx) =>
      store.selectHeldFor(tx, identities, after, BATCH_LETTERS),
    )
    if (letters.length === 0) return answer.accepted
    after = letters.at(-1)!.deadLetterId
    await replayBatch(dependencies, tenantId, letters, answer)
  }
}

/** Looks through everything that is held: an import of another process may have made its subscriber known. */
export async function recheckHeld(
  dependencies: { database: Database; clock: Clock; ingestion: Ingestion },
  tenantId: string,
): Promise<number> {
  const answer: ReplayAnswer = { accepted: 0, duplicates: 0, refused: 0, notOpen: 0, letters: [] }
  for (let after = ''; ;) {
    const letters = await dependencies.database.tx(tenantId, (tx) =>
      store.selectDeadLetters(tx, 'held', after, BATCH_LETTERS),
    )
    if (letters.length === 0) return answer.accepted
    after = letters.at(-1)!.deadLetterId
    await replayBatch(dependencies, tenantId, letters, answer)
  }
}

type Letter = LateLetter & { deadLetterId: string }

/** A verdict for each letter. What came too late once is judged in its own way. */
async function verdictsOf(ingestion: Ingestion, tenantId: string, letters: Letter[]): Promise<Verdict[]> {
  const late = letters.filter(isLate)
  const usual = letters.filter((letter) => !isLate(letter))
  const lateVerdicts = await ingestion.take(tenantId, late, judgeLate)
  const usualVerdicts = await ingestion.take(
    tenantId,
    usual.map(({ event, mended }) => (mended === undefined ? event : mended)),
  )
  return letters.map((letter) => (isLate(letter) ? lateVerdicts.shift()! : usualVerdicts.shift()!))
}

async function replayBatch(
  { database, clock, ingestion }: { database: Database; clock: Clock; ingestion: Ingestion },
  tenantId: string,
  letters: Letter[],
  answer: ReplayAnswer,
): Promise<void> {
  if (letters.length === 0) return
  const verdicts = await verdictsOf(ingestion, tenantId, letters)
  const settled: string[] = []
  const refused: { deadLetterId: string; problem: Problem }[] = []
  letters.forEach((letter, i) => {
    const { deadLetterId } = letter
    const verdict = verdicts[i]!
    if (typeof verdict === 'string') {
      settled.push(deadLetterId)
      note(answer, deadLetterId, verdict)
    } else {
      // That it came too late is what lets its next replay count in its place.
      if (!isLate(letter)) refused.push({ deadLetterId, problem: verdict })
      note(answer, deadLetterId, 'refused', verdict)
    }
  })
  await database.tx(tenantId, async (tx) => {
    await store.updateSettled(tx, settled, 'replayed', clock.now())
    await store.updateProblems(tx, refused)
  })
}

const counterOf = {
  accepted: 'accepted',
  duplicate: 'duplicates',
  refused: 'refused',
  not_open: 'notOpen',
} as const

function note(
  answer: ReplayAnswer,
  deadLetterId: string,
  outcome: keyof typeof counterOf,
  problem?: Problem,
): void {
  answer[counterOf[outcome]]++
  if (answer.letters.length < listedItems) {
    answer.letters.push({ deadLetterId, outcome, ...(problem ? { problem } : {}) })
  }
}
