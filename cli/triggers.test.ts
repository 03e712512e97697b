import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CliWorld, startCliWorld } from '../test/cli-world.ts'
import { withSpinner } from './spinner.ts'

let world: CliWorld
beforeAll(async () => {
  world = await startCliWorld()
})
afterAll(() => world.close())

const documents = `kind: EventType
id: account.recharged
subject: subscriber
schema:
  type: object
  properties:
    amount: { type: integer }
---
kind: Trigger
id: big-day
on: account.recharged
threshold: { aggregate: sum, of: event.amount, window: P1D, reaches: 100 }
emit: [event.amount]
---
kind: Trigger
id: never
on: account.recharged
where: event.amount > 1000
match: {}
`

/** A tenant in Moscow with two subscribers and the rules. */
async function operator(tenantId: string) {
  const tenant = await world.newTenant(tenantId, 'Europe/Moscow')
  const { tenure, runTriggers } = tenant
  const path = world.file(`${tenantId}.yaml`, documents)
  expect((await tenure('apply', '-f', path)).err).toBe('')
  const base = world.file(`${tenantId}-base.csv`, 'id\nann\nbob\n')
  await tenure('import', 'subscribers', base, '--map', 'identities.external=id')
  let files = 0
  /** Recharges as `who,sum,at`, brought in as a file and read by the rules. */
  const recharge = async (...rows: string[]) => {
    const csv = world.file(`${tenantId}-${files++}.csv`, ['who,sum,at', ...rows, ''].join('\n'))
    const map = ['subject.external=who', 'time=at', 'data.amount=sum:int']
    const taken = await tenure('import', 'events', csv, '--type', 'account.recharged', '--map', ...map)
    await runTriggers()
    return taken
  }
  return { ...tenant, path, recharge }
}

test('rules are listed with what they fired and how they stand', async () => {
  const { tenure, recharge } = await operator('list')
  await recharge('ann,60,2026-03-01 10:00:00', 'ann,45,2026-03-01 11:00:00', 'bob,7,2026-03-01 11:30:00')
  const listed = await tenure('triggers', 'list')
  expect(listed).toMatchObject({ code: 0, err: '' })
  const cells = listed.out.split('\n').map((line) => line.trim().split(/ {2,}/))
  expect(cells).toEqual([
    ['trigger', 'kind', 'state', 'firings', 'retracted', 'last fired', 'events behind'],
    ['big-day', 'threshold', 'live', '1', '0', '2026-03-01T11:00:00Z', '0'],
    ['never', 'match', 'live', '0', '0', 'never', '0'],
  ])
  const json = (await tenure('triggers', 'list', '--json')).out.split('\n').map((line) => JSON.parse(line))
  expect(json).toMatchObject([{ trigger: { id: 'big-day' }, firings: 1 }, { trigger: { id: 'never' } }])

  expect(await tenure('triggers', 'pause', 'big-day')).toMatchObject({ code: 0, out: 'big-day: paused' })
  expect((await tenure('triggers', 'pause', 'big-day')).out).toBe('big-day: was paused already')
  expect((await tenure('triggers', 'list')).out).toMatch(/^big-day +threshold +paused /m)
  expect((await tenure('triggers', 'resume', 'big-day')).out).toBe('big-day: resumed')
  expect((await tenure('triggers', 'resume', 'big-day')).out).toBe('big-day: was running already')
  expect((await tenure('triggers', 'list')).out).toMatch(/^big-day +threshold +live /m)
  const unknown = await tenure('triggers', 'pause', 'gone')
  expect(unknown.code).toBe(1)
  expect(unknown.err).toContain('404 trigger_not_found')

  const empty = await world.newTenant('no-rules')
  expect(await empty.tenure('triggers', 'list')).toMatchObject({ code: 0, out: 'there are no triggers' })
})

test('a rule is tried on the history, from a file or as it is saved, between two moments', async () => {
  const { tenure, recharge } = await operator('try')
  await recharge('ann,60,2026-03-01 10:00:00', 'ann,45,2026-03-01 20:59:59', 'bob,70,2026-03-01 21:00:00')
  const lower = world.file('try-lower.yaml', documents.replaceAll('reaches: 100', 'reaches: 50'))
  const tried = await tenure('triggers', 'try', lower)
  expect(tried).toMatchObject({ code: 0, err: '' })
  const lines = tried.out.split('\n')
  expect(lines.slice(0, 5).map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['big-day'],
    ['events read', '3'],
    ['events that the rule saw', '3'],
    ['would have fired', '2'],
    ['for subscribers', '2'],
  ])
  expect(tried.out).toMatch(/^subscriber \d+, 2026-03-01T10:00:00Z: /m)
  expect(tried.out).toMatch(/^→ 2026-03-01T10:00:00Z +account\.recharged +.* 60$/m)
  expect(lines).toContain('never')

  const firings = async (...args: string[]): Promise<number> => {
    const { out } = await tenure('triggers', 'try', ...args, '--json')
    return (JSON.parse(out.split('\n')[0]!) as { firings: number }).firings
  }
  expect(await firings('big-day')).toBe(1)
  expect(await firings(lower, '--to', '2026-03-01T21:00:00Z')).toBe(1)
  // A day begins when the tenant's does: at 21:00 UTC.
  expect(await firings(lower, '--from', '2026-03-02')).toBe(1)
  expect(await firings(lower, '--from', '2026-03-02', '--to', '2026-03-02T00:00:00.001+03:00')).toBe(1)
  expect(await firings(lower, '--to', '2026-03-01')).toBe(0)
  expect((await tenure('triggers', 'list')).out).toMatch(/^big-day +threshold +live +1 /m)

  const refusals = [
    [['gone'], '"gone" is neither a file nor the id of a trigger'],
    [['big-day', '--from', 'yesterday'], '"yesterday" is no moment'],
    [['big-day', '--from', '2026-13-01'], '"2026-13-01" is no moment'],
    [
      [world.file('try-none.yaml', 'kind: Attributes\nid: subscriber\n')],
      'holds no document of kind Trigger',
    ],
    [
      [world.file('try-bad.yaml', 'kind: Trigger\nid: x\non: nothing\nmatch: {}\nwhere: "true"\n')],
      'field trigger.on',
    ],
  ] as const
  for (const [args, message] of refusals) {
    const refused = await tenure('triggers', 'try', ...args)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain(message)
  }
})

