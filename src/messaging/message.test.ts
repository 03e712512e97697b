import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeliveryReceipt } from './channel.ts'
import { isLost, type MessageState, reaches, stateAfterReceipt } from './message.ts'

const statuses: DeliveryReceipt['status'][] = ['accepted', 'delivered', 'seen', 'failed', 'expired']
const endOf = (start: MessageState, receipts: DeliveryReceipt['status'][]): MessageState =>
  receipts.reduce((state, status) => stateAfterReceipt(state, status) ?? state, start)

describe('receipts', () => {
  test('any order and any repetition of the same receipts ends in the same state', () => {
    const starts = fc.constantFrom<MessageState>('submitting', 'unknown', 'submitted')
    const sets = fc.array(fc.constantFrom(...statuses), { minLength: 1, maxLength: 6 })
    const orders = sets.chain((receipts) =>
      fc.tuple(
        fc.constant(receipts),
        fc
          .array(fc.constantFrom(...receipts), { maxLength: 6 })
          .chain((again) =>
            fc.shuffledSubarray([...receipts, ...again], { minLength: receipts.length + again.length }),
          ),
      ),
    )
    fc.assert(
      fc.property(starts, orders, (start, [receipts, shuffled]) => {
        expect(endOf(start, shuffled)).toBe(endOf(start, receipts))
      }),
    )
  })

  test('resolve an unknown outcome, one way or the other', () => {
    expect(stateAfterReceipt('unknown', 'accepted')).toBe('submitted')
    expect(stateAfterReceipt('unknown', 'delivered')).toBe('delivered')
    expect(stateAfterReceipt('unknown', 'expired')).toBe('failed')
    expect(stateAfterReceipt('submitting', 'delivered')).toBe('delivered')
  })

  test('that it arrived is proof, whatever another receipt says', () => {
    expect(stateAfterReceipt('delivered', 'failed')).toBeUndefined()
    expect(stateAfterReceipt('failed', 'delivered')).toBe('delivered')
    expect(stateAfterReceipt('seen', 'delivered')).toBeUndefined()
    expect(stateAfterReceipt('submitted', 'accepted')).toBeUndefined()
  })

  test('never move a message that was not handed over', () => {
    for (const status of statuses) {
      expect(stateAfterReceipt('queued', status)).toBeUndefined()
      expect(stateAfterReceipt('held', status)).toBeUndefined()
    }
  })
})

test('what a step waits for', () => {
  const states: MessageState[] = [
    'queued',
    'submitting',
    'unknown',
    'submitted',
    'delivered',
    'seen',
    'failed',
  ]
  const that = (until: Parameters<typeof reaches>[1]) => states.filter((state) => reaches(state, until))
  expect(that('accepted')).toEqual(['submitted', 'delivered', 'seen'])
  expect(that('delivered')).toEqual(['delivered', 'seen'])
  expect(that('seen')).toEqual(['seen'])
  expect(that('answered')).toEqual([])
  expect([...states, 'held' as const].filter(isLost)).toEqual(['failed', 'held'])
})
