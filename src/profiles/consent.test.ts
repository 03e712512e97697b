import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { consentBook, consentTo, flatConsents } from './consent.ts'

const word = (channel: string, granted: boolean, atMs: number, purpose = 'marketing') => ({
  channel,
  purpose,
  granted,
  atMs,
})

describe('what holds', () => {
  test.for([
    ['stop everything ends a channel', [word('sms', true, 1), word('*', false, 2)], 'sms', false],
    ['a later start opens its channel', [word('*', false, 1), word('sms', true, 2)], 'sms', true],
    ['and no other', [word('*', false, 1), word('sms', true, 2)], 'email', false],
    ['in one moment the refusal wins', [word('*', false, 1), word('sms', true, 1)], 'sms', false],
    [
      'in one moment the refusal wins, the other way round',
      [word('*', true, 1), word('sms', false, 1)],
      'sms',
      false,
    ],
    ['a yes to all holds where nothing else was said', [word('*', true, 1)], 'rcs', true],
    ['nobody said anything', [], 'sms', undefined],
    ['another purpose says nothing', [word('sms', true, 1, 'service')], 'sms', undefined],
  ] as const)('%s', ([, words, channel, expected]) => {
    expect(consentTo(consentBook([...words]), channel, 'marketing')).toBe(expected)
  })

  test('the answer for a channel is the latest word on it or on all, whatever the order of the rows', () => {
    const rows = fc.uniqueArray(
      fc.record({
        channel: fc.constantFrom('*', 'sms', 'email'),
        purpose: fc.constantFrom('marketing', 'service'),
        granted: fc.boolean(),
        atMs: fc.nat(5),
      }),
      { selector: (row) => `${row.channel}/${row.purpose}` },
    )
    fc.assert(
      fc.property(rows, fc.constantFrom('sms', 'email'), (known, channel) => {
        const about = known.filter(
          (row) => row.purpose === 'marketing' && (row.channel === '*' || row.channel === channel),
        )
        const lastMs = Math.max(...about.map((row) => row.atMs))
        const expected =
          about.length === 0 ? undefined : about.every((row) => row.atMs < lastMs || row.granted)
        expect(consentTo(consentBook(known.toReversed()), channel, 'marketing')).toBe(expected)
      }),
    )
  })

  test('as one record by channel and purpose', () => {
    expect(flatConsents(consentBook([word('sms', true, 1), word('email', false, 1, 'service')]))).toEqual({
      'sms/marketing': true,
      'email/service': false,
    })
  })
})
