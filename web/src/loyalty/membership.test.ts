import { describe, expect, it } from 'vitest'
import { netOf } from './history.ts'
import { accountOf, shownOf, type Membership } from './membership.ts'

const membership = (rest: Partial<Membership>): Membership =>
  ({
    programme: 'main',
    subscriberId: 7,
    state: 'active',
    household: null,
    sharesBalance: false,
    currency: 'points',
    ...rest,
  }) as Membership

describe('the membership that is shown', () => {
  const left = membership({ programme: 'old', state: 'left' })
  const other = membership({ programme: 'cash' })
  const main = membership({})

  it('is the one asked for, else main, else an active one, else any', () => {
    expect(shownOf([left, other, main], 'old')).toBe(left)
    expect(shownOf([left, other, main], undefined)).toBe(main)
    expect(shownOf([left, other], undefined)).toBe(other)
    expect(shownOf([left], 'none')).toBe(left)
    expect(shownOf([], undefined)).toBeUndefined()
  })
})

describe('the account', () => {
  it('is the member’s own, or that of a household with one balance', () => {
    expect(accountOf(membership({}))).toBe('member:main:7:points')
    expect(accountOf(membership({ household: 'h' }))).toBe('member:main:7:points')
    expect(accountOf(membership({ household: 'h', sharesBalance: true }))).toBe('household:main:h:points')
  })
})

describe('what came of an event', () => {
  it('is what was given less what was taken back', () => {
    expect(netOf([{ points: '10' }, { points: '-25' }, { points: '0' }])).toBe(-15n)
    expect(netOf([])).toBe(0n)
  })
})
