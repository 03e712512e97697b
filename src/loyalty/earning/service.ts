import { derivedId, type Problem, type Stage, type Tx } from '../../platform/index.ts'
import type { Consumer, TakenEvent } from '../consumer.ts'
import type { LoyaltyParts } from '../dependencies.ts'
import { PURCHASE } from '../announcements.ts'
import { LocalTimes } from '../local-time.ts'
import { earningConsumer } from './consumer.ts'
import type { ExplainAnswer, HistoryPage } from './contract.ts'
import type { TryAnswer } from '../rehearsal-contract.ts'
import { dueStage } from './due.ts'
import type { EarnRule, Purchase } from './earn-rule.ts'
import { explainEvent, type ExplainRequest, pointsHistory } from './explaining.ts'
import { type RuleTrial, tryRule } from './rehearsal.ts'
import { rulesOf } from './rule.ts'

/** What earn rules do for others. */
export type Earning = {
  /**
   * Takes purchases of campaigns as events of type `purchase`, once for ever by their keys, within the caller's
   * transaction: every earn rule on them judges, points go through the ledger.
   */
  awardForPurchases(tx: Tx, tenantId: string, purchases: Purchase[]): Promise<void>
  /** What a rule would have given on history. Throws `earn_rule_invalid`, `earn_rule_not_found`. */
  tryRule(asked: RuleTrial): Promise<TryAnswer>
  /** What every rule made of an event of a member, or why it was refused. Throws `loyalty_event_not_found`. */
  explainPoints(request: ExplainRequest & { event: string }): Promise<ExplainAnswer>
  /** A member's events with what came of each, the latest first. */
  pointsHistory(
    request: ExplainRequest & { limit: number; before?: string | undefined },
  ): Promise<HistoryPage>
  /** Saved rules, with what keeps one from running. */
  earnRules(tenantId: string): Promise<{ rule: EarnRule; version: number; problem: Problem | null }[]>
}

/** Builds earning: its consumer for the intake, its stage, and what others may ask of it. */
export function createEarning(parts: LoyaltyParts): {
  consumer: Consumer
  stageBehind(reader: { isBehind(tenantId: string): boolean }): Stage
  service: Earning
} {
  const local = new LocalTimes()
  return {
    consumer: earningConsumer(local),
    stageBehind: (reader) => dueStage(parts, reader.isBehind),
    service: {
      async awardForPurchases(tx, tenantId, purchases) {
        if (purchases.length > 0) await parts.take(tx, tenantId, purchases.map(eventOf))
      },
      tryRule: (asked) => tryRule(parts, asked),
      explainPoints: (request) => explainEvent(parts, request),
      pointsHistory: (request) => pointsHistory(parts, request),
      async earnRules(tenantId) {
        const book = await parts.books.of(tenantId)
        const { broken } = rulesOf(book, local)
        return (book.reader.list('EarnRule') as EarnRule[])
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .map((rule) => ({
            rule,
            version: book.versionOf('EarnRule', rule.id),
            problem: broken.find(({ ruleId }) => ruleId === rule.id)?.problem ?? null,
          }))
      },
    },
  }
}

const SOURCE = '/campaigns'

function eventOf(purchase: Purchase): TakenEvent {
  const { key, subscriberId, productId, priceMinor, currency, onCredit, at, campaignId, arm } = purchase
  return {
    eventId: derivedId(SOURCE, key),
    id: key,
    source: SOURCE,
    type: PURCHASE,
    atMs: at.epochMilliseconds,
    subscriberId,
    data: {
      productId,
      priceMinor: Number(priceMinor),
      onCredit: onCredit ?? false,
      ...(currency === undefined ? {} : { currency }),
      ...(campaignId === undefined ? {} : { campaignId }),
      ...(arm === undefined ? {} : { arm }),
    },
    depth: 0,
  }
}
