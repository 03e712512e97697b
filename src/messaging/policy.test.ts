import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contactPolicy } from './contract.ts'
import { closedAt } from './hours.ts'
import { type Contact, gate, type GateInput, memoryMs } from './policy.ts'

const hourMs = 3_600_000
const minuteMs = 60_000
const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const noon = at('2026-03-10T12:00:00Z')

const policyOf = (rest: object = {}) => contactPolicy.parse({ kind: 'ContactPolicy', id: 'default', ...rest })
const inputOf = (rest: Partial<GateInput> = {}): GateInput => ({
  nowMs: noon,
  channel: 'sms',
  runId: 'run-1',
  expiresAtMs: noon + 24 * hourMs,
  hasAddress: true,
  purpose: 'marketing',
  priority: 50,
  consent: true,
  stop: undefined,
  timeZone: 'UTC',
  contacts: [],
  ...rest,
})
const contact = (channel: string, hoursAgo: number, runId = 'other'): Contact => ({
  channel,
  runId,
  purpose: 'marketing',
  atMs: noon - hoursAgo * hourMs,
})
const hold = (reason: string) => expect.objectContaining({ decision: 'hold', reason })

describe('the gate', () => {
  test('without a rule only consent is asked for, and a policy may do without it', () => {
    expect(gate(policyOf(), inputOf())).toEqual({ decision: 'send' })
    expect(gate(policyOf(), inputOf({ consent: undefined }))).toEqual(hold('no_consent'))
    expect(gate(policyOf({ consentRequired: false }), inputOf({ consent: undefined }))).toEqual({
      decision: 'send',
    })
  })

  test('an address comes before everything, and a stale message is not worth a cap', () => {
    expect(gate(policyOf(), inputOf({ hasAddress: false, consent: undefined }))).toEqual(hold('no_address'))
    const capped = policyOf({ caps: [{ limit: 0, period: 'P1D' }] })
    expect(gate(capped, inputOf({ expiresAtMs: noon }))).toEqual(hold('stale'))
    expect(gate(capped, inputOf({ expiresAtMs: noon + 1 }))).toEqual(hold('cap_reached'))
  })

  test('a cap of one channel counts that channel alone, a cap over all counts every one', () => {
    const contacts = [contact('sms', 1), contact('dstk', 2)]
    const ofSms = policyOf({ caps: [{ channel: 'sms', limit: 2, period: 'P1D' }] })
    expect(gate(ofSms, inputOf({ contacts }))).toEqual({ decision: 'send' })
    expect(gate(ofSms, inputOf({ contacts: [...contacts, contact('sms', 3)] }))).toEqual(hold('cap_reached'))
    const full = [...contacts, contact('sms', 3)]
    expect(gate(ofSms, inputOf({ channel: 'dstk', contacts: full }))).toEqual({ decision: 'send' })
    const overAll = policyOf({ caps: [{ limit: 2, period: 'P1D' }] })
    expect(gate(overAll, inputOf({ contacts }))).toEqual(hold('cap_reached'))
  })

  test('a word against it stops what needs no consent too, and nothing but the stop list stops a transaction', () => {
    const service = { purpose: 'service' } as const
    expect(gate(policyOf(), inputOf({ ...service, consent: undefined }))).toEqual({ decision: 'send' })
    expect(gate(policyOf(), inputOf({ ...service, consent: false }))).toEqual(hold('opted_out'))
    expect(gate(policyOf({ consentRequired: false }), inputOf({ consent: false }))).toEqual(hold('opted_out'))
    const strict = policyOf({
      caps: [{ limit: 0, period: 'P1D' }],
      quietHours: { from: '00:00', to: '23:59' },
      minimumGap: 'P1D',
    })
    const code = { purpose: 'transactional', consent: false, contacts: [contact('sms', 1)] } as const
    expect(gate(strict, inputOf({ ...code, contacts: [...code.contacts] }))).toEqual({ decision: 'send' })
    expect(gate(strict, inputOf({ purpose: 'transactional', stop: 'marketing' }))).toEqual({
      decision: 'send',
    })
    expect(gate(strict, inputOf({ purpose: 'transactional', stop: 'all' }))).toEqual(hold('stopped'))
    expect(gate(policyOf(), inputOf({ stop: 'marketing' }))).toEqual(hold('stopped'))
    expect(gate(policyOf(), inputOf({ ...service, stop: 'marketing' }))).toEqual(hold('stopped'))
  })

  test('a transaction takes nothing of the caps, and the last of a cap can be kept for what matters more', () => {
    const spared = policyOf({
      caps: [
        { limit: 2, period: 'P7D', below: 70 },
        { limit: 3, period: 'P7D' },
      ],
    })
    const two = [contact('sms', 30), contact('sms', 40)]
    const code: Contact = { ...contact('sms', 1), purpose: 'transactional' }
    expect(gate(spared, inputOf({ contacts: [two[0]!, code] }))).toEqual({ decision: 'send' })
    expect(gate(spared, inputOf({ contacts: two }))).toEqual(hold('cap_reached'))
    expect(gate(spared, inputOf({ contacts: two, priority: 70 }))).toEqual({ decision: 'send' })
    const three = [...two, contact('sms', 50)]
    expect(gate(spared, inputOf({ contacts: three, priority: 100 }))).toMatchObject({
      reason: 'cap_reached',
      saw: { counted: 3, limit: 3, period: 'P7D', of: 'all channels' },
    })
    const ofService = policyOf({ caps: [{ purpose: 'service', limit: 1, period: 'P1D' }] })
    expect(gate(ofService, inputOf({ contacts: two }))).toEqual({ decision: 'send' })
    const news: Contact = { ...contact('sms', 1), purpose: 'service' }
    expect(gate(ofService, inputOf({ contacts: [news], purpose: 'service' }))).toEqual(hold('cap_reached'))
  })

  test('a cap looks back exactly its period, steps of one cascade count too', () => {
    const policy = policyOf({ caps: [{ limit: 1, period: 'P1D' }] })
    expect(gate(policy, inputOf({ contacts: [contact('sms', 24)] }))).toEqual({ decision: 'send' })
    const inside = { ...contact('sms', 24, 'run-1'), atMs: noon - 24 * hourMs + 1 }
    expect(gate(policy, inputOf({ contacts: [inside] }))).toEqual(hold('cap_reached'))
  })

  test('limit 0 lets nothing through, an absent cap everything', () => {
    const nothing = policyOf({ caps: [{ channel: 'sms', limit: 0, period: 'PT1S' }] })
    expect(gate(nothing, inputOf())).toEqual(hold('cap_reached'))
    expect(gate(nothing, inputOf({ channel: 'dstk' }))).toEqual({ decision: 'send' })
    const many = Array.from({ length: 1_000 }, () => contact('sms', 0))
    expect(gate(policyOf(), inputOf({ contacts: many }))).toEqual({ decision: 'send' })
  })

  test('the minimum gap postpones after another cascade, never within one', () => {
    const policy = policyOf({ minimumGap: 'PT6H' })
    const contacts = [contact('sms', 2), contact('dstk', 4, 'another')]
    const untilMs = noon + 4 * hourMs
    expect(gate(policy, inputOf({ contacts }))).toMatchObject({
      decision: 'postpone',
      reason: 'minimum_gap',
      untilMs,
    })
    expect(gate(policy, inputOf({ contacts, nowMs: untilMs }))).toEqual({ decision: 'send' })
    const own = [contact('dstk', 0.1, 'run-1')]
    expect(gate(policy, inputOf({ contacts: own }))).toEqual({ decision: 'send' })
  })

  test('what would be stale by the time it may go is held with the reason that stopped it', () => {
    const policy = policyOf({ minimumGap: 'PT6H' })
    const input = inputOf({ contacts: [contact('sms', 2)], expiresAtMs: noon + 4 * hourMs })
    expect(gate(policy, input)).toEqual(hold('minimum_gap'))
    const night = policyOf({ quietHours: { from: '11:00', to: '13:00' } })
    expect(gate(night, inputOf({ expiresAtMs: noon + hourMs }))).toEqual(hold('quiet_hours'))
    expect(gate(night, inputOf({ expiresAtMs: noon + hourMs + 1 }))).toMatchObject({ decision: 'postpone' })
  })

  test('it remembers as far back as the longest cap or the gap', () => {
    expect(memoryMs(policyOf())).toBe(0)
    expect(memoryMs(policyOf({ minimumGap: 'PT6H' }))).toBe(6 * hourMs)
    const caps = [
      { limit: 1, period: 'PT1H' },
      { limit: 5, period: 'P7D' },
    ]
    expect(memoryMs(policyOf({ caps, minimumGap: 'PT6H' }))).toBe(168 * hourMs)
  })

  test('with caps alone no order of sending ever exceeds one', () => {
    const sends = fc.array(
      fc.record({ channel: fc.constantFrom('sms', 'dstk'), afterMin: fc.integer({ min: 0, max: 900 }) }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(
        sends,
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        (tries, all, sms) => {
          const policy = policyOf({
            caps: [
              { limit: all, period: 'P1D' },
              { channel: 'sms', limit: sms, period: 'P1D' },
            ],
          })
          const contacts: Contact[] = []
          let nowMs = noon
          for (const { channel, afterMin } of tries) {
            nowMs += afterMin * minuteMs
            const decision = gate(policy, inputOf({ nowMs, channel, contacts, expiresAtMs: nowMs + 1 }))
            if (decision.decision === 'send')
              contacts.push({ channel, runId: 'r', purpose: 'marketing', atMs: nowMs })
            const day = contacts.filter((each) => each.atMs > nowMs - 24 * hourMs)
            expect(day.length).toBeLessThanOrEqual(all)
            expect(day.filter((each) => each.channel === 'sms').length).toBeLessThanOrEqual(sms)
          }
        },
      ),
    )
  })
})

describe('quiet hours', () => {
  const endOfQuiet = (quiet: { from: string; to: string }, nowMs: number, timeZone: string) =>
    closedAt({ quiet }, nowMs, timeZone)?.untilMs
  const night = { from: '21:00', to: '09:00' }
  const ends = (quiet: { from: string; to: string }, now: string, timeZone: string): string | undefined => {
    const endMs = endOfQuiet(quiet, at(now), timeZone)
    return endMs === undefined ? undefined : Temporal.Instant.fromEpochMilliseconds(endMs).toString()
  }

  test('run over midnight in the subscriber’s own zone', () => {
    expect(ends(night, '2026-03-10T18:30:00Z', 'Europe/Moscow')).toBe('2026-03-11T06:00:00Z')
    expect(ends(night, '2026-03-11T05:59:59Z', 'Europe/Moscow')).toBe('2026-03-11T06:00:00Z')
    expect(ends(night, '2026-03-11T06:00:00Z', 'Europe/Moscow')).toBeUndefined()
    expect(ends(night, '2026-03-10T18:30:00Z', 'America/New_York')).toBeUndefined()
    expect(ends(night, '2026-03-10T17:59:00Z', 'Europe/Moscow')).toBeUndefined()
    expect(ends({ from: '13:00', to: '15:00' }, '2026-03-10T13:30:00Z', 'UTC')).toBe('2026-03-10T15:00:00Z')
    expect(ends({ from: '13:00', to: '15:00' }, '2026-03-10T12:59:00Z', 'UTC')).toBeUndefined()
  })

  test('a night with a clock change ends at the same local time and is an hour shorter or longer', () => {
    expect(ends(night, '2026-03-28T20:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T07:00:00Z')
    expect(ends(night, '2026-10-24T19:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T08:00:00Z')
  })

  test('an end that the clock jumps over is the jump; one that comes twice is the first that lies ahead', () => {
    const short = { from: '21:00', to: '02:30' }
    expect(ends(short, '2026-03-29T00:30:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:00:00Z')
    expect(ends(short, '2026-10-24T23:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T00:30:00Z')
    expect(ends(short, '2026-10-25T00:40:00Z', 'Europe/Berlin')).toBeUndefined()
    expect(ends(short, '2026-10-25T01:10:00Z', 'Europe/Berlin')).toBe('2026-10-25T01:30:00Z')
  })

  test('a clock that jumps over all the loud time makes two nights one', () => {
    expect(ends({ from: '03:00', to: '02:15' }, '2026-03-28T20:00:00Z', 'Europe/Berlin')).toBe(
      '2026-03-30T00:15:00Z',
    )
  })

  test('the end always lies ahead, is not quiet, and everything before it is', () => {
    const zones = [
      'Europe/Berlin',
      'America/Havana',
      'Australia/Lord_Howe',
      'Asia/Beirut',
      'UTC',
      'Asia/Kolkata',
    ]
    const changes = [
      '2026-03-29T01:00:00Z',
      '2026-10-25T01:00:00Z',
      '2026-03-08T05:00:00Z',
      '2026-11-01T05:00:00Z',
    ]
    const localTime = fc
      .integer({ min: 0, max: 95 })
      .map((n) => `${String(n >> 2).padStart(2, '0')}:${String((n & 3) * 15).padStart(2, '0')}`)
    fc.assert(
      fc.property(
        fc.tuple(localTime, localTime).filter(([from, to]) => from !== to),
        fc.constantFrom(...zones),
        fc.constantFrom(...changes),
        fc.integer({ min: -30 * 60, max: 30 * 60 }),
        ([from, to], zone, change, offsetMin) => {
          const nowMs = at(change) + offsetMin * minuteMs
          const endMs = endOfQuiet({ from, to }, nowMs, zone)
          if (endMs === undefined) return
          expect(endMs).toBeGreaterThan(nowMs)
          expect(endOfQuiet({ from, to }, endMs, zone)).toBeUndefined()
          for (let ms = nowMs; ms < endMs; ms += 15 * minuteMs)
            expect(endOfQuiet({ from, to }, ms, zone)).toBe(endMs)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('a window of the cascade is kept as well, by day of the week', () => {
    const window = { from: '10:00', to: '20:00', days: [1, 2, 3, 4, 5] }
    const until = (now: string, quiet?: { from: string; to: string }): unknown => {
      const closed = closedAt({ quiet, window }, at(now), 'Europe/Moscow')
      return closed && [closed.reason, Temporal.Instant.fromEpochMilliseconds(closed.untilMs).toString()]
    }
    expect(until('2026-03-10T09:00:00Z')).toBeUndefined()
    expect(until('2026-03-10T17:00:00Z')).toEqual(['send_window', '2026-03-11T07:00:00Z'])
    expect(until('2026-03-13T17:00:00Z')).toEqual(['send_window', '2026-03-16T07:00:00Z'])
    expect(until('2026-03-14T09:00:00Z')).toEqual(['send_window', '2026-03-16T07:00:00Z'])
    const lunch = { from: '13:00', to: '14:00' }
    expect(until('2026-03-10T10:30:00Z', lunch)).toEqual(['quiet_hours', '2026-03-10T11:00:00Z'])
    // Quiet until the window is over: the next day of the window is when it opens.
    expect(until('2026-03-13T16:00:00Z', { from: '18:00', to: '21:00' })).toEqual([
      'quiet_hours',
      '2026-03-16T07:00:00Z',
    ])
    const never = { from: '09:00', to: '21:00' }
    expect(closedAt({ quiet: never, window }, at('2026-03-10T12:00:00Z'), 'UTC')?.untilMs).toBe(-Infinity)
  })

  test('a policy whose quiet hours have no length is refused', () => {
    expect(() => policyOf({ quietHours: { from: '09:00', to: '09:00' } })).toThrow(/quiet hours/)
  })
})
