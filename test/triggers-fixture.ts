import type { LiveSnapshot } from '../src/api/contract.ts'
import type { DeadLetterView, ReplayRequest } from '../src/events/contract.ts'
import type {
  Explanation,
  FiringsOverTime,
  FiringView,
  TriggerView,
  TryAnswer,
} from '../src/triggers/contract.ts'
import type { Call, Told } from './console.ts'

export const KEY = 'key-of-the-test'
const NOW = Date.parse('2026-03-30T15:42:10Z')
const HOUR_MS = 3_600_000

const iso = (atMs: number): string => new Date(atMs).toISOString()
const say = (statusCode: number, body: unknown): Told => ({ statusCode, body: JSON.stringify(body) })

/** A number between 0 and 1 that is the same for the same place. */
const noise = (place: number): number => Math.abs(Math.sin(place * 12.9898) * 43_758.5453) % 1

const rules: TriggerView[] = [
  {
    trigger: {
      kind: 'Trigger',
      id: 'package-exhausted',
      description: 'The data package is used up',
      on: 'usage.recorded',
      where: 'event.remainingMb <= 0.0',
      match: {},
      cooldown: 'PT24H',
      emit: ['event.productId'],
    },
    firings: 48_211,
    retracted: 12,
    lastFiredAt: iso(NOW - 4_000),
    behind: 3,
    problem: null,
    pause: null,
  },
  {
    trigger: {
      kind: 'Trigger',
      id: 'heavy-roamer',
      description: 'More than 500 MB while roaming within a day',
      on: 'usage.recorded',
      where: 'event.roaming',
      threshold: { aggregate: 'sum', of: 'event.volumeMb', window: 'PT24H', reaches: 500, rearm: 300 },
      limit: { times: 1, per: 'day' },
      ceilingPerHour: 20_000,
    },
    firings: 1_904,
    retracted: 0,
    lastFiredAt: iso(NOW - 61_000),
    behind: 0,
    problem: null,
    pause: { since: iso(NOW - 2 * HOUR_MS), reason: 'ceiling' },
  },
  {
    trigger: {
      kind: 'Trigger',
      id: 'topped-up-then-silent',
      on: 'topup.done',
      // oxlint-disable-next-line unicorn/no-thenable -- the rule's own word
      absence: { then: 'usage.recorded', within: 'P3D' },
    },
    firings: 377,
    retracted: 41,
    lastFiredAt: iso(NOW - 9 * HOUR_MS),
    behind: 0,
    problem: null,
    pause: null,
  },
  {
    trigger: {
      kind: 'Trigger',
      id: 'order-abandoned',
      description: 'An order was begun and not paid within an hour',
      on: 'order.begun',
      key: 'event.orderId',
      // oxlint-disable-next-line unicorn/no-thenable -- the rule's own word
      sequence: { then: [{ on: 'order.viewed' }, { on: 'order.left' }], within: 'PT1H' },
    },
    firings: 0,
    retracted: 0,
    lastFiredAt: null,
    behind: null,
    problem: 'event type "order.left" is not registered',
    pause: null,
  },
  {
    trigger: {
      kind: 'Trigger',
      id: 'birthday-week',
      description: 'A week before the birthday',
      date: { field: 'subscriber.birthday', days: -7, at: '10:00', every: 'year' },
    },
    firings: 8_120,
    retracted: 0,
    lastFiredAt: iso(NOW - 5 * HOUR_MS),
    behind: 0,
    problem: null,
    pause: null,
  },
]

const usage = (id: string, atMs: number, value: unknown) => ({
  id,
  source: '/network/pcrf-2',
  type: 'usage.recorded',
  at: iso(atMs),
  value,
})

const firing = (index: number): FiringView => ({
  firingId: String(90_000 - index),
  ruleId: 'package-exhausted',
  subscriberId: 10_482 + index * 37,
  cause: `u-${index}`,
  key: '',
  firedAt: iso(NOW - index * 41_000),
  values: { productId: ['data-500', 'data-1000', 'data-200'][index % 3] },
  handledAt: index > 2 ? iso(NOW) : null,
  retractedAt: index === 4 ? iso(NOW) : null,
})

const explained: Explanation = [
  {
    ruleId: 'package-exhausted',
    subscriberId: 10_482,
    state: 'cooling',
    reason: 'fired at 2026-03-30T15:42:06Z; the cool-down of PT24H ends at 2026-03-31T15:42:06Z',
    key: null,
    values: { lastFiredAt: '2026-03-30T15:42:06Z', cooldown: 'PT24H' },
    counted: [usage('u-0', NOW - 4_000, 0), usage('u-00', NOW - 300_000, 0.25)],
    firings: [firing(0)],
  },
]

