import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Arm, campaign, type Step } from './contract.ts'
import { advance, type Arrival, type Instance, noEffects } from './journey.ts'

const nowMs = Date.parse('2026-03-10T12:00:00Z')
const same = (text: string) => ({ en: text, ru: text, uk: text })

function armOf(steps: object[], start?: string): Arm {
  const journey = { start: start ?? (steps[0] as Step).id, steps }
  return campaign.parse({
    kind: 'Campaign',
    id: 'c',
    name: same('c'),
    state: 'live',
    population: { trigger: 't' },
    control: { share: 0, name: same('control') },
    arms: [{ id: 'a', name: same('a'), share: 100, entry: { trigger: 't' }, journey }],
  }).arms[0]!
}

const instanceOf = (rest: Partial<Instance> = {}): Instance => ({
  instanceId: '11111111-1111-8111-8111-111111111111',
  campaignId: 'c',
  version: 1,
  arm: 'a',
  subscriberId: 7,
  event: {},
  cause: 'e1',
  stepId: 'first',
  waitingFor: 'entry',
  dueAtMs: nowMs,
  offerId: null,
  offer: null,
  chosen: null,
  activationId: null,
  enteredAtMs: nowMs,
  exitedAtMs: null,
  exitReason: null,
  ...rest,
})

function walk(
  steps: object[],
  arrival: Arrival = 'begin',
  instance = instanceOf(),
  holds: (source: string) => boolean = () => false,
) {
  const effects = noEffects()
  const moved = advance(armOf(steps), instance, arrival, nowMs, holds, effects)
  return { moved, effects }
}

const end = { id: 'end', type: 'exit', reason: 'done' }
const other = { id: 'other', type: 'exit', reason: 'other' }

