import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OutboundMessage, SubmitOutcome } from '../../channel.ts'
import { hashOf, hashOfOctets, type LinkUser, Submission } from './submission.ts'

const profile = { longText: 'udh', referenceBits: 8, alphabet: 'gsm' } as const
const user = (): LinkUser => ({ events: undefined, open: 0, isStopping: false, whenIdle: [] })

function submissionOf(more: Partial<OutboundMessage>, outcomes: SubmitOutcome[], by = user()): Submission {
  const message = {
    messageId: 'm',
    address: '+79990000001',
    text: 'x',
    reference: 7,
    expiresAtMs: 1,
    ...more,
  }
  return new Submission(message, by, { index: 0, order: 0, done: (_, outcome) => outcomes.push(outcome) })
}

describe('the outcome of a message', () => {
  const fates = fc.array(fc.constantFrom('accepted', 'refused', 'retry', 'unsent', 'unknown'), {
    minLength: 1,
    maxLength: 8,
  })

  test('is told once, and asks for another try only when nothing was taken and nothing is in doubt', () => {
    fc.assert(
      fc.property(fates, (parts) => {
        const outcomes: SubmitOutcome[] = []
        const by = user()
        const text = 'я'.repeat(parts.length === 1 ? 1 : 67 * parts.length)
        const submission = submissionOf({ text }, outcomes, by)
        expect(submission.cut(profile)).toBe(true)
        expect(submission.parts).toBe(parts.length)
        for (const [index, fate] of parts.entries()) {
          expect(outcomes).toEqual([])
          if (fate === 'accepted') submission.accept(`p${index}`)
          else submission.fail(fate, 'because', 100)
        }
        expect(outcomes.length).toBe(1)
        expect(by.open).toBe(0)
        const kinds = new Set(parts)
        const mayHaveBeenTaken = kinds.has('accepted') || kinds.has('unknown')
        const { outcome } = outcomes[0]!
        expect(outcome === 'retry' && mayHaveBeenTaken).toBe(false)
        expect(outcome === 'unknown').toBe(kinds.has('unknown'))
        expect(outcome === 'accepted').toBe(kinds.size === 1 && kinds.has('accepted'))
      }),
    )
  })

  test('of parts that were never begun is "later"', () => {
    const outcomes: SubmitOutcome[] = []
    const submission = submissionOf({ text: 'я'.repeat(300) }, outcomes)
    submission.cut(profile)
    submission.giveUp('connection_lost', 250)
    expect(outcomes).toEqual([{ outcome: 'retry', afterMs: 250, reason: 'connection_lost' }])
  })
})

describe('cutting', () => {
  test('keeps a payload, a USSD text and a short binary message whole, and refuses what is endless', () => {
    const partsOf = (more: Partial<OutboundMessage>, longText: 'udh' | 'payload' = 'udh'): number => {
      const submission = submissionOf(more, [])
      return submission.cut({ ...profile, longText }) ? submission.parts : 0
    }
    const binary = { protocolId: 0x7f, dataCoding: 0xf6, udh: Buffer.from('027000', 'hex') }
    expect(partsOf({ text: 'я'.repeat(300) })).toBe(5)
    expect(partsOf({ text: 'я'.repeat(300) }, 'payload')).toBe(1)
    expect(partsOf({ text: 'я'.repeat(300), ussd: { serviceOp: 3 } })).toBe(1)
    expect(partsOf({ binary: { ...binary, payload: Buffer.alloc(137) } })).toBe(1)
    expect(partsOf({ binary: { ...binary, payload: Buffer.alloc(138) } })).toBe(2)
    expect(partsOf({ binary: { ...binary, payload: Buffer.alloc(132 * 255 + 1) } })).toBe(0)
    expect(partsOf({ text: 'я'.repeat(67 * 255 + 1) })).toBe(0)
  })

  test('a destination has one hash however its number is written', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9][0-9]{9,13}$/), (digits) => {
        const octets = Buffer.from(`ab${digits}cd`)
        expect(hashOf(`+${digits}`)).toBe(hashOfOctets(octets, 2, 2 + digits.length))
        expect(hashOf(`0${digits}`)).toBe(hashOf(digits))
        expect(hashOf(digits)).toBeGreaterThan(0)
      }),
    )
  })
})
