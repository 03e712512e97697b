import type { Words } from '../programmes.ts'

/** What the clock does to points. */
export type ExpiryReason = 'expired'

/** What it says to a member. */
export const expiryWords: Record<ExpiryReason, Words> = {
  expired: {
    en: 'Points expired: {points}.',
    ru: 'Сгорело баллов: {points}.',
    uk: 'Згоріло балів: {points}.',
  },
}
