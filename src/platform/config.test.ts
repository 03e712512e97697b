import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

test('without variables everything is embedded in the data folder', () => {
  const config = readConfig({ TENURE_DATA_DIR: '/srv/tenure' })
  expect(config).toMatchObject({
    dataDir: '/srv/tenure',
    logDir: '/srv/tenure/log',
    clock: 'system',
    port: 8080,
  })
  expect(config.databaseUrl).toBeUndefined()
  expect(config.analyticsUrl).toBeUndefined()
})

test('each store moves out by its URL', () => {
  const config = readConfig({
    TENURE_DATABASE_URL: 'postgres://owner:secret@db/tenure',
    TENURE_LOG_URL: 'file:///mnt/log',
    TENURE_ANALYTICS_URL: 'http://clickhouse:8123',
  })
  expect(config).toMatchObject({
    databaseUrl: 'postgres://owner:secret@db/tenure',
    logDir: '/mnt/log',
    analyticsUrl: 'http://clickhouse:8123',
  })
})

test.each([
  ['TENURE_PORT', 'eighty'],
  ['TENURE_CLOCK', 'sundial'],
  ['TENURE_LOG_URL', 'kafka://broker:9092'],
])('a wrong %s is refused by name', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(
    expect.objectContaining({
      code: 'config_invalid',
      details: expect.objectContaining({ field: name, found: value }),
    }),
  )
})
