import {
  appendFacts,
  type Clock,
  type Database,
  DomainError,
  type Fact,
  type Stage,
  type Tx,
} from '../platform/index.ts'
import { mapBounded } from './bounded.ts'
import type { OperatorClient } from './client.ts'
import {
  type Advance,
  afterCancel,
  afterLoan,
  afterOrder,
  hasEnded,
  loanExternalId,
  nextStep,
  type OpenActivation,
  orderExternalId,
  postponed,
  withoutAccount,
} from './saga.ts'
import { nextDueAt, storeAdvances, takeDueActivations } from './store.ts'

const batchSize = 1_000

type Dependencies = {
  database: Database
  clock: Clock
  client(tenantId: string): Promise<OperatorClient>
  accountsOf(tx: Tx, subscriberIds: number[]): Promise<Map<number, string>>
  onFinished(tenantId: string): void
}

type TakenStep = { activation: OpenActivation; advance: Advance; bug?: unknown }

/**
 * Carries activations through the operator's systems, one step of each a run: take what is due, call with
 * bounded concurrency outside any transaction, store all results at once. A kill between the call and the
 * storing repeats the step under the same external id.
 */
export function createActivationStage(deps: Dependencies): Stage {
  return {
    name: 'operator',
    async run(tenantId) {
      const { due, accounts, nextAt } = await deps.database.tx(tenantId, async (tx) => {
        const taken = await takeDueActivations(tx, deps.clock.now(), batchSize)
        const ids = [...new Set(taken.map((activation) => activation.subscriberId))]
        return {
          due: taken,
          accounts: ids.length > 0 ? await deps.accountsOf(tx, ids) : new Map<number, string>(),
          nextAt: taken.length === 0 ? await nextDueAt(tx) : null,
        }
      })
      if (due.length === 0) return { more: false, nextDueMs: nextAt?.epochMilliseconds ?? null }
      const client = await deps.client(tenantId)
      const steps = await mapBounded(due, client.concurrency, (activation) =>
        takeStep(client, activation, accounts.get(activation.subscriberId)),
      )
      const ended = await deps.database.tx(tenantId, async (tx) => {
        const at = deps.clock.now()
        const changed = await storeAdvances(tx, steps, at)
        const finished = steps.filter(
          (step) => hasEnded(step.advance.state) && changed.has(step.activation.activationId),
        )
        await appendFacts(
          tx,
          finished.map((step) => factOf(step, at)),
        )
        return finished.length
      })
      if (ended > 0) deps.onFinished(tenantId)
      const bug = steps.find((step) => step.bug !== undefined)?.bug
      if (bug !== undefined) throw bug
      return { more: true, nextDueMs: null }
    },
  }
}

/** One call to the operator. What cannot be decided is put off, so that it holds up nobody else. */
async function takeStep(
  client: OperatorClient,
  activation: OpenActivation,
  account: string | undefined,
): Promise<TakenStep> {
  try {
    return { activation, advance: await advanceOf(client, activation, account) }
  } catch (error) {
    const advance = postponed(activation)
    return error instanceof DomainError ? { activation, advance } : { activation, advance, bug: error }
  }
}

async function advanceOf(
  client: OperatorClient,
  activation: OpenActivation,
  account: string | undefined,
): Promise<Advance> {
  const step = nextStep(activation)
  if (step === 'cancel_loan') {
    return afterCancel(activation, await client.cancelLoan(activation.loanId!))
  }
  if (account === undefined)
    return activation.state === 'requested' ? withoutAccount() : postponed(activation)
  if (step === 'grant_loan') {
    const externalId = loanExternalId(activation.activationId)
    const { creditMinor: amountMinor, currency } = activation
    return afterLoan(await client.grantLoan({ externalId, account, amountMinor, currency }))
  }
  const outcome = await client.placeOrder({
    externalId: orderExternalId(activation.activationId),
    account,
    productId: activation.productId,
    mayExist: activation.attempts > 1 || activation.state === 'ordered',
  })
  return afterOrder(activation, outcome)
}

function factOf({ activation, advance }: TakenStep, at: Temporal.Instant): Fact {
  const about = {
    at,
    subscriberId: activation.subscriberId,
    productId: activation.productId,
    ref: activation.activationId,
    ...(activation.campaignId === undefined ? {} : { campaignId: activation.campaignId }),
    ...(activation.arm === undefined ? {} : { arm: activation.arm }),
  }
  if (advance.state === 'completed') {
    const onCredit = activation.creditMinor > 0n
    return {
      ...about,
      kind: 'activated',
      amountMinor: activation.priceMinor,
      attributes: { onCredit, creditMinor: activation.creditMinor },
    }
  }
  return {
    ...about,
    kind: 'activation_failed',
    reason: advance.reason!,
    attributes: { operatorReason: advance.operatorReason ?? null, state: advance.state },
  }
}
