import { expect, it } from 'vitest'
import { channelState, funnels, grown, SHOWN_MS, stopsOf } from './figures.ts'

const messages = [
  { channel: 'sms', state: 'queued', count: 5 },
  { channel: 'sms', state: 'submitted', count: 10 },
  { channel: 'sms', state: 'delivered', count: 20 },
  { channel: 'sms', state: 'failed', count: 3 },
  { channel: 'sms', state: 'held', count: 2 },
  { channel: 'push', state: 'clicked', count: 4 },
  { channel: 'push', state: 'seen', count: 60 },
]

it('counts who came at least so far, the busiest channel first', () => {
  const [push, sms] = funnels({ messages, answers: [{ channel: 'sms', count: 7 }] })
  expect(push).toMatchObject({
    channel: 'push',
    all: 64,
    stage: { sent: 64, delivered: 64, seen: 64, clicked: 4 },
  })
  expect(sms).toMatchObject({
    all: 40,
    stage: { queued: 5, sent: 30, delivered: 20, seen: 0, answered: 7 },
    end: { failed: 3, unknown: 0, held: 2 },
  })
})

it('adds up reasons over channels', () => {
  const stops = [
    { channel: 'sms', reason: 'no_consent', count: 3 },
    { channel: 'push', reason: 'no_consent', count: 4 },
    { channel: 'push', reason: 'quiet_hours', count: 5 },
  ]
  expect(stopsOf({ stops }, undefined)).toEqual([
    { reason: 'no_consent', count: 7 },
    { reason: 'quiet_hours', count: 5 },
  ])
  expect(stopsOf({ stops }, 'sms')).toEqual([{ reason: 'no_consent', count: 3 }])
})

it('remembers five minutes of rates', () => {
  const delivery = {
    waiting: 0,
    active: 0,
    finished: 0,
    messages,
    stops: [],
    ratesPerS: { sms: 9 },
    channels: [],
    answers: [],
  }
  const first = grown(undefined, delivery, 1_000)
  const second = grown(first, delivery, 2_000)
  expect(second.ticks.map(({ atMs }) => atMs)).toEqual([1_000, 2_000])
  expect(grown(second, delivery, 1_500 + SHOWN_MS).ticks.map(({ atMs }) => atMs)).toEqual([
    2_000,
    1_500 + SHOWN_MS,
  ])
})

it('tells a channel that is busy from one that is down', () => {
  expect(channelState({ room: null, queued: 9, inFlight: 0 })).toBe('up')
  expect(channelState({ room: 100, queued: 9, inFlight: 5 })).toBe('up')
  expect(channelState({ room: 4, queued: 9, inFlight: 5 })).toBe('throttled')
  expect(channelState({ room: 0, queued: 9, inFlight: 5 })).toBe('throttled')
  expect(channelState({ room: 0, queued: 9, inFlight: 0 })).toBe('down')
})
