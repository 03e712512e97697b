/* oxlint-disable unicorn/no-thenable -- `then` is a word of the rule language; it holds a string and is never called */
import { expect, test } from 'vitest'
import type { DocumentReader } from '../platform/index.ts'
import { triggerSchema } from './contract.ts'
import { checkTrigger } from './trigger-kind.ts'

const usage = {
  kind: 'EventType',
  id: 'usage.recorded',
  schema: {
    type: 'object',
    properties: {
      volumeMb: { type: 'number' },
      cell: { type: 'integer' },
      charging: { type: 'string' },
      roaming: { type: 'boolean' },
    },
  },
}
const topUp = {
  kind: 'EventType',
  id: 'topup.completed',
  schema: {
    type: 'object',
    properties: {
      amount: { type: 'number' },
      cell: { type: 'integer' },
      charging: { type: 'integer' },
      volumeMb: { type: 'integer' },
      tags: { type: 'array', items: { type: 'string' } },
    },
  },
}
const attributes = {
  kind: 'Attributes',
  id: 'subscriber',
  attributes: { birth: 'string', joined: 'timestamp', months: 'int', plan: 'string' },
}
const documents = [usage, topUp, attributes]
const reader: DocumentReader = {
  tenantId: 'alpha',
  get: (kind, id) => documents.find((document) => document.kind === kind && document.id === id),
  list: (kind) => documents.filter((document) => document.kind === kind),
}

/** Fields of the problems of a rule, by its schema or else by its checks. */
function problemsOf(body: object): unknown[] {
  const document = { kind: 'Trigger', id: 'rule', on: 'usage.recorded', ...body }
  const parsed = triggerSchema.safeParse(document)
  if (!parsed.success) return parsed.error.issues.map((issue) => ['schema', issue.path.join('.')])
  return checkTrigger(parsed.data, reader).map(({ code, field }) => [code, field])
}

test.for([
  { match: {}, where: 'event.volumeMb > 10.0 && !event.roaming', emit: ['event.cell'] },
  { change: { field: 'event.charging', from: ['off', 'idle'], to: 'on' }, cooldown: 'PT24H' },
  { change: { field: 'event.cell', to: 5 } },
  { change: { field: 'event.roaming', from: false, to: true } },
  { threshold: { aggregate: 'count', window: 'P7D', reaches: 3 } },
  { threshold: { aggregate: 'sum', of: 'event.volumeMb', window: 'PT30M', reaches: 0.5 } },
  { absence: { within: 'P14D' }, validFrom: '2026-01-01T00:00:00Z', validTo: '2026-02-01T00:00:00+03:00' },
  { absence: { then: 'usage.recorded', thenWhere: 'event.roaming', within: 'P14D' }, backfill: true },
  { threshold: { aggregate: 'distinct', of: 'event.charging', window: 'week', fallsTo: 0, rearm: 2 } },
  { match: {}, ceilingPerHour: 10 },
  { match: {}, limit: { times: 1, per: 'ever' } },
  { match: {}, cooldown: 'PT1H' },
  { match: {}, subscriber: 'subscriber.months > 3 && subscriber.plan == "pro"' },
  { match: {}, key: 'event.roaming' },
  { key: 'event.cell', absence: { then: 'topup.completed', thenWhere: 'event.amount > 5.0', within: 'P1D' } },
  {
    key: 'event.cell',
    sequence: {
      then: [
        { on: 'topup.completed', where: 'event.amount > 5.0 && event.charging == 1' },
        { on: 'topup.completed', where: 'event.amount > previous.amount && event.cell == first.cell' },
      ],
      within: 'PT1H',
    },
  },
  { on: undefined, date: { field: 'subscriber.birth', at: '10:00' }, limit: { times: 1, per: 'month' } },
  { on: undefined, date: { field: 'subscriber.joined', days: -7, at: '09:30', every: 'month' } },
])('a good rule is taken: %j', (body) => {
  expect(problemsOf(body)).toEqual([])
})

