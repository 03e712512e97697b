import { expect, it } from 'vitest'
import { identityOf } from './subscriber.ts'

it('reads a phone number as people write it, and leaves other identities alone', () => {
  expect(identityOf('+7 (900) 000-00-17')).toBe('msisdn:+79000000017')
  expect(identityOf('380 67 123 45 67')).toBe('msisdn:+380671234567')
  expect(identityOf('account:4711')).toBe('account:4711')
  expect(identityOf('anna@example.org')).toBe('anna@example.org')
})
