import type { Tx } from '../../platform/index.ts'
import { type Action, actionConsumer, carryOut } from '../action.ts'
import type { Book } from '../book.ts'
import type { Consumer } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { Programme, Words } from '../programmes.ts'
import { owners } from './expiry.ts'
import { type Direct, selectDirect } from './flow-store.ts'

const PART = 'ledger'

type DirectReason = 'posted_directly'

const directWords: Record<DirectReason, Words> = {
  posted_directly: {
    en: 'Posted directly, {what}: {points}.',
    ru: 'Проведено напрямую, {what}: {points}.',
    uk: 'Проведено напряму, {what}: {points}.',
  },
}

/** Keeps for the member's history what others have posted. */
export const directConsumer: Consumer = actionConsumer(PART, { words: directWords })

/**
 * Gives what was posted through the ledger's own API on members' accounts, between two places of the journal, its line in
 * the history of whoever it concerns: of a household one line says it for all.
 */
export async function tellDirect(
  parts: LoyaltyParts,
  tx: Tx,
  book: Book,
  { from, to }: { from: bigint; to: bigint },
): Promise<void> {
  const programmes = [...book.programmes.values()]
  const currencies = programmes.map(({ currency }) => currency)
  const direct = Map.groupBy(await selectDirect(tx, from, to, currencies), ({ currency }) => currency)
  for (const programme of programmes) {
    const entries = direct.get(programme.currency) ?? []
    if (entries.length === 0) continue
    const accounts = entries.map(({ accountId }) => accountId)
    const ownersOf = await owners(tx, programme, accounts)
    const actions = entries.flatMap((entry) => {
      const [subscriberId] = ownersOf(entry.accountId)
      return subscriberId === undefined ? [] : [actionOf(programme, subscriberId, entry)]
    })
    await carryOut(parts, tx, book.tenantId, actions)
  }
}

function actionOf({ id }: Programme, subscriberId: number, entry: Direct): Action {
  const { key, memo, at, accountId: account, counterAccount, points } = entry
  const reason: DirectReason = 'posted_directly'
  const saw = { what: memo ?? key, key, counterAccount }
  return {
    part: PART,
    key: `${account}:${key}`,
    programmeId: id,
    subscriberId,
    atMs: at.epochMilliseconds,
    judgements: [{ rule: PART, ruleVersion: 0, reason, account, points, saw }],
  }
}
