import type { Words } from '../programmes.ts'
import type { ExchangeReason, ExchangeRefusal } from './errors.ts'

/** What refusals and reasons of transfers and exchange say to a member. */
export const exchangeWords: Record<ExchangeRefusal | ExchangeReason, Words> = {
  exchange_not_open: {
    en: 'This is not offered now.',
    ru: 'Сейчас это не предлагается.',
    uk: 'Зараз це не пропонується.',
  },
  exchange_not_for_member: {
    en: 'This is for other members.',
    ru: 'Это для других участников.',
    uk: 'Це для інших учасників.',
  },
  transfer_to_self: {
    en: 'Both have the same balance.',
    ru: 'У обоих один и тот же баланс.',
    uk: 'В обох той самий баланс.',
  },
  transfer_recipient_not_member: {
    en: 'The recipient is not in the programme.',
    ru: 'Получатель не участвует в программе.',
    uk: 'Отримувач не бере участі в програмі.',
  },
  exchange_below_least: {
    en: 'It is less than the smallest amount.',
    ru: 'Это меньше наименьшей суммы.',
    uk: 'Це менше за найменшу суму.',
  },
  exchange_above_most: {
    en: 'It is more than the largest amount.',
    ru: 'Это больше наибольшей суммы.',
    uk: 'Це більше за найбільшу суму.',
  },
  exchange_limit_reached: {
    en: 'The limit for the period is reached.',
    ru: 'Лимит за период исчерпан.',
    uk: 'Ліміт за період вичерпано.',
  },
  exchange_too_small: {
    en: 'It is too small for one unit of the other currency.',
    ru: 'Этого не хватает на единицу другой валюты.',
    uk: 'Цього не вистачає на одиницю іншої валюти.',
  },
  exchange_points_insufficient: {
    en: 'There are not enough points.',
    ru: 'Не хватает баллов.',
    uk: 'Не вистачає балів.',
  },
  quote_expired: {
    en: 'The quoted rate is over; ask for a new one.',
    ru: 'Курс больше не действует; запросите новый.',
    uk: 'Курс більше не діє; запитайте новий.',
  },
  points_sent: {
    en: 'Points sent to another member: {points}.',
    ru: 'Передано баллов другому участнику: {points}.',
    uk: 'Передано балів іншому учаснику: {points}.',
  },
  transfer_fee: {
    en: 'Fee for sending points: {points}.',
    ru: 'Комиссия за передачу баллов: {points}.',
    uk: 'Комісія за передавання балів: {points}.',
  },
  points_received: {
    en: 'Points received from another member: {points}.',
    ru: 'Получено баллов от другого участника: {points}.',
    uk: 'Отримано балів від іншого учасника: {points}.',
  },
  points_received_expiring: {
    en: 'Points received from another member: {points}. The first of them, {soonest:points}, expire at {expiresAt}.',
    ru: 'Получено баллов от другого участника: {points}. Первые из них, {soonest:points}, сгорят {expiresAt}.',
    uk: 'Отримано балів від іншого учасника: {points}. Перші з них, {soonest:points}, згорять {expiresAt}.',
  },
  points_converted: {
    en: '{given} {fromCurrency} exchanged for {got} {toCurrency}.',
    ru: 'Обменяно: {given} {fromCurrency} на {got} {toCurrency}.',
    uk: 'Обміняно: {given} {fromCurrency} на {got} {toCurrency}.',
  },
}
