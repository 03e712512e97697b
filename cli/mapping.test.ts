import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventMap } from '../src/events/contract.ts'
import { readMap, subscriberMap } from './mapping.ts'
import { eventOf, subscriberOf } from './rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenure-map-'))
const mapFile = join(folder, 'map.yaml')
writeFileSync(
  mapFile,
  `subscribers:
  identities:
    msisdn: { column: phone }
    account: { value: A1 }
  attributes:
    tenureMonths: { column: tenure, type: int }
    contract: { column: contract, values: { Month-to-month: month, '*': longer } }
    chargeMinor: { column: charge, type: minor }
    since: { column: since, type: timestamp, format: dd.MM.yyyy, zone: Europe/Kyiv }
  timeZone: { value: Europe/Kyiv }
  language: lang
  consents:
    sms: { column: sms }
    dstk: { value: true }
events:
  subject: { kind: external, column: caller }
  time: { column: at }
  id: { columns: [caller, at] }
  source: billing
  data:
    volumeMb: { column: volume, type: double }
`,
)
const row = {
  phone: ' +380671234567 ',
  tenure: '12',
  contract: 'Two year',
  charge: '29.85',
  since: '01.07.2025',
  lang: 'uk',
  sms: 'Yes',
}

test('a section of a mapping file makes subscribers of rows', () => {
  const map = readMap(subscriberMap, 'subscribers', [mapFile])
  expect(subscriberOf(row, map)).toEqual({
    identities: { msisdn: '+380671234567', account: 'A1' },
    attributes: { tenureMonths: 12, contract: 'longer', chargeMinor: 2985, since: '2025-06-30T21:00:00Z' },
    timeZone: 'Europe/Kyiv',
    language: 'uk',
    consents: { sms: true, dstk: true },
  })
  const empty = Object.fromEntries(Object.keys(row).map((name) => [name, '']))
  expect(subscriberOf(empty, map)).toEqual({
    identities: { account: 'A1' },
    attributes: { contract: 'longer' },
    timeZone: 'Europe/Kyiv',
    consents: { dstk: true },
  })
})

test('inline arguments say the same, and override a file', () => {
  const inline = readMap(subscriberMap, 'subscribers', [
    'identities.external=subscriber_id',
    'attributes.tenureMonths=tenure:int',
    'timeZone==UTC',
    'consents.sms==true',
  ])
  expect(subscriberOf({ subscriber_id: '007', tenure: '3' }, inline)).toEqual({
    identities: { external: '007' },
    attributes: { tenureMonths: 3 },
    timeZone: 'UTC',
    consents: { sms: true },
  })
  const both = readMap(subscriberMap, 'subscribers', [mapFile, 'timeZone==UTC', 'identities.account=phone'])
  expect(subscriberOf(row, both)).toMatchObject({ timeZone: 'UTC', identities: { account: '+380671234567' } })
})

test('events get an id by columns or by row, a source and a moment', () => {
  const caller = { caller: '0018', at: '2020-01-01 00:01:15', volume: '91.3' }
  const byColumns = readMap(eventMap, 'events', [mapFile])
  expect(eventOf(caller, 7, byColumns, 'usage.recorded', 'data.csv')).toEqual({
    specversion: '1.0',
    id: '0018:2020-01-01 00:01:15',
    source: 'billing',
    type: 'usage.recorded',
    time: '2020-01-01T00:01:15Z',
    subject: 'external:0018',
    data: { volumeMb: 91.3 },
  })
  const byRow = readMap(eventMap, 'events', ['time=at', 'time.zone==Europe/Moscow', 'id==row'])
  const event = eventOf(caller, 7, byRow, 'a.b', 'data.csv')
  expect(event).toMatchObject({ source: 'file:data.csv', time: '2019-12-31T21:01:15Z' })
  expect(event['id']).toMatch(/^data\.csv#7-[0-9a-f]{16}$/)
  expect(eventOf(caller, 7, byRow, 'a.b', 'data.csv')['id']).toBe(event['id'])
  expect(eventOf({ ...caller, volume: '92' }, 7, byRow, 'a.b', 'data.csv')['id']).not.toBe(event['id'])
  expect(eventOf(caller, 8, byRow, 'a.b', 'data.csv')['id']).not.toBe(event['id'])
})

test.for([
  [['attributes.x=a:int'], { a: '1.5' }, 'a', 'a whole number'],
  [['attributes.x=a:double'], { a: 'many' }, 'a', 'a number'],
  [['consents.sms=a'], { a: 'perhaps' }, 'a', 'true, false, yes, no, 1 or 0'],
  [['attributes.x=a:timestamp'], { a: '2025-02-30' }, 'a', 'a date and time'],
  [['attributes.x=a:minor'], { a: '1.005' }, 'a', 'an amount with at most 2 decimals'],
] as const)('%j refuses %j', ([map, values, field, expected]) => {
  const read = readMap(subscriberMap, 'subscribers', ['identities.external==x', ...map])
  const refuse = () => subscriberOf(values, read)
  expect(refuse).toThrow(expect.objectContaining({ problem: expect.objectContaining({ field, expected }) }))
})

test.for([
  [['no-such-file.yaml'], /cannot read the map no-such-file.yaml/],
  [['attributes.=x'], /expected path=column/],
  [['attributes.x='], /expected path=column/],
  [['attributes.x=y'], /identities/],
  [['identities.fax=x'], /identities/],
  [['identities.external=x', 'colour=y'], /colour/],
] as const)('the map %j is refused', ([map, message]) => {
  expect(() => readMap(subscriberMap, 'subscribers', [...map])).toThrow(message)
})
