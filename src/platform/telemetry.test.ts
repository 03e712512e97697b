import { expect, test } from 'vitest'
import { type Sample, Telemetry } from './telemetry.ts'

const events = (tenant: string, type: string, value: number): Sample => ({
  name: 'tenure_events_total',
  help: 'Events accepted.',
  type: 'counter',
  labels: { tenant, type },
  value,
})
const age = (value: number): Sample => ({
  name: 'tenure_checkpoint_age_seconds',
  help: 'Age of the checkpoint.',
  type: 'gauge',
  labels: {},
  value,
})

/** Lines that carry our own figures. */
const lines = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('tenure_'))

test('samples of several sources come out as one family each, with labels, type and help', async () => {
  const telemetry = new Telemetry()
  telemetry.add(async () => [events('alpha', 'call.ended', 3), age(1.5)])
  telemetry.add(async () => [events('alpha', 'sms "sent"\n', 4)])
  const text = await telemetry.text('alpha')
  expect(lines(text)).toEqual([
    'tenure_events_total{tenant="alpha",type="call.ended"} 3',
    String.raw`tenure_events_total{tenant="alpha",type="sms \"sent\"\n"} 4`,
    'tenure_checkpoint_age_seconds 1.5',
  ])
  expect(text.match(/# TYPE tenure_events_total counter/g)).toHaveLength(1)
  expect(text).toContain('# HELP tenure_checkpoint_age_seconds Age of the checkpoint.')
})

test('a tenant sees its own figures and those of the process, never those of another', async () => {
  const telemetry = new Telemetry()
  telemetry.add(async () => [events('alpha', 'a', 1), events('beta', 'b', 2), age(7)])
  const text = await telemetry.text('beta')
  expect(lines(text)).toEqual([
    'tenure_events_total{tenant="beta",type="b"} 2',
    'tenure_checkpoint_age_seconds 7',
  ])
  expect(text).toMatch(/^process_resident_memory_bytes \d+/m)
})

test('each scrape tells the present figures, also two at once, and forgets what is gone', async () => {
  let figures = [events('alpha', 'a', 1), events('alpha', 'b', 1)]
  const telemetry = new Telemetry()
  telemetry.add(async () => figures)
  const [first, second] = await Promise.all([telemetry.text('alpha'), telemetry.text('alpha')])
  expect(lines(first)).toEqual(lines(second))
  figures = [events('alpha', 'b', 5)]
  expect(lines(await telemetry.text('alpha'))).toEqual(['tenure_events_total{tenant="alpha",type="b"} 5'])
})

test('two applications in one process do not mix, and a source that fails fails the scrape', async () => {
  const [one, other] = [new Telemetry(), new Telemetry()]
  one.add(async () => [age(1)])
  expect(lines(await other.text('alpha'))).toEqual([])
  other.add(() => Promise.reject(new Error('no figures')))
  await expect(other.text('alpha')).rejects.toThrow('no figures')
})
