import type { EarnRule, Membership, Programme } from '../../loyalty/index.ts'
import { decimalText, isoOf } from '../../platform/index.ts'
import { BASE, type Resource } from './answering.ts'

type Language = 'en' | 'ru' | 'uk'

/** Where a resource stands. */
export const hrefOf = (kind: string, id: string): string => `${BASE}/${kind}/${encodeURIComponent(id)}`
const ref = (kind: string, type: string, id: string): Record<string, unknown> => {
  return { id, href: hrefOf(kind, id), '@referredType': type }
}
const resource = (kind: string, type: string, id: string, rest: Record<string, unknown>): Resource => {
  return { id, href: hrefOf(kind, id), ...rest, '@type': type }
}

/** A programme. */
export const specOf = (programme: Programme, version: number, language: Language): Resource =>
  resource('loyaltyProgramProductSpec', 'LoyaltyProgramProductSpec', programme.id, {
    name: programme.name[language],
    ...(programme.terms ? { description: programme.terms[language] } : {}),
    productNumber: programme.id,
    lifeCycleStatus: 'active',
    needsLoyaltyAccount: true,
    version: String(version),
  })

/** A member, the product, account and balance have one id: programme and subscriber. */
export const membershipId = ({ member }: Membership): string => `${member.programmeId}:${member.subscriberId}`

/** Numbers of subscribers are PostgreSQL's int4. */
const LAST_SUBSCRIBER = 2 ** 31 - 1

/** Programme and subscriber of such an id; undefined for any other text. */
export function readMembershipId(id: string): { programmeId: string; subscriberId: number } | undefined {
  const match = /^([a-z0-9][a-z0-9._-]*):(\d{1,10})$/.exec(id)
  return match && Number(match[2]) <= LAST_SUBSCRIBER
    ? { programmeId: match[1]!, subscriberId: Number(match[2]) }
    : undefined
}

const statuses = { active: 'active', left: 'terminated', merged: 'terminated' } as const

const periodOf = ({ member }: Membership): Record<string, string> => ({
  startDateTime: isoOf(member.enrolledAtMs),
  ...(member.endedAtMs === null ? {} : { endDateTime: isoOf(member.endedAtMs) }),
})

/** A subscriber in a programme, as a person. */
export function memberOf(membership: Membership): Resource {
  const id = membershipId(membership)
  return resource('loyaltyProgramMember', 'LoyaltyProgramMember', id, {
    name: String(membership.member.subscriberId),
    status: statuses[membership.member.state],
    ValidFor: periodOf(membership),
    loyaltyProgramProduct: [ref('loyaltyProgramProduct', 'LoyaltyProgramProduct', id)],
  })
}

/** The same, as what the person has. */
export function productOf(membership: Membership, language: Language): Resource {
  const { member, programme } = membership
  const id = membershipId(membership)
  return resource('loyaltyProgramProduct', 'LoyaltyProgramProduct', id, {
    name: programme.name[language],
    productStatus: statuses[member.state],
    validFor: periodOf(membership),
    loyaltyAccount: ref('loyaltyAccount', 'LoyaltyAccount', id),
    loyaltyProgramMember: ref('loyaltyProgramMember', 'LoyaltyProgramMember', membershipId(membership)),
    loyaltyProgramProductSpec: ref('loyaltyProgramProductSpec', 'LoyaltyProgramProductSpec', programme.id),
  })
}

/** The account of a membership, which holds its one balance. */
export function accountOf(membership: Membership): Resource {
  const id = membershipId(membership)
  return resource('loyaltyAccount', 'LoyaltyAccount', id, {
    loyaltyProgramProduct: ref('loyaltyProgramProduct', 'LoyaltyProgramProduct', id),
    loyaltyBalance: [ref('loyaltyBalance', 'LoyaltyBalance', id)],
  })
}

/** What can be spent; `Money` of the API is a number of major units. */
export function balanceOf(membership: Membership): Resource {
  const { programme, balance } = membership
  const value = Number(decimalText(balance?.availableMinor ?? 0n, programme.decimals))
  return resource('loyaltyBalance', 'LoyaltyBalance', membershipId(membership), {
    loyaltyProgramMember: ref('loyaltyProgramMember', 'LoyaltyProgramMember', membershipId(membership)),
    quantity: { unit: programme.currency, value },
    validFor: periodOf(membership),
  })
}

/** An earn rule; its parts have its id. */
export const ruleOf = (rule: EarnRule, language: Language): Resource =>
  resource('loyaltyRule', 'LoyaltyRule', rule.id, {
    commonName: rule.name?.[language] ?? rule.id,
    policyName: rule.programme,
    hasSubRules: false,
    isMandatoryEvaluation: true,
    loyaltyEventType: [ref('loyaltyEventType', 'LoyaltyEventType', rule.on)],
    loyaltyCondition: rule.where === undefined ? [] : [ref('loyaltyCondition', 'LoyaltyCondition', rule.id)],
    loyaltyAction: [ref('loyaltyAction', 'LoyaltyAction', rule.id)],
  })

/** An event type that rules are on; its name is its id. */
export const eventTypeOf = (type: string): Resource =>
  resource('loyaltyEventType', 'LoyaltyEventType', type, { eventType: type })

/** The condition is one expression, so it is one attribute: whether it holds. */
export const conditionsOf = (rules: EarnRule[]): Resource[] =>
  rules.flatMap(({ id, where }) =>
    where === undefined
      ? []
      : [
          resource('loyaltyCondition', 'LoyaltyCondition', id, {
            attribute: where,
            operator: 'equals',
            value: 'true',
          }),
        ],
  )

/** What a rule gives: an earning of points. */
export const actionOf = ({ id, points, programme }: EarnRule): Resource =>
  resource('loyaltyAction', 'LoyaltyAction', id, {
    action: 'POST',
    actionType: 'LoyaltyEarn',
    endpoint:
      hrefOf('loyaltyBalance', `${programme}:{memberId}`).replace(/%7B|%7D|%3A/g, decodeURIComponent) +
      '/loyaltyEarn',
    actionAttributes: { points },
  })
