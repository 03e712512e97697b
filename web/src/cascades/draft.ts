import type { Cascade } from '../../../src/messaging/contract.ts'

export type Step = Cascade['steps'][number]
export type Until = Step['until']
export const untils: readonly Until[] = ['accepted', 'delivered', 'seen', 'clicked', 'answered']

/** A step with a key of its own, so that it keeps its fields while it is moved. */
export type KeyedStep = { key: number; step: Step }
export type CascadeDraft = { head: Omit<Cascade, 'steps'>; steps: readonly KeyedStep[] }

/** A cascade with one step that says nothing yet. */
export const blankCascade = (id: string): Cascade => ({
  kind: 'Cascade',
  id,
  purpose: 'marketing',
  priority: 50,
  order: 'written',
  timing: 'now',
  steps: [blankStep('sms')],
})

export const blankStep = (channel: string): Step => ({
  channel,
  template: '',
  until: 'delivered',
  wait: 'PT1H',
  validFor: 'P1D',
})

/** The document as it is edited. */
export function draftOf({ steps, ...head }: Cascade): CascadeDraft {
  return { head, steps: steps.map((step, key) => ({ key, step })) }
}

export const documentOf = ({ head, steps }: CascadeDraft): Cascade => ({
  ...head,
  steps: steps.map(({ step }) => step),
})

/** The list with one of its items at another place. */
export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const place = Math.min(items.length - 1, Math.max(0, to))
  const others = items.toSpliced(from, 1)
  return items[from] === undefined ? [...items] : others.toSpliced(place, 0, items[from])
}

/** The places of dragged steps: where a step belongs whose middle is at `y`, by the middles of the others. */
export const placeAt = (middles: readonly number[], y: number): number =>
  middles.filter((middle) => middle < y).length

/** What stands in the way of asking for figures: without a channel and a template a step has none. */
export const isComplete = ({ steps }: Cascade): boolean =>
  steps.length > 0 && steps.every(({ channel, template }) => channel !== '' && template !== '')
