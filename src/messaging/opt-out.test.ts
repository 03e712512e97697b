import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { createAccess } from '../access/index.ts'
import { Documents, ManualClock, newId } from '../platform/index.ts'
import { attributesKind, createProfiles, type Profiles } from '../profiles/index.ts'
import { takeWords } from './consent-withdrawal.ts'
import { confirmationOf, optOutWords, wordOf } from './opt-out.ts'

describe('words', () => {
  test.for([
    ...[
      'STOP',
      'stop',
      ' Stop. ',
      '«Стоп!»',
      'СТОП\n',
      'CTOП',
      'Unsubscribe',
      'cancel',
      'END',
      'quit',
      'Revoke',
      'OptOut',
      'opt-out',
      'отписка',
      'Відписка',
      '***стоп***',
      'ｓｔｏｐ',
    ].map((text) => [text, 'optOut'] as const),
    ...['STOPALL', 'stopall!', 'СтопВсе'].map((text) => [text, 'optOutAll'] as const),
    ...['START', 'unstop', 'Старт', 'підписка'].map((text) => [text, 'optIn'] as const),
    ...[
      'please stop',
      'STOP it',
      'stopped',
      'нестоп',
      'Не останавливайтесь',
      '',
      '?!',
      'да ладно',
      'S T O P',
      `${'!'.repeat(80)}stop`,
    ].map((text) => [text, undefined] as const),
  ])('"%s" is %s', ([text, expected]) => {
    for (const language of ['en', 'ru', 'uk'] as const) expect(wordOf(text, language, false)).toBe(expected)
  })

  test('assent means to be written to again only from somebody who is opted out, in the subscriber’s own language', () => {
    for (const [text, language] of [
      ['yes', 'en'],
      ['Да', 'ru'],
      ['так!', 'uk'],
      ['YES', 'uk'],
    ] as const) {
      expect(wordOf(text, language, true)).toBe('optIn')
      expect(wordOf(text, language, false)).toBeUndefined()
    }
    expect(wordOf('так', 'ru', true)).toBeUndefined()
    expect(wordOf('да', 'uk', true)).toBeUndefined()
  })

  test('a tenant’s own words come first', () => {
    const own = optOutWords.parse({ kind: 'OptOutWords', id: 'default', optOut: ['Тихо'], optIn: ['end'] })
    expect(wordOf('ТИХО.', 'ru', false, own)).toBe('optOut')
    expect(wordOf('END', 'en', false, own)).toBe('optIn')
    expect(confirmationOf('optOut', 'en', own)).toContain('START')
  })
})

describe('what a word does', () => {
  const tenantId = 'alpha'
  const clock = new ManualClock(Date.UTC(2026, 2, 1, 12))
  let stores: TestDatabase
  let documents: Documents
  let profiles: Profiles
  beforeAll(async () => {
    stores = await testDatabase()
    const { database } = stores
    const access = createAccess({ database, clock })
    documents = new Documents(database, [attributesKind, { kind: 'OptOutWords', schema: optOutWords }])
    profiles = createProfiles({ database, access, documents, clock })
    const settings = {
      currency: 'UAH',
      currencyDecimals: 2,
      timeZone: 'Europe/Kyiv',
      language: 'uk' as const,
    }
    await access.createTenant({ tenantId, name: 'A', ...settings })
  })
  afterAll(() => stores.close())

  const subscriber = async (consents: object): Promise<number> => {
    const external = newId()
    await profiles.upsertSubscribers(tenantId, [{ identities: { external }, consents }])
    clock.setMs(clock.nowMs() + 1_000)
    return (await profiles.resolveIdentities(tenantId, [`external:${external}`]))[0]!
  }
  const say = (subscriberId: number, text: string, dedupeKey = newId()) =>
    stores.database.tx(tenantId, (tx) => {
      const answer = { subscriberId, channel: 'sms', text, at: clock.now(), dedupeKey }
      return takeWords({ documents, profiles }, tx, tenantId, [
        answer,
        { ...answer, text: 'Дякую', dedupeKey: 'other' },
      ])
    })
  const bookOf = (id: number) =>
    stores.database.tx(tenantId, async (tx) => (await profiles.consentBooksOf(tx, [id])).get(id))

  test('STOP ends the channel, START opens it, each with its proof, and a repeated answer is one word', async () => {
    const id = await subscriber({ sms: true, email: true, 'sms/personalisation': true, 'sms/service': true })
    expect(await say(id, 'Стоп', 'key')).toEqual([
      { word: 'optOut', reply: expect.stringContaining('СТАРТ') },
      undefined,
    ])
    await say(id, 'Стоп', 'key')
    expect(await bookOf(id)).toEqual({
      marketing: { sms: false, email: true },
      personalisation: { sms: false },
      service: { sms: true },
    })
    const { history } = await profiles.consentsView(tenantId, id)
    const refusals = history.filter(({ granted }) => !granted)
    expect(refusals).toHaveLength(2)
    for (const proof of refusals) expect(proof).toMatchObject({ shownText: 'Стоп', source: 'word by sms' })
    clock.setMs(clock.nowMs() + 1_000)
    expect(await say(id, 'так')).toMatchObject([{ word: 'optIn' }, undefined])
    expect(await bookOf(id)).toMatchObject({ marketing: { sms: true } })
    expect(await say(id, 'так')).toEqual([undefined, undefined])
  })

  test('STOPALL ends every channel, and START opens its own again', async () => {
    const id = await subscriber({ sms: true, email: true })
    expect(await say(id, 'STOPALL')).toMatchObject([{ word: 'optOutAll' }, undefined])
    expect(await bookOf(id)).toEqual({ marketing: { sms: false, email: false, '*': false } })
    clock.setMs(clock.nowMs() + 1_000)
    await say(id, 'START')
    expect(await bookOf(id)).toEqual({ marketing: { sms: true, email: false, '*': false } })
  })

  test('STOP of somebody who never agreed is kept all the same', async () => {
    const id = await subscriber({})
    await say(id, 'stop')
    expect(await bookOf(id)).toEqual({ marketing: { sms: false } })
  })
})
