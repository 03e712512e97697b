import { accountsOfOwner, openAccounts, postTransfers } from '../ledger/index.ts'
import { appendFacts, type Clock, type Documents, type Fact, type Tx } from '../platform/index.ts'
import type { EarnRule, Purchase } from './contract.ts'
import { compileEarnRule, type Judgement } from './earn-rule.ts'
import { type Award, awardsByKeys, awardsOfSubscriber, insertAwards, pairOf } from './store.ts'

export type LoyaltyDependencies = { clock: Clock; documents: Documents }

export type PointsPage = {
  subscriberId: number
  balances: { currency: string; balance: bigint; reserved: bigint }[]
  awards: Award[]
}

export type Loyalty = {
  /**
   * Lets every earn rule judge every purchase, once for ever by purchase key and rule, within the caller's
   * transaction: points go through the ledger, each judgement is recorded with its reason, each credit is
   * reported as the fact `awarded`. Returns what stands recorded for these purchases, old and new.
   */
  awardForPurchases(tx: Tx, tenantId: string, purchases: Purchase[]): Promise<Award[]>
  /** A subscriber's balances and the latest judgements about them. */
  pointsOf(tx: Tx, subscriberId: number): Promise<PointsPage>
}

/** Owner of a subscriber's accounts in the ledger. */
export const ownerOf = (subscriberId: number): string => `member:${subscriberId}`
/** A member's account, such as `member:123:points`. */
export const memberAccount = (subscriberId: number, currency: string): string =>
  `${ownerOf(subscriberId)}:${currency}`
/** What the programme owes its members in all, as the other side of their accounts. */
export const liabilityAccount = (currency: string): string => `liability:${currency}`

type Judged = { purchase: Purchase; rule: Rule; judgement: Judgement }
type Rule = { id: string; version: number; currency: string; judge: (purchase: Purchase) => Judgement }

/** Loyalty over the current `EarnRule` documents; rules are compiled once a version. */
export function createLoyalty({ clock, documents }: LoyaltyDependencies): Loyalty {
  const compiled = new Map<EarnRule, Rule['judge']>()
  const rulesOf = async (tenantId: string): Promise<Rule[]> => {
    const rules = await documents.list<EarnRule>(tenantId, 'EarnRule')
    return Promise.all(
      rules.map(async (rule) => {
        const judge = compiled.get(rule) ?? compileEarnRule(rule)
        compiled.set(rule, judge)
        const version = await documents.versionOf(tenantId, 'EarnRule', rule.id)
        return { id: rule.id, version, currency: rule.currency, judge }
      }),
    )
  }
  documents.onChange((_tenantId, kinds) => {
    if (kinds.has('EarnRule')) compiled.clear()
  })
  return {
    async awardForPurchases(tx, tenantId, purchases) {
      if (purchases.length === 0) return []
      const rules = await rulesOf(tenantId)
      if (rules.length === 0) return []
      const byKey = new Map(purchases.map((purchase) => [purchase.key, purchase]))
      const recorded = await awardsByKeys(tx, [...byKey.keys()])
      const done = new Set(recorded.map((award) => pairOf(award.purchaseKey, award.ruleId)))
      const judged = [...byKey.values()].flatMap((purchase) =>
        rules
          .filter((rule) => !done.has(pairOf(purchase.key, rule.id)))
          .map((rule): Judged => ({ purchase, rule, judgement: rule.judge(purchase) })),
      )
      if (judged.length === 0) return recorded
      return [...recorded, ...(await credit(tx, judged, clock.now()))]
    },
    async pointsOf(tx, subscriberId) {
      const accounts = await accountsOfOwner(tx, ownerOf(subscriberId))
      return {
        subscriberId,
        balances: accounts.map(({ currency, balanceMinor, pendingDebitsMinor }) => ({
          currency,
          balance: balanceMinor,
          reserved: pendingDebitsMinor,
        })),
        awards: await awardsOfSubscriber(tx, subscriberId, 100),
      }
    },
  }
}

async function credit(tx: Tx, judged: Judged[], now: Temporal.Instant): Promise<Award[]> {
  const credited = judged.filter(({ judgement }) => judgement.reason === 'credited')
  await openAccounts(
    tx,
    credited.flatMap(({ purchase, rule: { currency } }) => [
      {
        accountId: liabilityAccount(currency),
        owner: 'programme',
        purpose: 'liability' as const,
        currency,
        mayGoNegative: true,
      },
      {
        accountId: memberAccount(purchase.subscriberId, currency),
        owner: ownerOf(purchase.subscriberId),
        purpose: 'member' as const,
        currency,
        mayGoNegative: false,
      },
    ]),
  )
  const results = await postTransfers(
    tx,
    credited.map(({ purchase, rule, judgement }) => ({
      key: `award:${rule.id}:${purchase.key}`,
      kind: 'post' as const,
      debitAccount: liabilityAccount(rule.currency),
      creditAccount: memberAccount(purchase.subscriberId, rule.currency),
      amountMinor: judgement.points,
      currency: rule.currency,
      at: purchase.at,
      memo: rule.id,
    })),
    now,
  )
  const resultOf = new Map(credited.map((each, at) => [each, results[at]!]))
  const awards = judged.map((each): Award => {
    const { purchase, rule, judgement } = each
    const result = resultOf.get(each)
    const about = {
      ...judgement,
      purchaseKey: purchase.key,
      ruleId: rule.id,
      ruleVersion: rule.version,
      subscriberId: purchase.subscriberId,
      productId: purchase.productId,
      currency: rule.currency,
      at: purchase.at,
      ...(purchase.campaignId === undefined ? {} : { campaignId: purchase.campaignId }),
      ...(purchase.arm === undefined ? {} : { arm: purchase.arm }),
    }
    if (!result) return about
    if (result.outcome !== 'refused') return { ...about, transferId: result.transferId }
    const saw = { ...judgement.saw, ledger: result.problem.code }
    return { ...about, points: 0n, reason: 'refused_by_ledger', saw }
  })
  const added = await insertAwards(tx, awards)
  const fresh = awards.filter((award) => added.has(pairOf(award.purchaseKey, award.ruleId)))
  await appendFacts(
    tx,
    fresh.filter((award) => award.reason === 'credited').map((award) => factOf(award)),
  )
  return awards
}

/** A fact's quantity is a 32-bit count; the exact points stand beside it. */
const largestQuantity = 2_147_483_647n

function factOf(award: Award): Fact {
  const { points, currency, ruleId } = award
  return {
    kind: 'awarded',
    at: award.at,
    subscriberId: award.subscriberId,
    productId: award.productId,
    ref: award.purchaseKey,
    quantity: Number(points < largestQuantity ? points : largestQuantity),
    attributes: { ruleId, currency, points },
    ...(award.campaignId === undefined ? {} : { campaignId: award.campaignId }),
    ...(award.arm === undefined ? {} : { arm: award.arm }),
  }
}
