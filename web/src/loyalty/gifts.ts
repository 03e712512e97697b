import type { Reward, RewardGives } from '../../../src/loyalty/contract.ts'

export const gifts = ['voucher', 'goods', 'product', 'credit', 'discount', 'donation'] as const
export type Gift = (typeof gifts)[number]

/** What kind of thing a reward gives. */
export const giftOf = (gives: RewardGives): Gift => gifts.find((gift) => gift in gives) ?? 'goods'

/** The codes of a text, one a line or with blanks or commas between, each once. */
export const codesIn = (text: string): string[] => [
  ...new Set(text.split(/[\s,;]+/).filter((code) => code !== '')),
]

/** A voucher of a pool for a hundred points. */
export const blankReward = (id: string): Reward => ({
  kind: 'Reward',
  id,
  name: { en: '', ru: '', uk: '' },
  programme: 'main',
  price: { points: '100', byTier: {} },
  gives: { voucher: { pool: id } },
  limits: [],
  giftable: true,
  lowStock: 0,
  giveUpAfterHours: 24,
})
