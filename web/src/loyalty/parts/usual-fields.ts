import type { Field } from './field.ts'

/* Fields that documents of several kinds have. */

export const nameLine: readonly Field[] = [{ name: 'name', as: 'words' }]
export const descriptionLine: readonly Field[] = [{ name: 'description', as: 'words', isOptional: true }]

export const on: Field = { name: 'on', as: 'eventType' }
export const where: Field = { name: 'where', as: 'expression' }

/** By what an event is named when another refers to it, such as a return to its purchase. */
export const reference: Field = { name: 'reference', as: 'expression' }

export const period: Field = { name: 'period', as: 'choice', of: ['day', 'week', 'month', 'year', 'ever'] }

export const validity: readonly Field[] = [
  { name: 'validFrom', as: 'moment' },
  { name: 'validTo', as: 'moment' },
]

/** What a member gets, at a place of the document. */
export const rewardAt = (at: string): readonly Field[] => [
  { name: 'rewardPoints', at: `${at}.points`, as: 'points' },
  { name: 'rewardBadge', at: `${at}.badge`, as: 'document', kind: 'Badge', isOptional: true },
]

/** How often something may happen in a period, for each member or for all together. */
export const per: Field = { name: 'per', as: 'choice', of: ['member', 'all'] }
export const times: Field = { name: 'times', as: 'count' }
