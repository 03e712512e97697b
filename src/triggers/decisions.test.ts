import { expect, test } from 'vitest'
import { appendEvents } from '../../test/log-events.ts'
import { testFolder } from '../../test/stores.ts'
import { entriesOf, LmdbLogStore } from '../platform/index.ts'
import { compileRule } from './compile.ts'
import { causeOf, withCauses } from './decisions.ts'
import { wordsOf } from './order.ts'
import type { Decision } from './decision.ts'
import { Texts } from './texts.ts'

const rule = compileRule(
  {
    kind: 'Trigger',
    id: 'seen',
    on: 'a',
    key: 'event.order',
    match: {},
    emit: ['event.amount', 'event.note'],
  },
  1,
  {
    fieldsOf: () => ({ order: 'string', amount: 'int', note: 'string' }),
    texts: new Texts(),
    latenessMs: 1_000,
    pauses: [],
    admits: () => true,
  },
)

test('causes from further back are read from the log, wherever its batches begin and end', async () => {
  const logs = new LmdbLogStore(testFolder(), { partitions: 1 })
  const log = logs.log('events')
  const event = (n: number) => ({
    id: `e${n}`,
    type: 'a',
    atMs: n,
    subscriberId: 7,
    data: { order: `o${n % 3}`, amount: n },
  })
  for (const [from, count] of [
    [0, 4],
    [4, 1],
    [5, 7],
    [12, 3],
  ] as const) {
    await appendEvents(
      log,
      Array.from({ length: count }, (_, i) => event(from + i)),
    )
  }
  const entries = [...entriesOf(await log.read(0, 0, 100))]
  const decisionOn = (n: number, rest: Partial<Decision> = {}): Decision =>
    ({
      rule,
      subscriberId: 7,
      key: n % 3,
      firedAtMs: n,
      causeRef: wordsOf(entries[n]!).ref,
      decided: 2 * n + 2,
      stands: true,
      record: undefined,
      ...rest,
    }) as Decision
  const wanted = [13, 2, 0, 9, 8, 12]
  const found = await withCauses(log, 0, [
    ...wanted.map((n) => decisionOn(n)),
    decisionOn(14, { record: entries[14]!.record }),
  ])
  expect(found).toEqual(
    [...wanted, 14].map((n) => ({
      ruleId: 'seen',
      subscriberId: 7,
      key: `o${n % 3}`,
      keyCode: n % 3,
      cause: causeOf({ source: 'test', id: `e${n}` }),
      firedAtMs: n,
      values: { amount: n, note: null },
      decided: 2 * n + 2,
      stands: true,
      receivedMs: n === 14 ? 14 : null,
    })),
  )
  const twice = await withCauses(log, 0, [decisionOn(5), decisionOn(5, { decided: 40, stands: false })])
  expect(twice).toMatchObject([{ decided: 40, stands: false }])
  await logs.close()
})
