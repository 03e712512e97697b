import { achievement, badge, leaderboard, quest, streak } from '../../../../src/loyalty/contract.ts'
import { noWords } from '../draft.ts'
import type { Field } from './field.ts'
import type { PartKind } from './kind.ts'
import { descriptionLine, nameLine, on, period, rewardAt, validity, where } from './usual-fields.ts'

const sum: Field = { name: 'sum', as: 'expression' }
/** What a sum is in; the operator's where it is absent. */
const currency: Field = { name: 'currency', as: 'currency' }
const distinct: Field = { name: 'distinctValues', at: 'distinct', as: 'expression' }

const blankStep = { name: noWords, on: '', reach: '1' }

/** What is earned by what members do. */
export const playKinds: readonly PartKind[] = [
  {
    kind: 'Quest',
    group: 'play',
    isTried: true,
    schema: quest,
    blank: (id, programme) => ({
      kind: 'Quest',
      id,
      name: noWords,
      programme,
      order: 'any',
      join: 'first_step',
      steps: [{ id: 'step-1', ...blankStep }],
      times: 1,
    }),
    form: [
      nameLine,
      [
        { name: 'order', as: 'choice', of: ['any', 'strict'] },
        { name: 'join', as: 'choice', of: ['first_step', 'by_hand'] },
        { name: 'times', as: 'count' },
      ],
      [
        {
          name: 'deadline',
          as: 'either',
          ways: [
            { name: 'noDeadline' },
            {
              name: 'afterDays',
              mark: 'days',
              blank: { days: 30 },
              fields: [{ name: 'days', as: 'count' }],
            },
            {
              name: 'untilMoment',
              mark: 'at',
              blank: { at: '2030-01-01T00:00:00Z' },
              fields: [{ name: 'moment', at: 'at', as: 'moment' }],
            },
          ],
        },
      ],
      rewardAt('reward'),
      [
        {
          name: 'steps',
          as: 'rows',
          stem: 'step',
          areNamed: true,
          blank: blankStep,
          fields: [on, { name: 'reach', as: 'amount' }, where, sum, currency, distinct, ...nameLine],
        },
      ],
      validity,
    ],
  },
  {
    kind: 'Achievement',
    group: 'play',
    isTried: true,
    schema: achievement,
    blank: (id, programme) => ({
      kind: 'Achievement',
      id,
      name: noWords,
      programme,
      on: '',
      levels: [{ at: '1', name: noWords }],
    }),
    form: [
      nameLine,
      [on, where],
      [sum, currency, distinct],
      [
        {
          name: 'levels',
          as: 'rows',
          stem: 'level',
          blank: { at: '10', name: noWords },
          fields: [{ name: 'from', at: 'at', as: 'amount' }, ...rewardAt('reward'), ...nameLine],
        },
      ],
      validity,
    ],
  },
  {
    kind: 'Streak',
    group: 'play',
    isTried: true,
    schema: streak,
    blank: (id, programme) => ({
      kind: 'Streak',
      id,
      name: noWords,
      programme,
      on: '',
      every: 'day',
      reach: '1',
      grace: 0,
      milestones: [],
    }),
    form: [
      nameLine,
      [on, where],
      [
        { name: 'every', as: 'choice', of: ['day', 'week'] },
        { name: 'reach', as: 'amount' },
        sum,
        currency,
        { name: 'grace', as: 'count' },
      ],
      [
        {
          name: 'freezes',
          as: 'either',
          ways: [
            { name: 'none' },
            {
              name: 'freezes',
              mark: 'each',
              blank: { each: 7, most: 2 },
              fields: [
                { name: 'freezeEach', at: 'each', as: 'count' },
                { name: 'mostFreezes', at: 'most', as: 'count' },
              ],
            },
          ],
        },
      ],
      [
        {
          name: 'milestones',
          as: 'rows',
          stem: 'milestone',
          blank: { at: 7, again: true, reward: { points: '50' } },
          fields: [
            { name: 'inARow', at: 'at', as: 'count' },
            { name: 'again', as: 'flag' },
            ...rewardAt('reward'),
          ],
        },
      ],
      validity,
    ],
  },
  {
    kind: 'Leaderboard',
    group: 'play',
    schema: leaderboard,
    blank: (id, programme) => ({
      kind: 'Leaderboard',
      id,
      name: noWords,
      programme,
      on: '',
      period: 'month',
    }),
    form: [nameLine, [on, where], [sum, currency, period, { name: 'regionBy', as: 'text' }], validity],
  },
  {
    kind: 'Badge',
    group: 'play',
    schema: badge,
    blank: (id, programme) => ({ kind: 'Badge', id, name: noWords, programme }),
    form: [nameLine, descriptionLine, [{ name: 'icon', as: 'text' }]],
  },
]