describe('each step', () => {
  test('offer asks what can be paid, now', () => {
    const { moved, effects } = walk([
      { id: 'first', type: 'offer', menu: 'm', next: 'end', empty: 'other' },
      end,
      other,
    ])
    expect(moved).toMatchObject({ stepId: 'first', waitingFor: 'affordability', dueAtMs: nowMs })
    expect(effects).toEqual(noEffects())
  })

  test('offer is left by next or by empty', () => {
    const steps = [{ id: 'first', type: 'offer', menu: 'm', next: 'end', empty: 'other' }, end, other]
    const waiting = instanceOf({ waitingFor: 'affordability' })
    expect(walk(steps, 'next', waiting).moved).toMatchObject({ exitReason: 'done', exitedAtMs: nowMs })
    expect(walk(steps, 'empty', waiting).moved).toMatchObject({ exitReason: 'other' })
  })

  test('send starts a cascade and goes on; the same journey and step start the same one', () => {
    const steps = [
      { id: 'first', type: 'send', cascade: 'k', next: 'second' },
      { id: 'second', type: 'send', cascade: 'k', next: 'end' },
      end,
    ]
    const { effects } = walk(steps)
    const ids = effects.cascades.map((cascade) => cascade.runId)
    expect(effects.cascades).toMatchObject([{ cascadeId: 'k' }, { cascadeId: 'k' }])
    expect(new Set(ids).size).toBe(2)
    expect(walk(steps).effects.cascades.map((cascade) => cascade.runId)).toEqual(ids)
  })

  test('wait stays for an answer until its time is over', () => {
    const steps = [{ id: 'first', type: 'wait', timeout: 'PT24H', next: 'end', else: 'other' }, end, other]
    const waiting = walk(steps).moved
    expect(waiting).toMatchObject({ waitingFor: 'answer', dueAtMs: nowMs + 24 * 3_600_000 })
    expect(walk(steps, 'next', waiting).moved.exitReason).toBe('done')
    expect(walk(steps, 'else', waiting).moved.exitReason).toBe('other')
  })

  test('delay stays for a length of time; a day has 24 hours', () => {
    const { moved } = walk([{ id: 'first', type: 'delay', time: 'P1DT30M', next: 'end' }, end])
    expect(moved).toMatchObject({ waitingFor: 'time', dueAtMs: nowMs + 24.5 * 3_600_000 })
  })

  test('activate asks again what can be paid, with an id that a repeat would have too', () => {
    const steps = [{ id: 'first', type: 'activate', next: 'end', else: 'other' }, end, other]
    const { moved } = walk(steps)
    expect(moved).toMatchObject({ waitingFor: 'affordability', activationId: expect.any(String) as string })
    expect(walk(steps).moved.activationId).toBe(moved.activationId)
  })

  test('award has the activation for its key, so that one sale earns once', () => {
    const steps = [{ id: 'first', type: 'award', next: 'end' }, end]
    const activationId = '22222222-2222-8222-8222-222222222222'
    expect(walk(steps, 'begin', instanceOf({ activationId })).effects.awards).toMatchObject([
      { key: activationId },
    ])
  })

  test('exit ends the journey and waits for nothing', () => {
    const { moved, effects } = walk([{ ...end, id: 'first' }])
    expect(moved).toMatchObject({ exitedAtMs: nowMs, exitReason: 'done', waitingFor: null, dueAtMs: null })
    expect(effects.exits).toMatchObject([{ reason: 'done' }])
  })

  test('branch takes the first case that holds, else the other way', () => {
    const cases = ['one', 'two'].map((when) => ({ when, next: `to-${when}` }))
    const ends = ['one', 'two', 'none'].map((reason) => ({ id: `to-${reason}`, type: 'exit', reason }))
    const steps = [{ id: 'first', type: 'branch', cases, else: 'to-none' }, ...ends]
    const exitOf = (...holding: string[]) =>
      walk(steps, 'begin', instanceOf(), (source) => holding.includes(source)).moved.exitReason
    expect([exitOf('two'), exitOf('one', 'two'), exitOf()]).toEqual(['two', 'one', 'none'])
  })

  test('a condition sees the journey as it stands at its step', () => {
    const steps = [
      { id: 'first', type: 'send', cascade: 'k', next: 'fork' },
      { id: 'fork', type: 'branch', cases: [{ when: 'x', next: 'end' }], else: 'other' },
      end,
      other,
    ]
    const seen: string[] = []
    const effects = noEffects()
    const conditions = (_source: string, at: Instance): boolean => seen.push(at.stepId) > 0
    advance(armOf(steps), instanceOf(), 'begin', nowMs, conditions, effects)
    expect(seen).toEqual(['fork'])
    expect(effects.cascades[0]!.instance.stepId).toBe('first')
  })

  test('split honours its shares and is stable for a journey', () => {
    const parts = [
      { share: 30, next: 'end' },
      { share: 70, next: 'other' },
    ]
    const steps = [{ id: 'first', type: 'split', parts }, end, other]
    const arm = armOf(steps)
    const exitOf = (n: number) =>
      advance(arm, instanceOf({ instanceId: `i-${n}` }), 'begin', nowMs, () => false, noEffects()).exitReason
    const first = Array.from({ length: 20_000 }, (_, n) => exitOf(n))
    const share = first.filter((reason) => reason === 'done').length / 20_000
    // Four standard errors of a share of 0.3 over 20,000.
    expect(Math.abs(share - 0.3)).toBeLessThan(0.013)
    expect(Array.from({ length: 100 }, (_, n) => exitOf(n))).toEqual(first.slice(0, 100))
  })
})

test('a way out that the step does not have, a missing step and a circle are bugs and not waits', () => {
  const steps = [{ id: 'first', type: 'wait', timeout: 'PT1H', next: 'end', else: 'nowhere' }, end]
  expect(() => walk(steps, 'empty')).toThrow(/no way "empty"/)
  expect(() => walk(steps, 'else')).toThrow(/no step nowhere/)
  const circle = [
    { id: 'first', type: 'send', cascade: 'k', next: 'second' },
    { id: 'second', type: 'award', next: 'first' },
  ]
  expect(() => walk(circle)).toThrow(/circle/)
})

test('the instance that is moved stays as it was', () => {
  fc.assert(
    fc.property(fc.constantFrom('send', 'award'), (type) => {
      const before = Object.freeze(instanceOf())
      const step =
        type === 'send'
          ? { id: 'first', type, cascade: 'k', next: 'end' }
          : { id: 'first', type, next: 'end' }
      expect(walk([step, end], 'begin', before).moved.exitReason).toBe('done')
      expect(before).toEqual(instanceOf())
    }),
  )
})
