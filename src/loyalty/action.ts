import type { AccountOpening, ExtendRequest, TransferRequest } from '../ledger/index.ts'
import { derivedId, DomainError, type Tx } from '../platform/index.ts'
import type { Announcement, Consumer, Effects, Judgement } from './consumer.ts'
import type { LoyaltyParts } from './dependencies.ts'
import { LOYALTY_SOURCE, type Taken } from './intake.ts'
import type { Words } from './programmes.ts'

/** What an action says to the member. */
export type ActionJudgement = Omit<Judgement, 'consumer' | 'programmeId'> & { programmeId?: string }

/** What a service has decided under loyalty's turn and wants done as one event of a member, once for ever by its key. */
export type Action = {
  /** Name of the part that decided; it registers `actionConsumer` of this name. */
  part: string
  key: string
  programmeId: string
  subscriberId: number
  atMs: number
  accounts?: AccountOpening[]
  transfers?: TransferRequest[]
  /** What lives on after the transfers; refused, and nothing lost by it, where nothing ends earlier. */
  extensions?: ExtendRequest[]
  announcements?: { type: string; key: string; subscriberId?: number; data: Record<string, unknown> }[]
  /** For the member's history; one of another programme names it. */
  judgements?: ActionJudgement[]
}

const typeOf = (part: string): string => `loyalty.asked.${part}`

/** Id of the event that an action is. */
export const actionId = (part: string, key: string): string =>
  derivedId(LOYALTY_SOURCE, `${typeOf(part)} ${key}`)

/** The consumer of a part whose decisions are made by its service: it does what was decided. */
export function actionConsumer(
  name: string,
  rest: { kinds?: string[]; words?: Record<string, Words>; merge?: NonNullable<Consumer['merge']> },
): Consumer {
  return {
    name,
    ...rest,
    wants: () => new Set([typeOf(name)]),
    open: async () => ({
      take: (event, effects) => perform(event.data['action'] as Action, effects),
    }),
  }
}

/** Does what an action says. */
function perform(action: Action, effects: Effects): void {
  const { part, programmeId, subscriberId, atMs, accounts = [], transfers = [], judgements = [] } = action
  for (const opening of accounts) effects.openAccount(opening)
  for (const transfer of [...transfers, ...(action.extensions ?? [])]) effects.post(transfer)
  for (const judgement of judgements) effects.judge({ consumer: part, programmeId, ...judgement })
  for (const one of action.announcements ?? []) {
    effects.announce({ subscriberId, programmeId, atMs, ...one } satisfies Announcement)
  }
}

/**
 * Carries actions out within the caller's transaction, which holds loyalty's turn. What the ledger refuses is thrown
 * with the ledger's code, so that nothing of the transaction stays.
 */
export async function carryOut(
  { take }: Pick<LoyaltyParts, 'take'>,
  tx: Tx,
  tenantId: string,
  actions: readonly Action[],
): Promise<Taken> {
  const taken = await take(
    tx,
    tenantId,
    actions.map((action) => {
      const { part, key, subscriberId, atMs, announcements = [] } = action
      return {
        eventId: actionId(part, key),
        id: key,
        source: LOYALTY_SOURCE,
        type: typeOf(part),
        atMs,
        subscriberId,
        concerns: announcements.flatMap(({ subscriberId: other }) => other ?? []),
        data: { action },
        depth: 0,
      }
    }),
  )
  for (const { key } of actions.flatMap(({ transfers = [] }) => transfers)) {
    const result = taken.resultOf(key)
    if (result?.outcome !== 'refused') continue
    const { code, message, ...details } = result.problem
    throw new DomainError(code, message, details)
  }
  return taken
}
