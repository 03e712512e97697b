import { botGame, quiz, wheel } from '../../../../src/loyalty/contract.ts'
import { noWords } from '../draft.ts'
import type { Field } from './field.ts'
import type { PartKind } from './kind.ts'
import { nameLine, on, rewardAt, validity, where } from './usual-fields.ts'

const period: Field = { name: 'period', as: 'choice', of: ['day', 'week', 'month', 'ever'] }

/** How a member comes by the right to play a round. */
const rights: readonly (readonly Field[])[] = [
  [
    {
      name: 'free',
      as: 'either',
      ways: [
        { name: 'none' },
        {
          name: 'inAPeriod',
          mark: 'period',
          blank: { period: 'day', rounds: 1 },
          fields: [period, { name: 'rounds', as: 'count' }],
        },
      ],
    },
    { name: 'price', as: 'points' },
  ],
  [
    {
      name: 'rights',
      as: 'rows',
      stem: 'right',
      blank: { on: '', rounds: 1 },
      fields: [on, where, { name: 'rounds', as: 'count' }, { name: 'validDays', at: 'days', as: 'count' }],
    },
  ],
]

const words: Field = { name: 'text', as: 'words' }

const blankQuestion = {
  text: noWords,
  options: [
    { id: 'option-1', text: noWords },
    { id: 'option-2', text: noWords },
  ],
  answer: 'option-1',
}

/** Games of chance, whose rounds anybody can check. */
export const gameKinds: readonly PartKind[] = [
  {
    kind: 'Wheel',
    group: 'games',
    schema: wheel,
    blank: (id, programme) => ({
      kind: 'Wheel',
      id,
      name: noWords,
      programme,
      rights: [],
      free: { period: 'day', rounds: 1 },
      prizes: [
        { id: 'nothing', name: { en: 'Nothing', ru: 'Ничего', uk: 'Нічого' }, weight: 9, reward: {} },
        { id: 'prize-2', name: noWords, weight: 1, reward: { points: '100' } },
      ],
    }),
    form: [
      nameLine,
      [
        {
          name: 'prizes',
          as: 'rows',
          stem: 'prize',
          areNamed: true,
          blank: { name: noWords, weight: 1, reward: {} },
          fields: [
            { name: 'weight', as: 'count' },
            ...rewardAt('reward'),
            { name: 'stock', as: 'count' },
            ...nameLine,
          ],
        },
      ],
      [
        {
          name: 'budget',
          as: 'either',
          ways: [
            { name: 'none' },
            {
              name: 'inAPeriod',
              mark: 'points',
              blank: { points: '10000', period: 'day' },
              fields: [{ name: 'points', as: 'points' }, period],
            },
          ],
        },
        { name: 'otherwise', as: 'oneOf', among: 'prizes', isOptional: true },
      ],
      ...rights,
      validity,
    ],
  },
  {
    kind: 'Quiz',
    group: 'games',
    schema: quiz,
    blank: (id, programme) => ({
      kind: 'Quiz',
      id,
      name: noWords,
      programme,
      rights: [],
      free: { period: 'day', rounds: 1 },
      questions: [{ id: 'question-1', ...blankQuestion }],
      perRound: 1,
      secondsPerQuestion: 20,
      rewards: [],
    }),
    form: [
      nameLine,
      [
        { name: 'perRound', as: 'count' },
        { name: 'secondsPerQuestion', as: 'count' },
      ],
      [
        {
          name: 'questions',
          as: 'rows',
          stem: 'question',
          areNamed: true,
          blank: blankQuestion,
          fields: [
            words,
            {
              name: 'options',
              as: 'rows',
              stem: 'option',
              areNamed: true,
              blank: { text: noWords },
              fields: [words],
            },
            { name: 'answer', as: 'oneOf', among: 'options' },
          ],
        },
      ],
      [
        {
          name: 'rewards',
          as: 'rows',
          stem: 'reward',
          blank: { correct: 1, reward: { points: '10' } },
          fields: [{ name: 'correct', as: 'count' }, ...rewardAt('reward')],
        },
      ],
      ...rights,
      validity,
    ],
  },
  {
    kind: 'BotGame',
    group: 'games',
    schema: botGame,
    blank: (id, programme) => ({
      kind: 'BotGame',
      id,
      name: noWords,
      programme,
      rights: [],
      free: { period: 'day', rounds: 1 },
      doors: 3,
      reward: { points: '50' },
      moves: { on: 'message.answered', choice: 'event.choice' },
    }),
    form: [
      nameLine,
      [{ name: 'doors', as: 'count' }, ...rewardAt('reward')],
      [
        { name: 'on', at: 'moves.on', as: 'eventType' },
        { name: 'choice', at: 'moves.choice', as: 'expression' },
      ],
      ...rights,
      validity,
    ],
  },
]
