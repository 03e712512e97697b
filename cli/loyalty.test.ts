import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliWorld, startCliWorld } from '../test/cli-world.ts'

let world: CliWorld
beforeAll(async () => {
  world = await startCliWorld()
})
afterAll(() => world.close())

const documents = `kind: EventType
id: order.paid
subject: subscriber
schema:
  type: object
  properties:
    amountMinor: { type: integer }
---
kind: Programme
id: main
name: { en: Points, ru: Баллы, uk: Бали }
currency: points
decimals: 1
---
kind: PointCost
id: main
currency: RUB
perPoint: '0.5'
---
kind: Programme
id: club
name: { en: Club, ru: Клуб, uk: Клуб }
currency: club
enrolment: by_hand
---
kind: EarnRule
id: five
name: { en: Five percent, ru: Пять процентов, uk: П’ять відсотків }
on: order.paid
where: event.amountMinor >= 10000
points: { perMajorUnit: '0.05' }
---
kind: ProgrammeMigration
id: over
from: main
to: club
rate: '2'
`

async function operator(tenantId: string) {
  const tenant = await world.newTenant(tenantId, 'Europe/Moscow')
  const { tenure, runLoyalty } = tenant
  const path = world.file(`${tenantId}.yaml`, documents)
  expect((await tenure('apply', '-f', path)).err).toBe('')
  const base = world.file(`${tenantId}-base.csv`, 'id\nann\nbob\n')
  await tenure('import', 'subscribers', base, '--map', 'identities.external=id')
  let files = 0
  /** Orders as `who,order,sum,at`, brought in as a file and taken by loyalty; returns what was said about them. */
  const bring = async (...rows: string[]): Promise<string> => {
    const csv = world.file(`${tenantId}-${files++}.csv`, ['who,order,sum,at', ...rows, ''].join('\n'))
    const map = ['subject.external=who', 'id=order', 'time=at', 'data.amountMinor=sum:int']
    const taken = await tenure('import', 'events', csv, '--type', 'order.paid', '--map', ...map)
    await runLoyalty()
    return taken.err
  }
  const order = async (...rows: string[]): Promise<void> => expect(await bring(...rows)).toBe('')
  return { ...tenant, path, bring, order }
}

test('explain points names every rule with the value that decided, in the language asked for', async () => {
  const { tenure, order, bring } = await operator('explain')
  await order('ann,one,20100,2026-03-01 10:00:00', 'ann,two,9999,2026-03-01 11:00:00')
  const given = await tenure(
    'explain',
    'points',
    '--member',
    'external:ann',
    '--event',
    'one',
    '--lang',
    'en',
  )
  expect(given).toMatchObject({ code: 0, err: '' })
  expect(given.out).toContain('main, five (Five percent), version 1: credited')
  expect(given.out).toContain('Points credited: 10.')
  expect(given.out).toMatch(/^ {2}amountMinor +20100$/m)
  expect(given.out).toMatch(/^ {2}expires +never$/m)
  const refused = await tenure(
    'explain',
    'points',
    '--member',
    'external:ann',
    '--event',
    'two',
    '--lang',
    'uk',
  )
  expect(refused.out).toContain('Бали не нараховано: умову правила не виконано.')
  expect(refused.out).toMatch(/^ {2}event\.amountMinor +9999$/m)
  const json = await tenure('explain', 'points', '--member', 'external:ann', '--event', 'one', '--json')
  expect(JSON.parse(json.out)).toMatchObject({
    event: 'one',
    judgements: [
      { rule: 'five', reason: 'credited', points: '100', award: { state: 'posted', points: '100' } },
    ],
  })
  const russian = await tenure(
    'explain',
    'points',
    '--member',
    'external:ann',
    '--event',
    'one',
    '--lang',
    'ru',
  )
  expect(russian.out).toMatch(/^ {2}состояние +начислено$/m)
  expect(russian.out).toMatch(/^ {2}можно тратить с +2026-/m)
  expect(russian.out).toMatch(/^ {2}сгорит +никогда$/m)
  const missing = await tenure(
    'explain',
    'points',
    '--member',
    'external:ann',
    '--event',
    'x',
    '--lang',
    'ru',
  )
  expect(missing.err).toContain('событие с этим id не приходило')
  // What was refused when it came in waits among the dead letters, and is explained by its letter.
  expect(await bring('ann,broken,20100,2999-03-01 12:00:00')).toContain('later than the clock allows')
  const refusedEvent = await tenure(
    'explain',
    'points',
    '--member',
    'external:ann',
    '--event',
    'broken',
    '--lang',
    'uk',
  )
  expect(refusedEvent.out).toContain('подію не прийнято')
  const unknown = await tenure('explain', 'points', '--member', 'external:bob', '--event', 'one')
  expect(unknown).toMatchObject({ code: 1 })
  expect(unknown.err).toContain('404 loyalty_event_not_found')
})

