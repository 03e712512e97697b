import type { Words } from '../programmes.ts'
import type { EarnReason } from './errors.ts'

/**
 * Every reason in plain words, as a member reads it. `{points}` stands for the points, `{…}` for a value that was
 * seen. The same texts serve the agent and the marketer, who see the values besides.
 */
export const earnWords: Record<EarnReason, Words> = {
  credited: {
    en: '{points} points were credited.',
    ru: 'Начислено баллов: {points}.',
    uk: 'Нараховано балів: {points}.',
  },
  credited_in_part: {
    en: '{points} points were credited; the rest is above the limit for the period.',
    ru: 'Начислено баллов: {points}; остальное сверх лимита за период.',
    uk: 'Нараховано балів: {points}; решта понад ліміт за період.',
  },
  pending: {
    en: '{points} points are reserved and will be credited once the order is confirmed, until {until} at the latest.',
    ru: 'Зарезервировано баллов: {points}. Начислим, когда заказ подтвердится, не позже {until}.',
    uk: 'Зарезервовано балів: {points}. Нарахуємо, коли замовлення підтвердиться, не пізніше {until}.',
  },
  welcome: {
    en: '{points} points as a welcome.',
    ru: 'Приветственные баллы: {points}.',
    uk: 'Вітальні бали: {points}.',
  },
  welcome_given_before: {
    en: 'The welcome bonus is given once, and it was given before.',
    ru: 'Приветственный бонус даётся один раз, и он уже был начислен.',
    uk: 'Вітальний бонус дається один раз, і його вже було нараховано.',
  },
  not_a_member: {
    en: 'No points: not a member of the programme at that moment.',
    ru: 'Баллы не начислены: в этот момент участия в программе не было.',
    uk: 'Бали не нараховано: на той момент участі в програмі не було.',
  },
  member_left: {
    en: 'No points: the membership had ended.',
    ru: 'Баллы не начислены: участие в программе было прекращено.',
    uk: 'Бали не нараховано: участь у програмі було припинено.',
  },
  outside_validity: {
    en: 'No points: the offer did not hold at that moment.',
    ru: 'Баллы не начислены: предложение в этот момент не действовало.',
    uk: 'Бали не нараховано: пропозиція на той момент не діяла.',
  },
  condition_not_met: {
    en: 'No points: the condition of the rule was not met.',
    ru: 'Баллы не начислены: условие правила не выполнено.',
    uk: 'Бали не нараховано: умову правила не виконано.',
  },
  condition_failed: {
    en: 'No points: what the rule asks for was not known.',
    ru: 'Баллы не начислены: нет данных, которые нужны правилу.',
    uk: 'Бали не нараховано: бракує даних, потрібних правилу.',
  },
  amount_missing: {
    en: 'No points: the amount was not known.',
    ru: 'Баллы не начислены: сумма неизвестна.',
    uk: 'Бали не нараховано: сума невідома.',
  },
  amount_not_positive: {
    en: 'No points: nothing was paid.',
    ru: 'Баллы не начислены: ничего не оплачено.',
    uk: 'Бали не нараховано: нічого не сплачено.',
  },
  below_first_step: {
    en: 'No points: the amount is below the smallest one that earns.',
    ru: 'Баллы не начислены: сумма меньше наименьшей, за которую дают баллы.',
    uk: 'Бали не нараховано: сума менша за найменшу, за яку дають бали.',
  },
  rounds_to_zero: {
    en: 'No points: the amount is too small for a point.',
    ru: 'Баллы не начислены: сумма слишком мала для балла.',
    uk: 'Бали не нараховано: сума замала для бала.',
  },
  too_large: {
    en: 'No points: the sum is beyond what the programme can credit at once; it will be checked.',
    ru: 'Баллы не начислены: сумма больше, чем можно начислить за раз; её проверят.',
    uk: 'Бали не нараховано: сума більша, ніж можна нарахувати за раз; її перевірять.',
  },
  cap_reached: {
    en: 'No points: the limit for the period is reached.',
    ru: 'Баллы не начислены: лимит за период исчерпан.',
    uk: 'Бали не нараховано: ліміт за період вичерпано.',
  },
  budget_exhausted: {
    en: 'No points: everything set aside for this offer has been given.',
    ru: 'Баллы не начислены: всё, что выделено на это предложение, уже роздано.',
    uk: 'Бали не нараховано: усе, що виділено на цю пропозицію, вже роздано.',
  },
  better_rule: {
    en: 'No points by this rule: another one gave more.',
    ru: 'По этому правилу баллов нет: другое дало больше.',
    uk: 'За цим правилом балів немає: інше дало більше.',
  },
  released: {
    en: '{points} points that were reserved are credited now.',
    ru: 'Зарезервированные баллы начислены: {points}.',
    uk: 'Зарезервовані бали нараховано: {points}.',
  },
  given_up: {
    en: 'The reserved points were given up: the order was not confirmed in time.',
    ru: 'Резерв баллов снят: заказ не подтвердился вовремя.',
    uk: 'Резерв балів знято: замовлення не підтвердилося вчасно.',
  },
  returned: {
    en: 'For what was returned, {points} points were taken back.',
    ru: 'За возврат списано баллов: {points}.',
    uk: 'За повернення списано балів: {points}.',
  },
  return_waits: {
    en: 'The return is noted; its purchase has not come yet.',
    ru: 'Возврат учтён; его покупка ещё не поступила.',
    uk: 'Повернення враховано; його покупка ще не надійшла.',
  },
  nothing_to_return: {
    en: 'No points had to be taken back.',
    ru: 'Списывать баллы не пришлось.',
    uk: 'Списувати бали не довелося.',
  },
}

/** A text with its values filled in; what is missing is left out. Points are shown without a sign. */
export function filled(text: string, points: string, saw: Record<string, unknown>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) =>
    name === 'points' ? points.replace(/^-/, '') : String(saw[name] ?? ''),
  )
}
