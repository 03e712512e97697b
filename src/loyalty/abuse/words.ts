import type { Words } from '../programmes.ts'
import type { AbuseNews, AbuseReason } from './errors.ts'

/** Every reason as an agent reads it; `{name}` stands for a value that was seen. */
export const abuseWords: Record<AbuseReason, Words> = {
  velocity_earned: {
    en: 'Earned {times} times, {sum} points, within {hours} h.',
    ru: 'Начислений: {times}, баллов: {sum}, за {hours} ч.',
    uk: 'Нарахувань: {times}, балів: {sum}, за {hours} год.',
  },
  velocity_received: {
    en: 'Was given points {times} times, {sum} points, within {hours} h.',
    ru: 'Получено переводов: {times}, баллов: {sum}, за {hours} ч.',
    uk: 'Отримано переказів: {times}, балів: {sum}, за {hours} год.',
  },
  velocity_sent: {
    en: 'Gave points away {times} times, {sum} points, within {hours} h.',
    ru: 'Отправлено переводов: {times}, баллов: {sum}, за {hours} ч.',
    uk: 'Надіслано переказів: {times}, балів: {sum}, за {hours} год.',
  },
  velocity_redeemed: {
    en: 'Redeemed {times} times, {sum} points, within {hours} h.',
    ru: 'Списаний за вознаграждения: {times}, баллов: {sum}, за {hours} ч.',
    uk: 'Списань за винагороди: {times}, балів: {sum}, за {hours} год.',
  },
  many_to_one: {
    en: '{others} members gave points to this one within {days} days.',
    ru: 'Участников, которые перевели баллы этому за {days} дн.: {others}.',
    uk: 'Учасників, які переказали бали цьому за {days} дн.: {others}.',
  },
  one_to_many: {
    en: 'Gave points to {others} members within {days} days.',
    ru: 'Участников, которым этот перевёл баллы за {days} дн.: {others}.',
    uk: 'Учасників, яким цей переказав бали за {days} дн.: {others}.',
  },
  fresh_receiver: {
    en: 'A member for {ageDays} days who was given {given} points and earned {own}.',
    ru: 'Участник {ageDays} дн.: получено от других баллов: {given}, заработано: {own}.',
    uk: 'Учасник {ageDays} дн.: отримано від інших балів: {given}, зароблено: {own}.',
  },
  shared_device: {
    en: 'The device was used by {others} members within {days} days.',
    ru: 'Участников с этим устройством за {days} дн.: {others}.',
    uk: 'Учасників із цим пристроєм за {days} дн.: {others}.',
  },
  shared_payment: {
    en: 'The payment instrument was used by {others} members within {days} days.',
    ru: 'Участников с этим средством оплаты за {days} дн.: {others}.',
    uk: 'Учасників із цим засобом оплати за {days} дн.: {others}.',
  },
}

/** What a member reads of a case. */
export const abuseNewsWords: Record<AbuseNews, Words> = {
  abuse_held: {
    en: 'Points that came in lately are held while somebody looks at them.',
    ru: 'Недавно поступившие баллы придержаны, пока их проверяют.',
    uk: 'Бали, що надійшли нещодавно, притримано, поки їх перевіряють.',
  },
  abuse_let_go: {
    en: 'Points that were held are free again: {held:points}.',
    ru: 'Придержанные баллы снова доступны: {held:points}.',
    uk: 'Притримані бали знову доступні: {held:points}.',
  },
  abuse_forfeited: {
    en: 'Points taken because they were come by against the rules: {points}.',
    ru: 'Баллы списаны, потому что получены в нарушение правил: {points}.',
    uk: 'Бали списано, бо їх отримано з порушенням правил: {points}.',
  },
  abuse_given_back: {
    en: 'Points given back after another look: {points}.',
    ru: 'Баллы возвращены после повторной проверки: {points}.',
    uk: 'Бали повернено після повторної перевірки: {points}.',
  },
}
