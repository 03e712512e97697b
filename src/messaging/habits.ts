import { instantOf, type Tx } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { bestHour, type HourCounts } from './best-hour.ts'
import { type ChannelAttempts, sampleSubscribers, selectAttempts, selectReactions } from './habits-store.ts'
import type { Until } from './message.ts'
import { type Attempts, type Prior, priorOf, reachability } from './reachability.ts'

const DAY_MS = 86_400_000
const HISTORY_MS = 90 * DAY_MS
/** What was learnt is learnt anew after this. */
const TRUE_FOR_MS = 3_600_000
/** So many subscribers stand for everybody. */
const SAMPLE = 2_000
const REMEMBERED = 200_000

/** What one subscriber's history tells. */
type Habit = { hours: HourCounts; attempts: Map<string, ChannelAttempts> }

const nothing: Attempts = { tried: 0, reached: 0 }

/**
 * At which hours subscribers react and by which channels they are reached, from 90 days of their own history and from
 * everybody's. It is read only for cascades that ask for it, a batch at a time, and forgotten after an hour.
 */
export class Habits {
  readonly #profiles: Pick<Profiles, 'subscribersByIds'>
  readonly #own = new Map<number, Habit>()
  readonly #wanted = new Set<number>()
  #everybody: Habit[] = []
  #everybodyHours: HourCounts = []
  readonly #priors = new Map<string, Prior>()
  #sinceMs = Number.NEGATIVE_INFINITY

  constructor(profiles: Pick<Profiles, 'subscribersByIds'>) {
    this.#profiles = profiles
  }

  has(subscriberId: number): boolean {
    return this.#own.has(subscriberId)
  }

  /** Forgets what was learnt too long ago. */
  forgetOld(nowMs: number): void {
    if (nowMs - this.#sinceMs <= TRUE_FOR_MS && this.#own.size <= REMEMBERED) return
    this.#own.clear()
    this.#priors.clear()
    this.#sinceMs = Number.NEGATIVE_INFINITY
  }

  /** Asks for a subscriber's habits, which `load` fetches with the next batch. */
  want(subscriberId: number): void {
    if (!this.#own.has(subscriberId)) this.#wanted.add(subscriberId)
  }

  /** Loads what was asked for. */
  async load(tx: Tx, nowMs: number): Promise<void> {
    if (this.#wanted.size === 0) return
    const since = instantOf(nowMs - HISTORY_MS)
    if (this.#sinceMs === Number.NEGATIVE_INFINITY) {
      const some = await sampleSubscribers(tx, since, SAMPLE)
      const habits = await habitsOf(this.#profiles, tx, some, since)
      this.#everybody = [...habits.values()]
      this.#everybodyHours = summed(this.#everybody)
      this.#sinceMs = nowMs
    }
    const ids = [...this.#wanted]
    this.#wanted.clear()
    for (const [id, habit] of await habitsOf(this.#profiles, tx, ids, since)) this.#own.set(id, habit)
  }

  /** The local hour at which a subscriber uses to react, with how many reactions say so; undefined when not known. */
  hourOf(subscriberId: number): { hour: number; reactions: number } | undefined {
    const hours = this.#own.get(subscriberId)?.hours
    const hour = hours && bestHour(hours, this.#everybodyHours)
    if (hours === undefined || hour === undefined) return undefined
    return { hour, reactions: hours.reduce((sum, count) => sum + count, 0) }
  }

  /** The chance that a message of a channel does for a subscriber what a step waits for, and the own history behind it. */
  reachOf(subscriberId: number, channel: string, until: Until): Attempts & { reach: number } {
    const own = attemptsAt(this.#own.get(subscriberId), channel, until)
    return { ...own, reach: reachability(own, this.#priorOf(channel, until)) }
  }

  #priorOf(channel: string, until: Until): Prior {
    const key = `${channel} ${until}`
    let prior = this.#priors.get(key)
    if (!prior) {
      prior = priorOf(this.#everybody.map((habit) => attemptsAt(habit, channel, until)))
      this.#priors.set(key, prior)
    }
    return prior
  }
}

function attemptsAt(habit: Habit | undefined, channel: string, until: Until): Attempts {
  const found = habit?.attempts.get(channel)
  return found ? { tried: found.tried, reached: found[until] } : nothing
}

async function habitsOf(
  profiles: Pick<Profiles, 'subscribersByIds'>,
  tx: Tx,
  ids: number[],
  since: Temporal.Instant,
): Promise<Map<number, Habit>> {
  const habits = new Map(ids.map((id) => [id, { hours: hours(), attempts: new Map() as Habit['attempts'] }]))
  if (ids.length === 0) return habits
  for (const { subscriberId, channel, ...attempts } of await selectAttempts(tx, ids, since))
    habits.get(subscriberId)!.attempts.set(channel, attempts)
  const reactions = await selectReactions(tx, ids, since)
  const subscribers = await profiles.subscribersByIds(
    tx,
    reactions.map(({ subscriberId }) => subscriberId),
  )
  for (const { subscriberId, momentsMs } of reactions) {
    const { hours: counts } = habits.get(subscriberId)!
    const zone = subscribers.get(subscriberId)?.timeZone ?? 'UTC'
    for (const ms of momentsMs) counts[instantOf(ms).toZonedDateTimeISO(zone).hour]!++
  }
  return habits
}

const hours = (): number[] => Array.from({ length: 24 }, () => 0)

function summed(habits: Habit[]): HourCounts {
  const total = hours()
  for (const habit of habits) for (const [hour, count] of habit.hours.entries()) total[hour]! += count
  return total
}