test.for<[object, unknown[]]>([
  [{}, [['schema', '']]],
  [{ match: {}, absence: { within: 'P1D' } }, [['schema', '']]],
  [{ match: {}, cooldown: 'P1M' }, [['schema', 'cooldown']]],
  [{ match: {}, validFrom: '2026-01-01' }, [['schema', 'validFrom']]],
  [{ match: {}, emit: ['volumeMb'] }, [['schema', 'emit.0']]],
  [{ match: {}, extra: 1 }, [['schema', '']]],
  [{ threshold: { aggregate: 'sum', window: 'P1D', reaches: 1 } }, [['schema', 'threshold.of']]],
  [
    { threshold: { aggregate: 'count', of: 'event.cell', window: 'P1D', reaches: 1 } },
    [['schema', 'threshold.of']],
  ],
  [
    { threshold: { aggregate: 'count', window: 'P1D', reaches: 1, fallsTo: 0 } },
    [['schema', 'threshold.reaches']],
  ],
  [{ on: 'nothing', match: {}, where: 'true' }, [['trigger_event_type_unknown', 'on']]],
  [{ match: {}, key: 'event.speed' }, [['trigger_field_unknown', 'key']]],
  [{ on: 'topup.completed', match: {}, key: 'event.tags' }, [['trigger_field_type', 'key']]],
  [
    { key: 'event.roaming', absence: { then: 'topup.completed', within: 'P1D' } },
    [['trigger_field_unknown', 'key']],
  ],
  [
    {
      key: 'event.roaming',
      sequence: { then: [{ on: 'topup.completed' }, { on: 'usage.recorded' }], within: 'P1D' },
    },
    [['trigger_field_unknown', 'key']],
  ],
  [
    {
      on: 'topup.completed',
      threshold: { aggregate: 'distinct', of: 'event.tags', window: 'day', reaches: 2 },
    },
    [['trigger_field_type', 'threshold.of']],
  ],
  [
    { threshold: { aggregate: 'last', of: 'event.charging', window: 'day', reaches: 2 } },
    [['trigger_field_type', 'threshold.of']],
  ],
  [
    {
      sequence: {
        then: [{ on: 'nothing' }, { on: 'usage.recorded', where: 'event.speed > 1.0' }],
        within: 'P1D',
      },
    },
    [['trigger_event_type_unknown', 'sequence.then.0.on']],
  ],
  [
    { sequence: { then: [{ on: 'topup.completed', where: 'event.roaming' }], within: 'P1D' } },
    [['expression_unknown_field', 'sequence.then.0.where']],
  ],
  [
    { where: 'first.cell == 1', sequence: { then: [{ on: 'topup.completed' }], within: 'P1D' } },
    [['expression_unknown_variable', 'where']],
  ],
  [
    { sequence: { then: [{ on: 'topup.completed', where: 'first.charging == "on"' }], within: 'P1D' } },
    [['trigger_field_conflict', 'sequence.then.0.where']],
  ],
  [
    {
      sequence: {
        then: [
          { on: 'usage.recorded', where: 'event.volumeMb > previous.volumeMb' },
          { on: 'topup.completed' },
        ],
        within: 'P1D',
      },
    },
    [['trigger_field_conflict', 'sequence.then.0.where']],
  ],
  [
    {
      on: 'topup.completed',
      sequence: { then: [{ on: 'topup.completed', where: '"a" in first.tags' }], within: 'P1D' },
    },
    [['trigger_field_type', 'sequence.then.0.where']],
  ],
  [{ match: {}, subscriber: 'subscriber.age > 3' }, [['expression_unknown_field', 'subscriber']]],
  [{ match: {}, subscriber: 'event.cell > 3' }, [['expression_unknown_variable', 'subscriber']]],
  [{ on: undefined, match: {}, where: 'true' }, [['schema', 'on']]],
  [{ date: { field: 'subscriber.birth', at: '10:00' } }, [['schema', 'on']]],
  [{ on: undefined, date: { field: 'subscriber.birth', at: '24:00' } }, [['schema', 'date.at']]],
  [{ on: undefined, date: { field: 'subscriber.birth', at: '10:00', days: 367 } }, [['schema', 'date.days']]],
  [
    { on: undefined, date: { field: 'subscriber.born', at: '10:00' } },
    [['trigger_attribute_unknown', 'date.field']],
  ],
  [
    { on: undefined, date: { field: 'subscriber.months', at: '10:00' } },
    [['trigger_field_type', 'date.field']],
  ],
  [{ absence: { then: 'nothing', within: 'P1D' } }, [['trigger_event_type_unknown', 'absence.then']]],
  [{ match: {}, where: 'event.speed > 1.0' }, [['expression_unknown_field', 'where']]],
  [
    { absence: { thenWhere: 'event.roaming ==', within: 'P1D' } },
    [['expression_syntax', 'absence.thenWhere']],
  ],
  [
    { match: {}, cooldown: 'PT1H', emit: ['event.cell', 'event.speed'] },
    [['trigger_field_unknown', 'emit.1']],
  ],
  [{ change: { field: 'event.speed' } }, [['trigger_field_unknown', 'change.field']]],
  [{ change: { field: 'event.charging', to: ['on', 1] } }, [['trigger_value_type', 'change.to']]],
  [{ change: { field: 'event.cell', from: 1.5 } }, [['trigger_value_type', 'change.from']]],
  [
    { threshold: { aggregate: 'sum', of: 'event.charging', window: 'P1D', reaches: 1 } },
    [['trigger_field_type', 'threshold.of']],
  ],
])('a bad rule is refused with its field: %j', ([body, problems]) => {
  expect(problemsOf(body)).toEqual(problems)
})

test('the place of an error in a condition is told', () => {
  const trigger = triggerSchema.parse({
    kind: 'Trigger',
    id: 'rule',
    on: 'usage.recorded',
    match: {},
    where: 'event.volumeMb > 1.0 &&\n event.charging == 5',
  })
  expect(checkTrigger(trigger, reader)).toMatchObject([{ field: 'where', line: 2 }])
})