test('loyalty try tells cost, winners and a sample, from a file or as saved, and stores nothing', async () => {
  const { tenure, order, path } = await operator('try')
  await order(
    'ann,a,20000,2026-03-01 10:00:00',
    'ann,b,20000,2026-04-01 00:30:00',
    'bob,c,30000,2026-04-02 10:00:00',
    'bob,d,100,2026-04-03 10:00:00',
  )
  const tried = await tenure('loyalty', 'try', path, '--json')
  expect(tried).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(tried.out)).toMatchObject({
    kind: 'EarnRule',
    id: 'five',
    seen: 4,
    awards: 3,
    points: '350',
    cost: { amountMinor: '1750', currency: 'RUB' },
    subscribers: 2,
    reasons: { condition_not_met: 1, credited: 3 },
    months: [
      { month: '2026-03', points: '100', awards: 1 },
      { month: '2026-04', points: '250', awards: 2 },
    ],
    winners: [{ points: '200' }, { points: '150' }],
  })
  const part = await tenure('loyalty', 'try', 'five', '--from', '2026-04-01', '--to', '2026-04-02', '--json')
  expect(JSON.parse(part.out)).toMatchObject({ seen: 1, points: '100' })
  const quest = world.file(
    'quest.yaml',
    `kind: Quest
id: twice
name: { en: Twice, ru: Дважды, uk: Двічі }
steps: [{ id: s, name: { en: s, ru: s, uk: s }, on: order.paid, where: event.amountMinor >= 10000, reach: '2' }]
reward: { points: '40' }
`,
  )
  const played = await tenure('loyalty', 'try', quest, '--json')
  expect(JSON.parse(played.out)).toMatchObject({
    kind: 'Quest',
    id: 'twice',
    awards: 1,
    points: '40',
    cost: { amountMinor: '200', currency: 'RUB' },
    reasons: { quest_completed: 1, quest_step_advanced: 2, quest_step_done: 1 },
    sample: expect.arrayContaining([expect.objectContaining({ reason: 'quest_completed', points: '40' })]),
  })
  const shown = await tenure('loyalty', 'try', 'five')
  expect(shown.out).toMatch(/^ {2}cost +17\.50 RUB$/m)
  expect(shown.out).toContain('condition_not_met, 0.0 points')
  // Yen have no minor units.
  const inYen = 'kind: PointCost\nid: main\ncurrency: JPY\nperPoint: "50"\n'
  await tenure('apply', '-f', world.file('yen.yaml', inYen))
  expect((await tenure('loyalty', 'try', 'five')).out).toMatch(/^ {2}cost +1\u2009750 JPY$/m)
  const bad = world.file(
    'bad.yaml',
    `kind: EarnRule\nid: x\non: order.paid\nwhere: event.sum > 1\npoints: { fixed: '1' }\n`,
  )
  const refused = await tenure('loyalty', 'try', bad)
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('rule.where')
  // Trying stores nothing: the judged events are those that the reader took.
  const explained = await tenure('explain', 'points', '--member', 'external:bob', '--event', 'c', '--json')
  expect(explained.out.split('\n')).toHaveLength(1)
})

test('loyalty migrate tells first, moves then, and writes every account', async () => {
  const { tenure, order } = await operator('migrate')
  await order('ann,a,20000,2026-03-01 10:00:00', 'bob,b,100,2026-03-01 10:00:00')
  const dry = await tenure('loyalty', 'migrate', 'over', '--dry-run')
  expect(dry.out).toContain('dry run: nothing was moved')
  expect(dry.out).toMatch(/^ {2}moved +1$/m)
  const file = join(world.folder, 'report.csv')
  const done = await tenure('loyalty', 'migrate', 'over', '--report', file, '--json')
  expect(JSON.parse(done.out)).toMatchObject({ dryRun: false, accounts: 2, fromMinor: '100', toMinor: '20' })
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(',').slice(1, 5))
  expect(rows).toEqual([
    ['outcome', 'fromMinor', 'toMinor', 'leftMinor'],
    ['moved', '100', '20', '0'],
    ['empty', '0', '0', '0'],
  ])
  const missing = await tenure('loyalty', 'migrate', 'none')
  expect(missing).toMatchObject({ code: 1 })
  expect(missing.err).toContain('404 migration_not_found')
})
