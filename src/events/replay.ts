import type { Clock, Database, Problem } from '../platform/index.ts'
import { listedItems, type ReplayAnswer, type ReplayRequest } from './contract.ts'
import type { Ingestion } from './ingestion.ts'
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
  const mended = 'events' in request ? request.events : request.ids.map((id) => ({ deadLetterId: id }))
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

type Letter = { deadLetterId: string; event: unknown }

async function replayBatch(
  { database, clock, ingestion }: { database: Database; clock: Clock; ingestion: Ingestion },
  tenantId: string,
  letters: Letter[],
  answer: ReplayAnswer,
): Promise<void> {
  if (letters.length === 0) return
  const verdicts = await ingestion.take(
    tenantId,
    letters.map((letter) => letter.event),
  )
  const settled: string[] = []
  const refused: { deadLetterId: string; problem: Problem }[] = []
  letters.forEach(({ deadLetterId }, i) => {
    const verdict = verdicts[i]!
    if (typeof verdict === 'string') {
      settled.push(deadLetterId)
      note(answer, deadLetterId, verdict)
    } else {
      refused.push({ deadLetterId, problem: verdict })
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