const tried: TryAnswer = {
  events: 8_402_113,
  seen: 51_220,
  firings: 1_231,
  subscribers: 1_104,
  sample: [
    {
      subscriberId: 10_482,
      firedAt: iso(NOW - 7_200_000),
      cause: usage('u-7', NOW - 7_200_000, 0),
      counted: [usage('u-7', NOW - 7_200_000, 0)],
      reason: 'the event fits: event.remainingMb <= 0.0',
    },
    {
      subscriberId: 10_733,
      firedAt: iso(NOW - 9_200_000),
      cause: usage('u-8', NOW - 9_200_000, 0),
      counted: [],
      reason: 'the event fits: event.remainingMb <= 0.0',
    },
  ],
}

const letter = (index: number, problem: DeadLetterView['problem'], change: object): DeadLetterView => ({
  deadLetterId: `0198a000-0000-7000-8000-00000000000${index}`,
  receivedAt: iso(NOW - index * 500_000),
  state: 'open',
  event: {
    specversion: '1.0',
    id: `u-bad-${index}`,
    source: '/network/pcrf-2',
    type: 'usage.recorded',
    time: '2026-03-30T14:00:00Z',
    subject: 'msisdn:+79000000017',
    data: { volumeMb: 12.5, remainingMb: 340, productId: 'data-500', roaming: false },
    ...change,
  },
  problem,
})

const invalid = (index: number): DeadLetterView =>
  letter(
    index,
    {
      code: 'event_data_invalid',
      message: 'data does not fit the schema of usage.recorded',
      field: 'data.volumeMb',
      found: -3,
      expected: 'number ≥ 0',
    },
    { data: { volumeMb: -3, remainingMb: 340, productId: 'data-500', roaming: false } },
  )

const letters = (): DeadLetterView[] => [
  invalid(1),
  invalid(2),
  letter(
    3,
    {
      code: 'event_time_invalid',
      message: 'not an RFC 3339 time',
      field: 'time',
      found: 'yesterday',
      expected: 'RFC 3339',
    },
    { time: 'yesterday' },
  ),
  letter(
    4,
    {
      code: 'event_too_late',
      message: 'older than the lateness bound of PT1H',
      field: 'time',
      expected: 'not before 2026-03-30T14:11:00Z',
    },
    {},
  ),
  letter(
    5,
    {
      code: 'event_subject_missing',
      message: 'no subscriber is named',
      field: 'subject',
      expected: 'an identity',
    },
    { subject: undefined },
  ),
]

const SPEED: Record<string, number> = {
  'usage.recorded': 1_740,
  'call.ended': 612,
  'sms.sent': 288,
  'topup.done': 41,
  'balance.changed': 334,
  'order.begun': 6,
  'order.viewed': 14,
}

/** A server in the state of a busy afternoon, which answers what the triggers' pages ask. */
export class TriggersFixture {
  rules = structuredClone(rules)
  letters = letters()
  failing = false
  role = 'admin'
  /** What a trial waits for before it answers. */
  trial: Promise<void> = Promise.resolve()
  readonly asked: { method: string; path: string; body: unknown }[] = []
  readonly #startedMs = performance.now() - 600_000

  answer = async ({ method, url, headers, body }: Call): Promise<Told> => {
    const { pathname: path, searchParams: query } = new URL(url, 'http://localhost')
    if (this.failing) return say(503, { title: 'unavailable' })
    if (headers.authorization !== `Bearer ${KEY}`) return say(401, { title: 'unauthenticated' })
    const given: unknown = body === '' ? undefined : JSON.parse(body)
    if (method !== 'GET') this.asked.push({ method, path, body: given })
    const [, , area, id = '', act = ''] = path.split('/')
    if (area === 'dead-letters') return this.#deadLetters(method, id, query, given)
    if (area === 'triggers') return this.#triggers(id, act, query)
    if (area === 'live') return say(200, this.#live())
    if (area === 'campaigns') return say(200, [])
    if (area === 'tenant') return say(200, this.#tenant())
    return say(404, { title: 'no resource' })
  }

  #tenant() {
    return {
      tenant: {
        tenantId: 'operator',
        name: 'Operator',
        currency: 'RUB',
        currencyDecimals: 2,
        timeZone: 'Europe/Moscow',
        language: 'ru',
      },
      role: this.role,
      keyId: 'key',
      version: '0.1.0',
    }
  }

  #live(): LiveSnapshot {
    const measuredMs = performance.now()
    const elapsedMs = measuredMs - this.#startedMs
    const byType = Object.fromEntries(
      Object.entries(SPEED).map(([type, speed], index) => {
        const wave = Math.sin(elapsedMs / (7_000 + index * 900)) * speed * 1.1
        return [type, Math.round((speed * elapsedMs) / 1_000 + wave)]
      }),
    )
    const types = Object.keys(SPEED)
    const open = Map.groupBy(
      this.letters.filter(({ state }) => state === 'open'),
      ({ problem }) => problem.code,
    )
    return {
      asOf: iso(NOW),
      measuredMs,
      events: {
        byType,
        duplicates: 1_204,
        refused: 31,
        bytes: 512_000_000,
        newest: Array.from({ length: 9 }, (_, index) => ({
          at: iso(NOW - index * 40),
          type: types[(index * 3) % 4] ?? '',
          subscriberId: Math.floor(noise(index) * 900_000),
        })),
      },
      rules: this.rules.map(({ trigger, firings }) => ({
        ruleId: trigger.id,
        firings: Math.round(firings / 4),
      })),
      retracted: 53,
      tooLate: 113,
      behind: 3,
      stateBytes: 214_300_000,
      checkpointAgeMs: 4_100,
      deadLetters: [...open].map(([code, of]) => ({ code, open: of.length })),
    }
  }

