import type { Words } from '../programmes.ts'
import type { ReferralReason } from './errors.ts'

/** What the reasons of referrals say to a member. */
export const referralWords: Record<ReferralReason, Words> = {
  referral_linked: {
    en: 'The invitation counts.',
    ru: 'Приглашение засчитано.',
    uk: 'Запрошення зараховано.',
  },
  outside_validity: {
    en: 'Invitations were not open at that time.',
    ru: 'В это время приглашения не действовали.',
    uk: 'На той час запрошення не діяли.',
  },
  code_unknown: {
    en: 'Nobody has this code.',
    ru: 'Такого кода ни у кого нет.',
    uk: 'Такого коду ні в кого немає.',
  },
  referee_not_a_member: {
    en: 'Whoever used the code is not in the programme.',
    ru: 'Тот, кто использовал код, не участвует в программе.',
    uk: 'Той, хто використав код, не бере участі в програмі.',
  },
  referee_not_new: {
    en: 'Only new members can be invited.',
    ru: 'Пригласить можно только новых участников.',
    uk: 'Запросити можна лише нових учасників.',
  },
  referrer_not_active: {
    en: 'The owner of the code has left the programme.',
    ru: 'Владелец кода вышел из программы.',
    uk: 'Власник коду вийшов із програми.',
  },
  already_referred: {
    en: 'This member was invited before.',
    ru: 'Этого участника уже пригласили раньше.',
    uk: 'Цього учасника вже запросили раніше.',
  },
  self_referral: {
    en: 'One’s own code does not count.',
    ru: 'Собственный код не засчитывается.',
    uk: 'Власний код не зараховується.',
  },
  same_household: {
    en: 'Members of one household cannot invite each other.',
    ru: 'Члены одного домохозяйства не могут приглашать друг друга.',
    uk: 'Члени одного домогосподарства не можуть запрошувати одне одного.',
  },
  same_attribute: {
    en: 'Both use the same device or means of payment.',
    ru: 'Оба пользуются одним устройством или средством оплаты.',
    uk: 'Обидва користуються одним пристроєм або засобом оплати.',
  },
  attribute_used_before: {
    en: 'This device or means of payment has taken part before.',
    ru: 'Это устройство или средство оплаты уже участвовало.',
    uk: 'Цей пристрій або засіб оплати вже брав участь.',
  },
  referral_ring: {
    en: 'The invited member had brought the inviting one.',
    ru: 'Приглашённый сам привёл пригласившего.',
    uk: 'Запрошений сам привів того, хто запросив.',
  },
  condition_reached: {
    en: 'The condition of a reward is met.',
    ru: 'Условие вознаграждения выполнено.',
    uk: 'Умову винагороди виконано.',
  },
  condition_undone: {
    en: 'What the reward was for was returned.',
    ru: 'То, за что полагалось вознаграждение, возвращено.',
    uk: 'Те, за що належала винагорода, повернено.',
  },
  referral_rewarded: {
    en: 'The reward for the invitation is given.',
    ru: 'Вознаграждение за приглашение выдано.',
    uk: 'Винагороду за запрошення видано.',
  },
  cap_reached: {
    en: 'The limit of rewards for this period is reached.',
    ru: 'Достигнут предел вознаграждений за период.',
    uk: 'Досягнуто межі винагород за період.',
  },
  referee_left: {
    en: 'The invited member left too early.',
    ru: 'Приглашённый ушёл слишком рано.',
    uk: 'Запрошений пішов зарано.',
  },
  condition_not_met: {
    en: 'The condition was not met on that day.',
    ru: 'В этот день условие не было выполнено.',
    uk: 'Того дня умову не було виконано.',
  },
  beneficiary_not_active: {
    en: 'Whoever was to be rewarded has left the programme.',
    ru: 'Тот, кому полагалось вознаграждение, вышел из программы.',
    uk: 'Той, кому належала винагорода, вийшов із програми.',
  },
  rounds_to_zero: {
    en: 'The share is less than the smallest unit.',
    ru: 'Доля меньше наименьшей единицы.',
    uk: 'Частка менша за найменшу одиницю.',
  },
  account_missing: {
    en: 'The operator knows no account for it.',
    ru: 'У оператора нет лицевого счёта для зачисления.',
    uk: 'В оператора немає особового рахунку для зарахування.',
  },
  operator_refused: {
    en: 'The operator refused the reward.',
    ru: 'Оператор отклонил вознаграждение.',
    uk: 'Оператор відхилив винагороду.',
  },
}
