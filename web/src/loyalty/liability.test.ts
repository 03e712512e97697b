import { describe, expect, it } from 'vitest'
import { byAge, byExpiry } from './liability.ts'

const outstanding = [
  { earnedMonth: '2026-02', expiresMonth: '2027-02', lots: 2, amountMinor: '100' },
  { earnedMonth: '2026-01', lots: 1, amountMinor: '9007199254740993' },
  { earnedMonth: '2026-02', lots: 1, amountMinor: '5' },
  { earnedMonth: '2026-01', expiresMonth: '2026-12', lots: 4, amountMinor: '10' },
]

describe('what is owed', () => {
  it('is summed by the month of earning, to the unit', () => {
    expect(byAge(outstanding)).toEqual([
      { month: '2026-01', minor: '9007199254741003', lots: 5 },
      { month: '2026-02', minor: '105', lots: 3 },
    ])
  })

  it('is summed by the month of expiry, and what never expires stands last', () => {
    expect(byExpiry(outstanding)).toEqual([
      { month: '2026-12', minor: '10', lots: 4 },
      { month: '2027-02', minor: '100', lots: 2 },
      { month: null, minor: '9007199254740998', lots: 2 },
    ])
  })
})
