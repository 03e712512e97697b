import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityText, parseIdentity } from './identity.ts'

test.for([
  ['+79991234567', undefined, 'msisdn:+79991234567'],
  ['msisdn:+7 (999) 123-45-67', undefined, 'msisdn:+79991234567'],
  ['msisdn:89991234567', 'RU', 'msisdn:+79991234567'],
  ['msisdn:9991234567', 'RU', 'msisdn:+79991234567'],
  ['msisdn:79991234567', 'RU', 'msisdn:+79991234567'],
  ['msisdn:067 123 45 67', 'UA', 'msisdn:+380671234567'],
  ['msisdn:0671234567', undefined, undefined],
  ['msisdn:12', 'RU', undefined],
  ['msisdn:', 'RU', undefined],
  ['account: 4711 ', undefined, 'account:4711'],
  ['external:00185980061', 'RU', 'external:00185980061'],
  ['external:', undefined, undefined],
  ['account:a\nb', undefined, undefined],
  ['email:a@b', undefined, undefined],
  ['4711', 'RU', undefined],
  ['', 'RU', undefined],
] as const)('%j in country %s is %s', ([text, country, expected]) => {
  const identity = parseIdentity(text, country)
  expect(identity && identityText(identity)).toBe(expected)
})

test('the text form of an identity reads back as the same identity', () => {
  const known = fc
    .tuple(
      fc.constantFrom('account:', 'external:', 'msisdn:0', ''),
      fc.oneof(fc.string(), fc.nat().map(String)),
    )
    .map(([prefix, text]) => parseIdentity(prefix + text, 'UA'))
    .filter((identity) => identity !== undefined)
  const reread = fc.property(known, (identity) => {
    const again = parseIdentity(identityText(identity), undefined)
    return again?.kind === identity.kind && again.value === identity.value
  })
  expect(fc.check(reread)).toMatchObject({ failed: false })
})
