import type { Words } from '../programmes.ts'
import type { TierReason } from './errors.ts'

/** What the reasons of a move say to a member. */
export const tierWords: Record<TierReason, Words> = {
  tier_enrolled: {
    en: 'You begin on this tier.',
    ru: 'С этого уровня вы начинаете.',
    uk: 'Із цього рівня ви починаєте.',
  },
  tier_reached: {
    en: 'You have reached this tier.',
    ru: 'Вы достигли этого уровня.',
    uk: 'Ви досягли цього рівня.',
  },
  tier_lapsed: {
    en: 'The time for keeping the higher tier is over.',
    ru: 'Срок, в который можно было сохранить более высокий уровень, истёк.',
    uk: 'Час, протягом якого можна було зберегти вищий рівень, минув.',
  },
  tier_taken_back: {
    en: 'Something that had counted for the higher tier was returned.',
    ru: 'То, что было засчитано для более высокого уровня, возвращено.',
    uk: 'Те, що було зараховано для вищого рівня, повернено.',
  },
  tier_overridden: {
    en: 'We set this tier for you.',
    ru: 'Этот уровень установлен для вас нами.',
    uk: 'Цей рівень встановлено для вас нами.',
  },
  tier_override_over: {
    en: 'The tier that we had set for you has ended.',
    ru: 'Срок уровня, который был установлен для вас, закончился.',
    uk: 'Строк рівня, який було встановлено для вас, закінчився.',
  },
  tier_merged: {
    en: 'Two memberships became one, and what was in both counts together.',
    ru: 'Два участия объединены, и всё накопленное считается вместе.',
    uk: 'Дві участі об’єднано, і все накопичене рахується разом.',
  },
  tier_ladder_changed: {
    en: 'The terms of the tiers have changed.',
    ru: 'Условия уровней изменились.',
    uk: 'Умови рівнів змінилися.',
  },
  tier_left: { en: 'You left the programme.', ru: 'Вы вышли из программы.', uk: 'Ви вийшли з програми.' },
}
