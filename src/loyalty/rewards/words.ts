import type { Words } from '../programmes.ts'
import type { CancelReason, RewardReason, RewardRefusal } from './errors.ts'

/** What refusals and reasons of rewards say to a member. */
export const rewardWords: Record<RewardRefusal | RewardReason | CancelReason, Words> = {
  reward_not_open: {
    en: 'This reward is not on offer now.',
    ru: 'Сейчас это вознаграждение недоступно.',
    uk: 'Зараз ця винагорода недоступна.',
  },
  reward_not_for_member: {
    en: 'This reward is for other members.',
    ru: 'Это вознаграждение для других участников.',
    uk: 'Ця винагорода для інших учасників.',
  },
  reward_limit_reached: {
    en: 'The limit for the period is reached.',
    ru: 'Лимит за период исчерпан.',
    uk: 'Ліміт за період вичерпано.',
  },
  reward_out_of_stock: {
    en: 'There are none left.',
    ru: 'Всё разобрали.',
    uk: 'Усе розібрали.',
  },
  reward_not_giftable: {
    en: 'This reward cannot be given to somebody else.',
    ru: 'Это вознаграждение нельзя подарить.',
    uk: 'Цю винагороду не можна подарувати.',
  },
  reward_points_insufficient: {
    en: 'There are not enough points.',
    ru: 'Не хватает баллов.',
    uk: 'Не вистачає балів.',
  },
  reward_reserved: {
    en: 'Points set aside for “{reward}”: {price:points}.',
    ru: 'Отложено баллов на «{reward}»: {price:points}.',
    uk: 'Відкладено балів на «{reward}»: {price:points}.',
  },
  reward_redeemed: {
    en: 'Points spent on “{reward}”: {price:points}.',
    ru: 'Потрачено баллов на «{reward}»: {price:points}.',
    uk: 'Витрачено балів на «{reward}»: {price:points}.',
  },
  gift_redeemed: {
    en: 'Points spent on “{reward}” as a gift: {price:points}.',
    ru: 'Потрачено баллов на подарок «{reward}»: {price:points}.',
    uk: 'Витрачено балів на подарунок «{reward}»: {price:points}.',
  },
  redemption_cancelled: {
    en: '“{reward}” did not come about. Points back: {price:points}.',
    ru: '«{reward}» не получилось; возвращено баллов: {price:points}.',
    uk: '«{reward}» не вдалося; повернено балів: {price:points}.',
  },
  redemption_refunded: {
    en: '“{reward}” was taken back. Points back: {price:points}.',
    ru: '«{reward}» отменено; возвращено баллов: {price:points}.',
    uk: '«{reward}» скасовано; повернено балів: {price:points}.',
  },
  operator_refused: {
    en: 'The operator could not provide it.',
    ru: 'Оператор не смог это предоставить.',
    uk: 'Оператор не зміг це надати.',
  },
  operator_account_unknown: {
    en: 'The operator knows no account for it.',
    ru: 'У оператора нет лицевого счёта для зачисления.',
    uk: 'В оператора немає особового рахунку для зарахування.',
  },
  timed_out: {
    en: 'It was not handed out in time.',
    ru: 'Не выдано в срок.',
    uk: 'Не видано вчасно.',
  },
  agent_cancelled: {
    en: 'An agent cancelled it.',
    ru: 'Отменено сотрудником.',
    uk: 'Скасовано співробітником.',
  },
  agent_refunded: {
    en: 'An agent gave the points back.',
    ru: 'Баллы вернул сотрудник.',
    uk: 'Бали повернув співробітник.',
  },
}
