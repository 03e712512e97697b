import { abusePolicy, pointCost } from '../../../../src/loyalty/contract.ts'
import type { Field } from './field.ts'
import type { PartKind } from './kind.ts'

const withinDays: Field = { name: 'withinDays', as: 'count' }
const score: Field = { name: 'score', as: 'count' }

/** A sign that a policy looks for or not; one that is looked for has the field `mark`. */
const sign = (
  name: 'manyToOne' | 'oneToMany' | 'freshReceiver',
  mark: string,
  blank: object,
  fields: readonly Field[],
): Field => ({
  name,
  at: `signals.${name}`,
  as: 'either',
  ways: [{ name: 'notLookedAt' }, { name: 'lookedAt', mark, blank, fields: [...fields, score] }],
})

const abuse: PartKind = {
  kind: 'AbusePolicy',
  group: 'terms',
  schema: abusePolicy,
  blank: (id, programme) => ({
    kind: 'AbusePolicy',
    id,
    programme,
    signals: { velocity: [{ of: 'earned', withinHours: 24, times: 20, score: 60 }], shared: [] },
    hold: 60,
    openForDays: 30,
    exemptForDays: 365,
    confirmed: { forfeit: true },
  }),
  form: [
    [
      { name: 'hold', as: 'count' },
      { name: 'refuse', as: 'count' },
    ],
    [
      {
        name: 'limit',
        as: 'either',
        ways: [
          { name: 'none' },
          {
            name: 'limited',
            mark: 'from',
            blank: { from: 80, pointsPerDay: '100' },
            fields: [
              { name: 'scoreFrom', at: 'from', as: 'count' },
              { name: 'pointsPerDay', as: 'points' },
            ],
          },
        ],
      },
    ],
    [
      { name: 'openForDays', as: 'count' },
      { name: 'exemptForDays', as: 'count' },
      { name: 'forfeit', at: 'confirmed.forfeit', as: 'flag' },
      { name: 'refuseForDays', at: 'confirmed.refuseForDays', as: 'count' },
    ],
    [
      {
        name: 'velocity',
        at: 'signals.velocity',
        as: 'rows',
        stem: 'velocity',
        blank: { of: 'earned', withinHours: 24, times: 20, score: 30 },
        fields: [
          { name: 'deed', at: 'of', as: 'choice', of: ['earned', 'received', 'sent', 'redeemed'] },
          { name: 'times', as: 'count' },
          { name: 'points', as: 'points' },
          { name: 'withinHours', as: 'count' },
          score,
        ],
      },
    ],
    [
      sign('manyToOne', 'senders', { senders: 5, withinDays: 7, score: 30 }, [
        { name: 'senders', as: 'count' },
        withinDays,
      ]),
    ],
    [
      sign('oneToMany', 'recipients', { recipients: 5, withinDays: 7, score: 30 }, [
        { name: 'recipients', as: 'count' },
        withinDays,
      ]),
    ],
    [
      sign(
        'freshReceiver',
        'youngerThanDays',
        { youngerThanDays: 14, points: '500', ownBelowPercent: 20, score: 30 },
        [
          { name: 'youngerThanDays', as: 'count' },
          { name: 'points', as: 'points' },
          { name: 'ownBelowPercent', as: 'count' },
        ],
      ),
    ],
    [
      {
        name: 'shared',
        at: 'signals.shared',
        as: 'rows',
        stem: 'shared',
        blank: { kind: 'device', on: [], field: 'deviceId', members: 3, withinDays: 30, score: 30 },
        fields: [
          { name: 'instrument', at: 'kind', as: 'choice', of: ['device', 'payment'] },
          { name: 'events', at: 'on', as: 'list' },
          { name: 'field', as: 'text' },
          { name: 'members', as: 'count' },
          withinDays,
          score,
        ],
      },
    ],
  ],
}

const cost: PartKind = {
  kind: 'PointCost',
  group: 'terms',
  schema: pointCost,
  isOnly: true,
  blank: (id) => ({ kind: 'PointCost', id, currency: 'RUB', perPoint: '0.1' }),
  form: [
    [
      { name: 'perPoint', as: 'amount' },
      { name: 'currency', as: 'currency' },
      { name: 'assumedBreakagePercent', as: 'count' },
    ],
  ],
}

/** What holds abuse, and what a point costs. */
export const guardKinds: readonly PartKind[] = [abuse, cost]