  async #triggers(id: string, act: string, query: URLSearchParams): Promise<Told> {
    if (id === '') return say(200, { triggers: this.rules })
    if (id === 'firings-over-time') return say(200, { firings: this.#overTime(query) })
    if (id === 'try') {
      await this.trial
      return say(200, tried)
    }
    const rule = this.rules.find(({ trigger }) => trigger.id === id)
    if (!rule) return say(404, { title: `no trigger "${id}"` })
    if (act === 'pause') rule.pause = { since: iso(NOW), reason: 'person' }
    if (act === 'resume') rule.pause = null
    if (act === 'pause' || act === 'resume') return say(200, {})
    if (act === 'firings')
      return say(200, { firings: rule.firings > 0 ? Array.from({ length: 12 }, (_, i) => firing(i)) : [] })
    if (query.get('subscriber') === 'nobody') {
      return say(404, { title: 'no such subscriber', field: 'subscriber' })
    }
    return say(200, { explanation: explained })
  }

  #overTime(query: URLSearchParams): FiringsOverTime {
    const stepMs = query.get('unit') === 'day' ? 24 * HOUR_MS : HOUR_MS
    const only = query.get('rule')
    const found: FiringsOverTime = []
    for (let atMs = Date.parse(query.get('from')!); atMs < Date.parse(query.get('to')!); atMs += stepMs) {
      const atHour = Math.floor(atMs / stepMs)
      const daily = 0.45 + 0.55 * Math.sin(((atHour % 24) / 24) * 2 * Math.PI - 2)
      this.rules.forEach(({ trigger, firings }, index) => {
        const count = Math.round(
          (firings / 700) * (stepMs / HOUR_MS) * Math.max(0, daily) * (0.7 + noise(atHour + index)),
        )
        if (count > 0 && (only === null || only === trigger.id)) {
          found.push({ ruleId: trigger.id, at: iso(atHour * stepMs), firings: count })
        }
      })
    }
    return found
  }

  #deadLetters(method: string, act: string, query: URLSearchParams, given: unknown): Told {
    if (method === 'GET') {
      const state = query.get('state') ?? 'open'
      const after = query.get('after') ?? ''
      const limit = Number(query.get('limit') ?? 100)
      const found = this.letters
        .filter((one) => one.state === state && one.deadLetterId > after)
        .slice(0, limit)
      return say(200, { deadLetters: found, next: found.length < limit ? null : found.at(-1)!.deadLetterId })
    }
    if (act === 'discard')
      return say(200, { discarded: this.#settle((given as { ids: string[] }).ids, 'discarded') })
    return say(200, this.#replay(given as ReplayRequest))
  }

  #settle(ids: string[], state: DeadLetterView['state']): string[] {
    const open = this.letters.filter((one) => one.state === 'open' && ids.includes(one.deadLetterId))
    for (const one of open) one.state = state
    return open.map(({ deadLetterId }) => deadLetterId)
  }

  #replay(request: ReplayRequest) {
    const answer = { accepted: 0, duplicates: 0, refused: 0, notOpen: 0, letters: [] as object[] }
    const mended = 'events' in request ? request.events : []
    const ids = 'ids' in request ? request.ids : mended.map(({ deadLetterId }) => deadLetterId)
    for (const deadLetterId of ids) {
      const event = mended.find((one) => one.deadLetterId === deadLetterId)?.event as
        | { data?: { volumeMb?: number; productId?: string } }
        | undefined
      const volume = event?.data?.volumeMb ?? -1
      const accepted = volume >= 0 && event?.data?.productId !== undefined
      if (accepted) this.#settle([deadLetterId], 'replayed')
      answer[accepted ? 'accepted' : 'refused']++
      const problem =
        volume >= 0
          ? {
              code: 'event_data_invalid',
              message: 'a field is missing',
              field: 'data.productId',
              expected: 'string',
            }
          : this.letters.find((one) => one.deadLetterId === deadLetterId)!.problem
      answer.letters.push({
        deadLetterId,
        ...(accepted ? { outcome: 'accepted' } : { outcome: 'refused', problem }),
      })
    }
    return answer
  }
}
