import type { Delivery } from './answers.ts'

/** The stages that a message passes on its way, and the ends that lie beside it. */
export const stages = ['queued', 'sent', 'delivered', 'seen', 'clicked', 'answered'] as const
export const ends = ['failed', 'unknown', 'held'] as const
export type Stage = (typeof stages)[number]
export type End = (typeof ends)[number]

export type ChannelFunnel = {
  channel: string
  /** Everything that was ever meant for the channel: the whole of its shares. */
  all: number
  /** How many came at least as far; `queued` are those that still wait. */
  stage: Readonly<Record<Stage, number>>
  end: Readonly<Record<End, number>>
}

const REACHED: Record<Exclude<Stage, 'queued' | 'answered'>, readonly string[]> = {
  sent: ['submitted', 'delivered', 'seen', 'clicked'],
  delivered: ['delivered', 'seen', 'clicked'],
  seen: ['seen', 'clicked'],
  clicked: ['clicked'],
}

/** The funnel of each channel from its messages' own states, the busiest first. */
export function funnels({ messages, answers }: Pick<Delivery, 'messages' | 'answers'>): ChannelFunnel[] {
  return [...Map.groupBy(messages, ({ channel }) => channel)]
    .map(([channel, own]) => {
      const of = (...states: readonly string[]): number =>
        own.reduce((sum, { state, count }) => (states.includes(state) ? sum + count : sum), 0)
      return {
        channel,
        all: own.reduce((sum, { count }) => sum + count, 0),
        stage: {
          queued: of('queued', 'submitting'),
          sent: of(...REACHED.sent),
          delivered: of(...REACHED.delivered),
          seen: of(...REACHED.seen),
          clicked: of(...REACHED.clicked),
          answered: answers.find((one) => one.channel === channel)?.count ?? 0,
        },
        end: { failed: of('failed'), unknown: of('unknown'), held: of('held') },
      }
    })
    .sort((a, b) => b.all - a.all)
}

export type Stop = { reason: string; count: number }

/** Why messages do not go or did not arrive, of one channel or of all, the most frequent first. */
export function stopsOf({ stops }: Pick<Delivery, 'stops'>, channel: string | undefined): Stop[] {
  const counts = new Map<string, number>()
  for (const { channel: own, reason, count } of stops)
    if (channel === undefined || own === channel)
      counts.set(reason ?? 'unknown', (counts.get(reason ?? 'unknown') ?? 0) + count)
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count)
}

/** What is shown of the rate: five minutes. */
export const SHOWN_MS = 300_000

export type RateTick = { atMs: number; perSecond: Readonly<Record<string, number>> }
export type DeliveryFeed = { delivery: Delivery; ticks: readonly RateTick[] }

/** The feed after one more look at `atMs`, this browser's own time. */
export function grown(before: DeliveryFeed | undefined, delivery: Delivery, atMs: number): DeliveryFeed {
  const kept = (before?.ticks ?? []).filter((tick) => atMs - tick.atMs <= SHOWN_MS && tick.atMs < atMs)
  return { delivery, ticks: [...kept, { atMs, perSecond: delivery.ratesPerS }] }
}

export type ChannelState = 'up' | 'throttled' | 'down'

/**
 * How a channel is, by what it would take now: nothing while it has nothing in hand either is down; nothing while it is
 * busy, or less than waits for it, is throttled.
 */
export function channelState({
  room,
  queued,
  inFlight,
}: Pick<Delivery['channels'][number], 'room' | 'queued' | 'inFlight'>): ChannelState {
  if (room === null || room > 0) return queued > 0 && room !== null && room < queued ? 'throttled' : 'up'
  return inFlight > 0 ? 'throttled' : 'down'
}
