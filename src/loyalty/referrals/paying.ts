import type { OperatorClient } from '../../operator/index.ts'
import { DomainError } from '../../platform/index.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import type { TakenEvent } from '../consumer.ts'
import { lockLoyalty } from '../members-store.ts'
import type { ReferralReason } from './errors.ts'
import { grantedEvent } from './giving.ts'
import { saveGrants, selectPaying } from './grant-store.ts'
import type { Grant } from './referral.ts'

const PAGE = 100
const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 3_600_000

type Outcome = { state: 'granted' } | { state: 'refused'; reason: ReferralReason } | { state: 'later' }

/** How long a reward waits after so many tries. */
export const waitMs = (attempts: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts, 20))

/**
 * Brings money and products to their beneficiaries through the operator's systems. Before each try it is noted that
 * there was one, so that after a crash the same number is asked for again and nothing is given twice. Returns how many
 * were tried.
 */
export async function payDue(parts: LoyaltyParts, tenantId: string): Promise<number> {
  const { database, clock, profiles, operator, take } = parts
  if (!operator?.client) return 0
  const { grants, accounts } = await database.tx(tenantId, async (tx) => {
    const taken = await selectPaying(tx, clock.now(), PAGE)
    const tried = taken.map((grant) => ({
      ...grant,
      attempts: grant.attempts + 1,
      nextTryAtMs: clock.nowMs() + waitMs(grant.attempts),
    }))
    await saveGrants(tx, tried)
    const ids = [...new Set(tried.map(({ beneficiaryId }) => beneficiaryId))]
    return { grants: tried, accounts: await profiles.identitiesOf(tx, ids, 'account') }
  })
  if (grants.length === 0) return 0
  const client = await operator.client(tenantId).catch((error: unknown) => {
    // Nobody has said yet where the operator's systems live: what is due was put off.
    if (error instanceof DomainError) return undefined
    throw error
  })
  if (!client) return grants.length
  const outcomes: Outcome[] = []
  for (const grant of grants) outcomes.push(await payOne(client, grant, accounts.get(grant.beneficiaryId)))
  const atMs = clock.nowMs()
  const settled = grants.flatMap((grant, i): Grant[] => {
    const outcome = outcomes[i]!
    if (outcome.state === 'later') return []
    const reason = outcome.state === 'refused' ? outcome.reason : null
    return [{ ...grant, state: outcome.state, reason, nextTryAtMs: null, settledAtMs: atMs }]
  })
  const events: TakenEvent[] = settled
    .filter(({ state }) => state === 'granted')
    .map((grant) => grantedEvent(grant, atMs))
  await database.tx(tenantId, async (tx) => {
    lockLoyalty(tx)
    await saveGrants(tx, settled)
    if (events.length > 0) await take(tx, tenantId, events)
  })
  return grants.length
}

type Client = OperatorClient

async function payOne(
  client: Client,
  { grantId, what, attempts }: Grant,
  account: string | undefined,
): Promise<Outcome> {
  if (account === undefined) return { state: 'refused', reason: 'account_missing' }
  const externalId = `referral-${grantId}`
  try {
    if ('money' in what) {
      const { amountMinor, currency } = what.money
      await client.topupBalance({ externalId, account, amountMinor: BigInt(amountMinor), currency })
      return { state: 'granted' }
    }
    if (!('product' in what)) return { state: 'granted' }
    const productId = what.product.id
    const { outcome } = await client.placeOrder({ externalId, account, productId, mayExist: attempts > 1 })
    if (outcome === 'in_progress') return { state: 'later' }
    return outcome === 'completed' ? { state: 'granted' } : { state: 'refused', reason: 'operator_refused' }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    // What the operator said no to stays so; what it could not say is asked again.
    if (error.code === 'operator_balance_refused') return { state: 'refused', reason: 'operator_refused' }
    return { state: 'later' }
  }
}
