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

test('the log may be a Kafka cluster of several brokers', () => {
  const config = readConfig({
    TENURE_DATA_DIR: '/srv/tenure',
    TENURE_LOG_URL: 'kafka://k1:9092,k2.example:9093/tenure',
  })
  expect(config).toMatchObject({
    logDir: '/srv/tenure/log',
    kafkaLog: { brokers: ['k1:9092', 'k2.example:9093'], prefix: 'tenure' },
  })
  expect(readConfig({}).kafkaLog).toBeUndefined()
})

test.each([
  ['TENURE_PORT', 'eighty'],
  ['TENURE_CLOCK', 'sundial'],
  ['TENURE_LOG_URL', 'kafka://broker:9092'],
  ['TENURE_LOG_URL', 'kafka://broker/tenure'],
  ['TENURE_LOG_URL', 'kafka://broker:9092,/tenure'],
])('a wrong %s is refused by name', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(
    expect.objectContaining({
      code: 'config_invalid',
      details: expect.objectContaining({ field: name, found: value }),
    }),
  )
})
