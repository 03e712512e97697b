import type { Words } from '../programmes.ts'
import type { EarnReason } from './errors.ts'

/**
 * Every reason in plain words, as a member reads it. `{points}` stands for the points, `{…}` for a value that was
 * seen. The same texts serve the agent and the marketer, who see the values besides.
 */
export const earnWords: Record<EarnReason, Words> = {
  credited: {
    en: 'Points credited: {points}.',
    ru: 'Начислено баллов: {points}.',
    uk: 'Нараховано балів: {points}.',
  },
  credited_in_part: {
    en: 'Points credited: {points}; the rest is above the limit for the period.',
    ru: 'Начислено баллов: {points}; остальное сверх лимита за период.',
    uk: 'Нараховано балів: {points}; решта понад ліміт за період.',
  },
  pending: {
    en: 'Points reserved: {reserved:points}. They are credited once the order is confirmed, until {until} at the latest.',
    ru: 'Зарезервировано баллов: {reserved:points}. Начислим, когда заказ подтвердится, не позже {until}.',
    uk: 'Зарезервовано балів: {reserved:points}. Нарахуємо, коли замовлення підтвердиться, не пізніше {until}.',
  },
  welcome: {
    en: 'Welcome points: {points}.',
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
  until_missing: {
    en: 'No points: the day from which they can be spent was not known.',
    ru: 'Баллы не начислены: неизвестно, с какого дня их можно тратить.',
    uk: 'Бали не нараховано: невідомо, з якого дня їх можна витрачати.',
  },
  amount_not_positive: {
    en: 'No points: nothing was paid.',
    ru: 'Баллы не начислены: ничего не оплачено.',
    uk: 'Бали не нараховано: нічого не сплачено.',
  },
  currency_differs: {
    en: 'No points: amounts in {currency} do not count, only those in {expected}.',
    ru: 'Баллы не начислены: учитываются суммы в {expected}, а не в {currency}.',
    uk: 'Бали не нараховано: враховуються суми в {expected}, а не в {currency}.',
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
    en: 'Reserved points credited: {points}.',
    ru: 'Зарезервированные баллы начислены: {points}.',
    uk: 'Зарезервовані бали нараховано: {points}.',
  },
  given_up: {
    en: 'Reserved points given up, because the order was not confirmed in time: {reserved:points}.',
    ru: 'Резерв снят: заказ не подтвердился вовремя. Баллов: {reserved:points}.',
    uk: 'Резерв знято: замовлення не підтвердилося вчасно. Балів: {reserved:points}.',
  },
  returned: {
    en: 'Points taken back for what was returned: {points}.',
    ru: 'За возврат списано баллов: {points}.',
    uk: 'За повернення списано балів: {points}.',
  },
  reserve_reduced: {
    en: 'Reserved points that are not going to be credited after the return: {reserved:points}.',
    ru: 'Резерв снят из-за возврата, баллов: {reserved:points}.',
    uk: 'Резерв знято через повернення, балів: {reserved:points}.',
  },
  confirmation_waits: {
    en: 'The confirmation is noted; its purchase has not come yet.',
    ru: 'Подтверждение учтено; его покупка ещё не поступила.',
    uk: 'Підтвердження враховано; його покупка ще не надійшла.',
  },
  confirmation_key_missing: {
    en: 'The confirmation does not say which purchase it is for.',
    ru: 'В подтверждении не указано, к какой покупке оно относится.',
    uk: 'У підтвердженні не вказано, якої покупки воно стосується.',
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

/** What is said of an event that was refused before any rule could judge it. */
export const refusedWords: Words = {
  en: 'No points yet: the event was refused when it came in ({code}) and waits until somebody mends it.',
  ru: 'Баллов пока нет: событие не принято ({code}) и ждёт исправления.',
  uk: 'Балів поки немає: подію не прийнято ({code}), вона чекає на виправлення.',
}

/** What the welcome bonus is called. */
export const welcomeName: Words = { en: 'Welcome', ru: 'Приветствие', uk: 'Вітання' }

/** What consumers are called that judge by no document with a name. */
export const consumerNames: Record<string, Words> = {
  membership: { en: 'Membership', ru: 'Участие', uk: 'Участь' },
  liability: { en: 'Expiry', ru: 'Сгорание баллов', uk: 'Згоряння балів' },
  corrections: { en: 'Correction', ru: 'Корректировка', uk: 'Коригування' },
  burning: { en: 'Spent at a partner', ru: 'Списание у партнёра', uk: 'Списання в партнера' },
  abuse: { en: 'Check', ru: 'Проверка', uk: 'Перевірка' },
  exchange: { en: 'Transfer between members', ru: 'Перевод участнику', uk: 'Переказ учаснику' },
  ledger: { en: 'Ledger', ru: 'Учёт', uk: 'Облік' },
  migration: { en: 'New programme', ru: 'Новая программа', uk: 'Нова програма' },
}

/**
 * A text with its values filled in; what is missing is left out. `{points}` are those of the judgement without their
 * sign, `{price:points}` is a value that was seen as minor units; `write` writes both.
 */
export function filled(
  text: string,
  points: bigint,
  write: (minor: bigint) => string,
  saw: Record<string, unknown>,
): string {
  const minor = (value: bigint): string => write(value < 0n ? -value : value)
  return text.replace(/\{(\w+)(:points)?\}/g, (_, name: string, isPoints: string | undefined) => {
    if (name === 'points') return minor(points)
    const value = saw[name] ?? ''
    return isPoints && value !== '' ? minor(BigInt(value as string | number)) : String(value)
  })
}
