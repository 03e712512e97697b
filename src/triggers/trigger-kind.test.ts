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
const reader: DocumentReader = {
  tenantId: 'alpha',
  get: (kind, id) => (kind === 'EventType' && id === usage.id ? usage : undefined),
  list: (kind) => (kind === 'EventType' ? [usage] : []),
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
  [{ threshold: { aggregate: 'count', window: 'P1D', reaches: 0 } }, [['schema', 'threshold.reaches']]],
  [{ on: 'nothing', match: {} }, [['trigger_event_type_unknown', 'on']]],
  [{ absence: { then: 'nothing', within: 'P1D' } }, [['trigger_event_type_unknown', 'absence.then']]],
  [{ match: {}, where: 'event.speed > 1.0' }, [['expression_unknown_field', 'where']]],
  [
    { absence: { thenWhere: 'event.roaming ==', within: 'P1D' } },
    [['expression_syntax', 'absence.thenWhere']],
  ],
  [{ match: {}, emit: ['event.cell', 'event.speed'] }, [['trigger_field_unknown', 'emit.1']]],
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