test('where a rule stands with a subscriber is explained', async () => {
  const { tenure, recharge } = await operator('explain')
  const explain = (who: string, ...rest: string[]) =>
    tenure('triggers', 'explain', 'big-day', '--subscriber', `external:${who}`, ...rest)
  expect((await explain('ann')).out).toMatch(/^big-day, subscriber \d+: nothing_counted\n {2}no event/)
  await recharge('ann,60,2026-03-01 10:00:00', 'bob,99,2026-03-01 10:30:00', 'bob,2,2026-03-01 11:00:00')
  const below = (await explain('ann')).out
  expect(below).toMatch(/^big-day, subscriber \d+: below\n/)
  expect(below).toMatch(/^ {2}sum +60$/m)
  expect(below).toMatch(/^ {2}missing +40$/m)
  expect(below).toMatch(/^ {2}2026-03-01T10:00:00Z +account\.recharged .* 60$/m)
  expect(below).not.toContain('fired\n')
  const fired = (await explain('bob')).out
  expect(fired).toMatch(/\nfired\n {2}2026-03-01T11:00:00Z +\{"amount":2\}$/)
  expect(JSON.parse((await explain('bob', '--json')).out)).toMatchObject({
    firings: [{ values: { amount: 2 } }],
  })
  expect((await explain('eve')).err).toContain('404 subscriber_not_found')
  expect((await tenure('triggers', 'explain', 'big-day')).code).toBe(1)
})

test('events that came too late are brought back by their code; other letters stay', async () => {
  const { tenure, recharge, runTriggers } = await operator('late')
  await recharge('ann,60,2026-03-01 12:00:00')
  const taken = await recharge('ann,45,2026-03-01 10:00:00', 'eve,1,2026-03-01 12:00:00')
  expect(taken.out).toBe('events: 2 rows, 1 accepted, 0 duplicates, 1 rejected')
  const state = async () => /^big-day .* live +(\d+) /m.exec((await tenure('triggers', 'list')).out)![1]
  expect(await state()).toBe('0')
  expect((await tenure('dead-letters', 'list')).out).toContain('event_too_late  time')

  const none = await tenure('events', 'replay', '--code', 'event_too_deep')
  expect(none).toMatchObject({ code: 0, err: '' })
  expect(none.out).toMatch(/^accepted +0$/m)
  const replayed = await tenure('events', 'replay', '--code', 'event_too_late')
  expect(replayed).toMatchObject({ code: 0, err: '' })
  expect(replayed.out).toMatch(/^accepted +1$/m)
  await runTriggers()
  expect(await state()).toBe('1')
  const left = (await tenure('dead-letters', 'list')).out
  expect(left).toContain('event_subject_unknown')
  expect(left).not.toContain('event_too_late')
  expect((await tenure('events', 'replay', '--code', 'event_too_late')).out).toMatch(/^accepted +0$/m)
  expect((await tenure('events', 'replay', 'some-id', '--code', 'event_too_late')).err).toContain('give ids')

  await recharge('ann,5,2026-03-01 09:00:00')
  const late = (await tenure('dead-letters', 'list', '--json')).out
    .split('\n')
    .map((line) => JSON.parse(line))
  const { deadLetterId } = late.find(({ problem }) => problem.code === 'event_too_late')
  expect((await tenure('events', 'replay', deadLetterId)).out).toMatch(/^accepted +1$/m)
  expect(await tenure('events', 'replay', '--all')).toMatchObject({ code: 1 })
})

test('whoever watches sees that the work goes on, and a clean line after it', async () => {
  const run = async (isWatched: boolean): Promise<string[]> => {
    const drawn: string[] = []
    const terminal = { out: () => undefined, err: () => undefined, isWatched, env: {} }
    const work = () => new Promise((resolve) => setTimeout(resolve, 250, 'done'))
    expect(await withSpinner(terminal, 'trying x', work, (text) => drawn.push(text))).toBe('done')
    return drawn
  }
  const drawn = await run(true)
  expect(drawn.length).toBeGreaterThan(2)
  expect(drawn[0]).toContain('trying x, 0 s')
  expect(drawn[1]).not.toBe(drawn[0])
  expect(drawn.at(-1)).toBe('\r\u001B[K')
  expect(await run(false)).toEqual([])
})
