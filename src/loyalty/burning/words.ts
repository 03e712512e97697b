import type { Words } from '../programmes.ts'

/** The reason of points that were spent outside, such as at a till. */
export const burningReasons = ['spent_outside'] as const
export type BurningReason = (typeof burningReasons)[number]

/** What it says to a member; `{reason}` is what the other system gave. */
export const burningWords: Record<BurningReason, Words> = {
  spent_outside: {
    en: 'Points spent: {points}. What for: {reason}',
    ru: 'Потрачено баллов: {points}. За что: {reason}',
    uk: 'Витрачено балів: {points}. За що: {reason}',
  },
}
