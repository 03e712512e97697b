import { expect, it } from 'vitest'
import { drawnSecret, isTold } from './secret.ts'

it('is as the specification writes it, and another one each time', () => {
  const secrets = Array.from({ length: 20 }, drawnSecret)
  for (const secret of secrets) {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(isTold(secret)).toBe(true)
  }
  expect(new Set(secrets).size).toBe(20)
  expect(isTold('(kept)')).toBe(false)
})
