import {
  club,
  exchange,
  programmeMigration,
  referral,
  transferTerms,
} from '../../../../src/loyalty/contract.ts'
import { noWords } from '../draft.ts'
import type { Field, Way } from './field.ts'
import type { PartKind } from './kind.ts'
import {
  descriptionLine,
  nameLine,
  on,
  per,
  period,
  reference,
  times,
  validity,
  where,
} from './usual-fields.ts'

const who: Field = { name: 'who', as: 'expression' }

const withAnEvent: Way = { name: 'withAnEvent', mark: 'on', blank: { on: '' }, fields: [on, where] }

/** What takes a reward away again while it waits. */
const undoneBy: Field = {
  name: 'undoneBy',
  as: 'either',
  ways: [
    { name: 'notSaid' },
    { name: 'nothingUndoes', blank: 'nothing' },
    {
      name: 'anEvent',
      mark: 'on',
      blank: { on: '', withinDays: 14 },
      fields: [on, { name: 'waitsDays', at: 'withinDays', as: 'count' }, where, reference],
    },
  ],
}

/** What one side of an invitation gets. */
const gifts: readonly Way[] = [
  { name: 'nothing' },
  { name: 'points', mark: 'points', blank: { points: '100' }, fields: [{ name: 'points', as: 'points' }] },
  {
    name: 'money',
    mark: 'money',
    blank: { money: { amountMinor: '5000', currency: 'RUB' } },
    fields: [{ name: 'amountMinor', at: 'money.amountMinor', as: 'money', currencyAt: 'money.currency' }],
  },
  {
    name: 'product',
    mark: 'product',
    blank: { product: { id: '', as: 'free_month' } },
    fields: [
      { name: 'product', at: 'product.id', as: 'text' },
      { name: 'as', at: 'product.as', as: 'choice', of: ['free_month', 'free_option'] },
    ],
  },
]

const blankReward = { name: noWords, when: { on: '' }, referrer: { points: '100' } }

const referrals: PartKind = {
  kind: 'Referral',
  group: 'referrals',
  schema: referral,
  blank: (id, programme) => ({
    kind: 'Referral',
    id,
    name: noWords,
    programme,
    newWithinDays: 30,
    rewards: [{ id: 'reward-1', ...blankReward }],
    abuse: { distinct: [], allowHousehold: false },
    caps: [],
  }),
  form: [
    nameLine,
    [
      { name: 'link', as: 'text' },
      { name: 'newWithinDays', as: 'count' },
    ],
    [
      {
        name: 'rewards',
        as: 'rows',
        stem: 'reward',
        areNamed: true,
        blank: blankReward,
        fields: [
          {
            name: 'due',
            at: 'when',
            as: 'either',
            ways: [
              { ...withAnEvent, fields: [on, where, reference, undoneBy] },
              {
                name: 'whenStayed',
                mark: 'stayedDays',
                blank: { stayedDays: 90 },
                fields: [{ name: 'days', at: 'stayedDays', as: 'count' }, where],
              },
            ],
          },
          { name: 'referrer', as: 'either', ways: gifts },
          { name: 'referee', as: 'either', ways: gifts },
          ...nameLine,
        ],
      },
    ],
    [{ name: 'chainShares', at: 'chain.shares', as: 'counts' }],
    [
      { name: 'distinct', at: 'abuse.distinct', as: 'list' },
      { name: 'allowHousehold', at: 'abuse.allowHousehold', as: 'flag' },
    ],
    [
      {
        name: 'caps',
        as: 'rows',
        stem: 'cap',
        blank: { period: 'month', times: 10 },
        fields: [times, period],
      },
    ],
    validity,
  ],
}

const feePeriod: readonly Field[] = [
  { name: 'months', as: 'count' },
  { name: 'graceDays', as: 'count' },
  { name: 'noticeDays', as: 'count' },
]
const blankPeriod = { months: 1, graceDays: 3, noticeDays: 3 }

