import type { OperatorClient } from '../../operator/index.ts'
import { DomainError, type Tx } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { lockLoyalty } from '../members-store.ts'
import {
  isOpen,
  LONGEST_WAIT_MS,
  needsOperator,
  type Outcome,
  type Redemption,
  waitMs,
} from './redemption.ts'
import { type End, settle } from './settling.ts'
import { selectDue, selectNextDue, selectRedemptions, updateRedemptions } from './store.ts'

const PAGE = 100
/** Longer than an operator is ever waited for: until then nobody else asks for the same. */
const CLAIM_MS = 300_000

type Try = { redemption: Redemption; outcome: Outcome }

/**
 * Goes one step on with the redemptions whose turn has come: what is ready is handed out, the operator is asked, what
 * took too long is cancelled. That the operator is going to be asked is noted before it happens, so that after a crash
 * it is asked again under the same number. Returns how many there were, and when the next one's turn comes.
 */
export async function fulfilDue(
  parts: LoyaltyParts,
  tenantId: string,
): Promise<{ tried: number; next: Temporal.Instant | null }> {
  const { database, clock } = parts
  const first = await database.tx(tenantId, selectNextDue)
  if (first === null || first.epochMilliseconds > clock.nowMs()) return { tried: 0, next: first }
  const client = await clientOf(parts, tenantId)
  const { due, accounts } = await database.tx(tenantId, (tx) => takeDue(parts, tx, client !== undefined))
  const tries = await Promise.all(
    due.map(async (redemption): Promise<Try> => ({
      redemption,
      outcome: await tryOne(client, redemption, accounts.get(redemption.recipientId), clock.nowMs()),
    })),
  )
  await database.tx(tenantId, (tx) => storeTries(parts, tx, tenantId, tries))
  return { tried: due.length, next: null }
}

/** Nobody may have said yet where the operator's systems live. */
async function clientOf(
  { operator }: Pick<LoyaltyParts, 'operator'>,
  tenantId: string,
): Promise<OperatorClient | undefined> {
  return operator?.client?.(tenantId).catch((error: unknown) => {
    if (error instanceof DomainError) return undefined
    throw error
  })
}

async function takeDue(
  { clock, profiles }: LoyaltyParts,
  tx: Tx,
  hasOperator: boolean,
): Promise<{ due: Redemption[]; accounts: Map<number, string> }> {
  // An agent may be about to cancel what is going to be asked for.
  lockLoyalty(tx)
  const due = await selectDue(tx, clock.now(), PAGE)
  const asking = due.filter(({ gives }) => needsOperator(gives))
  const nowMs = clock.nowMs()
  for (const redemption of asking) {
    if (hasOperator && !isOverdue(redemption, nowMs)) redemption.attempts++
    redemption.nextTryAtMs = nowMs + CLAIM_MS
  }
  await updateRedemptions(tx, asking)
  const ids = [...new Set(asking.map(({ recipientId }) => recipientId))]
  return { due, accounts: await profiles.identitiesOf(tx, ids, 'account') }
}

/** Whether it can be cancelled for its age: nobody was asked, so nothing can have happened. */
const isOverdue = ({ attempts, deadlineAtMs }: Redemption, nowMs: number): boolean =>
  attempts === 0 && deadlineAtMs <= nowMs

async function tryOne(
  client: OperatorClient | undefined,
  redemption: Redemption,
  account: string | undefined,
  nowMs: number,
): Promise<Outcome> {
  if (isOverdue(redemption, nowMs)) return { outcome: 'refused', reason: 'timed_out' }
  if (client === undefined || !needsOperator(redemption.gives)) return { outcome: 'later' }
  // An account that goes away while the operator has the order says nothing about the order.
  if (account === undefined) {
    return redemption.attempts > 1
      ? { outcome: 'later' }
      : { outcome: 'refused', reason: 'operator_account_unknown' }
  }
  return askOperator(client, redemption, account)
}

async function askOperator(
  client: OperatorClient,
  { gives, redemptionId, attempts }: Redemption,
  account: string,
): Promise<Outcome> {
  const externalId = `reward-${redemptionId}`
  try {
    if ('credit' in gives) {
      const { amountMinor, currency } = gives.credit
      await client.topupBalance({ externalId, account, amountMinor: BigInt(amountMinor), currency })
      return { outcome: 'done' }
    }
    const productId = 'product' in gives ? gives.product.id : ''
    const answer = await client.placeOrder({ externalId, account, productId, mayExist: attempts > 1 })
    if (answer.outcome === 'in_progress') return { outcome: 'ordered' }
    return answer.outcome === 'completed'
      ? { outcome: 'done' }
      : { outcome: 'refused', reason: 'operator_refused' }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    // What the operator said no to stays so; what it could not say is asked again.
    if (error.code === 'operator_balance_refused') return { outcome: 'refused', reason: 'operator_refused' }
    return { outcome: 'later' }
  }
}

/** Stores what came of tries, as far as the redemptions are still open. */
async function storeTries(
  parts: LoyaltyParts,
  tx: Tx,
  tenantId: string,
  tries: readonly Try[],
): Promise<void> {
  lockLoyalty(tx)
  const current = await selectRedemptions(
    tx,
    tries.map(({ redemption }) => redemption.redemptionId),
  )
  const ends: End[] = []
  const waiting: Redemption[] = []
  for (const { redemption: tried, outcome } of tries) {
    const redemption = current.get(tried.redemptionId)!
    if (!isOpen(redemption)) continue
    if (outcome.outcome === 'done') ends.push({ redemption, ending: { state: 'done' } })
    else if (outcome.outcome === 'refused') {
      ends.push({ redemption, ending: { state: 'cancelled', reason: outcome.reason } })
    } else {
      if (outcome.outcome === 'ordered') redemption.state = 'ordered'
      redemption.nextTryAtMs = nextTryMs(redemption, parts.clock.nowMs())
      waiting.push(redemption)
    }
  }
  await updateRedemptions(tx, waiting)
  await settle(parts, tx, tenantId, ends)
}

/** What was never asked for waits for somebody to say where the operator is, and is looked at when its time is over. */
const nextTryMs = ({ attempts, deadlineAtMs }: Redemption, nowMs: number): number =>
  attempts === 0 && deadlineAtMs > nowMs
    ? Math.min(nowMs + LONGEST_WAIT_MS, deadlineAtMs)
    : nowMs + waitMs(attempts - 1)
