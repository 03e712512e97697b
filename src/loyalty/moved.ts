import type { AccountOpening } from '../ledger/index.ts'
import { householdOwner } from './accounts.ts'
import type { ActionJudgement } from './action.ts'
import type { Programme, Words } from './programmes.ts'

/** Stands as the rule of what the membership itself does to points. */
export const MEMBERSHIP = 'membership'

/** Why points leave an account or come to one although nobody earned or spent them. */
export const movingReasons = ['moved_out', 'moved_in', 'debt_moved', 'joined_together', 'forfeited'] as const
export type MovingReason = (typeof movingReasons)[number]

/** What they say to a member. */
export const movingWords: Record<MovingReason, Words> = {
  moved_out: {
    en: 'Points moved to another balance: {points}.',
    ru: 'Баллы перенесены на другой баланс: {points}.',
    uk: 'Бали перенесено на інший баланс: {points}.',
  },
  moved_in: {
    en: 'Points moved here from another balance: {points}.',
    ru: 'Баллы перенесены сюда с другого баланса: {points}.',
    uk: 'Бали перенесено сюди з іншого балансу: {points}.',
  },
  debt_moved: {
    en: 'Debt moved to another balance: {points}.',
    ru: 'Долг перенесён на другой баланс: {points}.',
    uk: 'Борг перенесено на інший баланс: {points}.',
  },
  joined_together: {
    en: 'Points of your other membership were put together with these: {moved:points}.',
    ru: 'Баллы вашего второго участия добавлены к этим: {moved:points}.',
    uk: 'Бали вашої другої участі додано до цих: {moved:points}.',
  },
  forfeited: {
    en: 'Points given up with the membership: {points}.',
    ru: 'Баллы сгорели с окончанием участия: {points}.',
    uk: 'Бали згоріли із завершенням участі: {points}.',
  },
}

const about = (reason: MovingReason): Pick<ActionJudgement, 'rule' | 'ruleVersion' | 'reason'> => ({
  rule: MEMBERSHIP,
  ruleVersion: 0,
  reason,
})

/**
 * What is said of points that have gone from one account to another: a line of each. Between two accounts of one person,
 * which after a merge have one history, it is one line that changes nothing.
 */
export function judgedMove(
  { id }: Pick<Programme, 'id'>,
  from: string,
  to: string,
  points: bigint,
): ActionJudgement[] {
  if (points === 0n) return []
  const shared = householdOwner(id, '')
  if (!from.startsWith(shared) && !to.startsWith(shared)) {
    return [{ ...about('joined_together'), saw: { moved: points } }]
  }
  const isDebt = points < 0n
  return [
    { ...about(isDebt ? 'debt_moved' : 'moved_out'), account: from, points: -points, saw: { to } },
    { ...about(isDebt ? 'debt_moved' : 'moved_in'), account: to, points, saw: { from } },
  ]
}

/** What is said of points that an account has given up. */
export const judgedForfeit = (account: string, points: bigint): ActionJudgement[] =>
  points === 0n ? [] : [{ ...about('forfeited'), account, points: -points, saw: {} }]

/** What is said of points that have come back and go on to `destination` from the account that they came back to. */
export const judgedDestination = (
  programme: Programme,
  from: string,
  { accountId, purpose }: Pick<AccountOpening, 'accountId' | 'purpose'>,
  points: bigint,
): ActionJudgement[] =>
  purpose === 'breakage' ? judgedForfeit(from, points) : judgedMove(programme, from, accountId, points)
