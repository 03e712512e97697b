import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextMove } from './cascades.ts'
import { type Cascade, cascade } from './contract.ts'
import type { MessageState } from './message.ts'

const cascadeOf = (...untils: Cascade['steps'][number]['until'][]): Cascade =>
  cascade.parse({
    kind: 'Cascade',
    id: 'c',
    steps: untils.map((until) => ({ channel: 'sms', template: 't', until, wait: 'PT15M' })),
  })

test('the first step is sent when there is no message yet', () => {
  expect(nextMove(cascadeOf('answered', 'delivered'), 0, undefined)).toEqual({ move: 'send', step: 0 })
})

test('a step that reached its aim ends the cascade with that', () => {
  const steps = cascadeOf('delivered', 'delivered')
  expect(nextMove(steps, 0, 'delivered')).toEqual({ move: 'finish', outcome: 'delivered' })
  expect(nextMove(steps, 0, 'seen')).toEqual({ move: 'finish', outcome: 'seen' })
  expect(nextMove(cascadeOf('accepted'), 0, 'submitted')).toEqual({ move: 'finish', outcome: 'submitted' })
})

test('a step whose wait is over or whose message is lost makes way for the next one', () => {
  const steps = cascadeOf('answered', 'answered')
  for (const state of ['submitted', 'delivered', 'seen', 'unknown', 'failed', 'held'] as const)
    expect(nextMove(steps, 0, state)).toEqual({ move: 'send', step: 1 })
})

test('the last step ends the cascade and says whether anything may have arrived', () => {
  const steps = cascadeOf('answered', 'answered')
  expect(nextMove(steps, 1, 'delivered')).toEqual({ move: 'finish', outcome: 'no_answer' })
  expect(nextMove(steps, 1, 'unknown')).toEqual({ move: 'finish', outcome: 'no_answer' })
  expect(nextMove(steps, 1, 'failed')).toEqual({ move: 'finish', outcome: 'not_reached' })
  expect(nextMove(steps, 1, 'held')).toEqual({ move: 'finish', outcome: 'not_reached' })
})

test('whatever becomes of its messages, a cascade sends each step at most once and ends', () => {
  const untils = fc.constantFrom('accepted', 'delivered', 'seen', 'answered' as const)
  const fates = fc.constantFrom<MessageState>('submitted', 'delivered', 'seen', 'failed', 'held', 'unknown')
  fc.assert(
    fc.property(
      fc.array(untils, { minLength: 1, maxLength: 5 }),
      fc.array(fates, { minLength: 5, maxLength: 5 }),
      (steps, ends) => {
        const document = cascadeOf(...(steps as Cascade['steps'][number]['until'][]))
        const sent: number[] = []
        let state: MessageState | undefined
        for (let step = 0; ;) {
          const move = nextMove(document, step, state)
          if (move.move === 'finish') break
          sent.push(move.step)
          step = move.step
          state = ends[step]
        }
        expect(sent).toEqual(steps.slice(0, sent.length).map((_, i) => i))
      },
    ),
  )
})
