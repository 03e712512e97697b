import type { Words } from '../programmes.ts'

/** The reasons of corrections. */
export const correctionReasons = ['given_by_hand', 'taken_by_hand'] as const
export type CorrectionReason = (typeof correctionReasons)[number]

/** What they say to a member; `{reason}` is what the agent wrote. */
export const correctionWords: Record<CorrectionReason, Words> = {
  given_by_hand: {
    en: 'Points credited by hand: {points}. Reason: {reason}',
    ru: 'Начислено вручную баллов: {points}. Причина: {reason}',
    uk: 'Нараховано вручну балів: {points}. Причина: {reason}',
  },
  taken_by_hand: {
    en: 'Points taken off by hand: {points}. Reason: {reason}',
    ru: 'Списано вручную баллов: {points}. Причина: {reason}',
    uk: 'Списано вручну балів: {points}. Причина: {reason}',
  },
}