const clubs: PartKind = {
  kind: 'Club',
  group: 'clubs',
  schema: club,
  blank: (id, programme) => ({ kind: 'Club', id, name: noWords, programme, reviewMonths: 1 }),
  form: [
    nameLine,
    descriptionLine,
    [who, { name: 'reviewMonths', as: 'count' }],
    [
      {
        name: 'joinOn',
        as: 'either',
        ways: [{ name: 'whoAsks' }, withAnEvent],
      },
    ],
    [
      {
        name: 'fee',
        as: 'either',
        ways: [
          { name: 'free' },
          {
            name: 'points',
            mark: 'points',
            blank: { points: '100', ...blankPeriod },
            fields: [{ name: 'points', as: 'points' }, ...feePeriod],
          },
          {
            name: 'moneyByEvent',
            mark: 'on',
            blank: { on: '', ...blankPeriod },
            fields: [on, where, ...feePeriod],
          },
        ],
      },
    ],
    validity,
  ],
}

const sides: readonly Way[] = [
  {
    name: 'programme',
    mark: 'programme',
    blank: { programme: 'main' },
    fields: [{ name: 'programme', as: 'document', kind: 'Programme' }],
  },
  {
    name: 'partner',
    mark: 'partner',
    blank: { partner: 'partner', currency: 'coins', decimals: 0 },
    fields: [
      { name: 'partner', as: 'text' },
      { name: 'currency', as: 'text' },
      { name: 'decimals', as: 'count' },
    ],
  },
]

const bounds: readonly Field[] = [
  { name: 'least', as: 'points' },
  { name: 'most', as: 'points' },
]

const limits: readonly Field[] = [
  {
    name: 'limits',
    as: 'rows',
    stem: 'limit',
    blank: { per: 'member', period: 'month', points: '1000' },
    fields: [per, period, { name: 'points', as: 'points' }, times],
  },
]

const expiry: Field = { name: 'expiry', as: 'choice', of: ['keep', 'new'] }

const exchanges: readonly PartKind[] = [
  {
    kind: 'Exchange',
    group: 'exchange',
    schema: exchange,
    blank: (id, programme) => ({
      kind: 'Exchange',
      id,
      name: noWords,
      from: { programme },
      to: { partner: 'partner', currency: 'coins', decimals: 0 },
      rate: '1',
      spreadPercent: '0',
      quoteMinutes: 5,
      limits: [],
      expiry: 'keep',
    }),
    form: [
      nameLine,
      [{ name: 'given', at: 'from', as: 'either', ways: sides }],
      [{ name: 'got', at: 'to', as: 'either', ways: sides }],
      [
        { name: 'rate', as: 'amount' },
        { name: 'spreadPercent', as: 'amount' },
        { name: 'quoteMinutes', as: 'count' },
      ],
      [who, ...bounds],
      limits,
      [expiry],
      validity,
    ],
  },
  {
    kind: 'TransferTerms',
    group: 'exchange',
    schema: transferTerms,
    isOnly: true,
    blank: (id) => ({ kind: 'TransferTerms', id, limits: [], fee: {} }),
    form: [
      [who, ...bounds],
      [
        { name: 'feeFixed', at: 'fee.fixed', as: 'points' },
        { name: 'feePercent', at: 'fee.percent', as: 'amount' },
      ],
      limits,
    ],
  },
  {
    kind: 'ProgrammeMigration',
    group: 'exchange',
    schema: programmeMigration,
    blank: (id, programme) => ({
      kind: 'ProgrammeMigration',
      id,
      from: programme,
      to: '',
      rate: '1',
      expiry: 'keep',
    }),
    form: [
      nameLine,
      [
        { name: 'fromProgramme', at: 'from', as: 'document', kind: 'Programme' },
        { name: 'toProgramme', at: 'to', as: 'document', kind: 'Programme' },
        { name: 'rate', as: 'amount' },
        expiry,
      ],
      validity,
    ],
  },
]

/** Invitations, clubs and what moves points. */
export const termKinds: readonly PartKind[] = [referrals, clubs, ...exchanges]
