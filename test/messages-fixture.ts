import { derivedId } from '../src/platform/index.ts'

/** One subscriber's way through one cascade, as the tables have it. Times are epoch ms, money minor units. */
export type Story = {
  run: {
    runId: string
    cascadeId: string
    subscriberId: number
    campaignId: string
    outcome: string | null
    dueMs: number | null
    startedMs: number
  }
  messages: {
    channel: string
    templateId: string
    until: string
    waitS: number
    text: string
    parts: number
    costMinor: number
    state: string
    reason: string | null
    postponedFor: string | null
    queuedMs: number
    notBeforeMs: number
    submittedMs: number | null
    settledMs: number | null
    saw: object | null
  }[]
  answeredMs: number | null
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A number between 0 and 1 that is the same for the same place. */
const noise = (place: number): number => Math.abs(Math.sin(place * 12.9898) * 43_758.5453) % 1

type Message = Story['messages'][number]

const message = (queuedMs: number, own: Partial<Message>): Message => ({
  channel: 'sms',
  templateId: 'package-used-up-sms',
  until: 'answered',
  waitS: 82_800,
  text: 'Интернет-пакет закончился. Добавьте трафик:\n500 МБ за 50 руб: *111*500#\n1000 МБ за 90 руб: *111*1000#',
  parts: 2,
  costMinor: 220,
  state: 'delivered',
  reason: null,
  postponedFor: null,
  queuedMs,
  notBeforeMs: queuedMs,
  submittedMs: queuedMs + 400,
  settledMs: queuedMs + 3_100,
  saw: null,
  ...own,
  // What is held is settled at once.
  ...(own.state === 'held' ? { settledMs: queuedMs } : {}),
})

const popUp = (queuedMs: number, own: Partial<Message>): Message =>
  message(queuedMs, {
    channel: 'dstk',
    templateId: 'package-used-up-dstk',
    waitS: 900,
    text: 'Интернет-пакет закончился. 500 МБ за 50 руб. Нажмите OK.',
    parts: 1,
    costMinor: 30,
    ...own,
  })

const kept = { submittedMs: null, settledMs: null } as const

/** The messages of subscriber 1, each with something else to explain. */
function ofOneSubscriber(nowMs: number): Story[] {
  const story = (name: string, ago: number, outcome: string | null, messages: Message[]): Story => ({
    run: {
      runId: derivedId('run', name),
      cascadeId: 'package-used-up',
      subscriberId: 1,
      campaignId: 'package-exhausted',
      outcome,
      dueMs: outcome === null ? nowMs + 4 * HOUR_MS : null,
      startedMs: nowMs - ago,
    },
    messages,
    answeredMs: outcome === 'answered' ? nowMs - ago + 2 * MINUTE_MS : null,
  })
  const saw = { counted: 3, limit: 3, period: 'P7D', of: 'all channels' }
  const today = nowMs - 2 * HOUR_MS
  const held = nowMs - 26 * HOUR_MS
  const lost = nowMs - 75 * HOUR_MS
  return [
    story('waits', 2 * HOUR_MS, null, [
      popUp(today, { state: 'failed', reason: 'absent', settledMs: today + 9_000 }),
      message(today + 9_000, {
        ...kept,
        state: 'queued',
        postponedFor: 'quiet_hours',
        saw: { timeZone: 'Asia/Yekaterinburg' },
        notBeforeMs: nowMs + 4 * HOUR_MS,
      }),
    ]),
    story('held', 26 * HOUR_MS, 'not_reached', [
      popUp(held, { ...kept, state: 'held', reason: 'cap_reached', saw }),
      message(held, { ...kept, state: 'held', reason: 'cap_reached', saw }),
    ]),
    story('unknown', 75 * HOUR_MS, 'no_answer', [
      popUp(lost, { state: 'delivered' }),
      message(lost + 15 * MINUTE_MS, { state: 'unknown', reason: 'connection_lost', settledMs: null }),
    ]),
    story('answered', 99 * HOUR_MS, 'answered', [popUp(nowMs - 99 * HOUR_MS, { state: 'seen' })]),
  ]
}

/** A month of one campaign and the beginning of another: enough to count by. */
function ofMany(nowMs: number): Story[] {
  return Array.from({ length: 600 }, (_, n): Story => {
    const startedMs = nowMs - (1 + n * 0.6) * HOUR_MS
    const luck = noise(n)
    const answered = luck > 0.78
    const first =
      luck < 0.06
        ? popUp(startedMs, { ...kept, state: 'held', reason: luck < 0.03 ? 'no_consent' : 'no_address' })
        : luck < 0.2
          ? popUp(startedMs, { state: 'failed', reason: luck < 0.15 ? 'absent' : 'expired' })
          : popUp(startedMs, { state: answered ? 'seen' : 'delivered', until: 'answered' })
    const late = noise(n + 1_000)
    const bySms = !answered && late > 0.86
    const second =
      late < 0.05
        ? message(startedMs + 15 * MINUTE_MS, { ...kept, state: 'held', reason: 'cap_reached' })
        : late < 0.09
          ? message(startedMs + 15 * MINUTE_MS, { state: 'failed', reason: 'undelivered' })
          : message(startedMs + 15 * MINUTE_MS, { state: late < 0.11 ? 'submitted' : 'delivered' })
    return {
      run: {
        runId: derivedId('run', String(n)),
        cascadeId: 'package-used-up',
        subscriberId: 100 + n,
        campaignId: n % 7 === 0 ? 'ten-percent-left' : 'package-exhausted',
        outcome: n < 40 ? null : answered || bySms ? 'answered' : 'no_answer',
        dueMs: n < 40 ? nowMs + HOUR_MS : null,
        startedMs,
      },
      messages: answered ? [first] : [first, second],
      answeredMs: answered || bySms ? startedMs + (bySms ? 40 : 3) * MINUTE_MS : null,
    }
  })
}

/** What the tables hold when the pages are looked at. */
export const messageStories = (nowMs: number): Story[] => [...ofOneSubscriber(nowMs), ...ofMany(nowMs)]

/** The messages of subscriber 1 by their ids. */
export const messageIdOf = (name: string, step: number): string =>
  derivedId('message', derivedId('run', name), step)

/** A request for a link in a message, by a person or by a machine. */
export type Followed = { messageId: string; target: string; atMs: number; bot: string | null }

const SHOP = 'https://operator.example/packages?utm_source=sms'
const RULES = 'https://operator.example/packages/rules'

/** Who followed the links of first steps, the latest days more than those before. */
export function followedLinks(nowMs: number): Followed[] {
  return Array.from({ length: 90 }, (_, n): Followed => {
    const place = Math.floor(n * n * 0.06)
    return {
      messageId: derivedId('message', derivedId('run', String(place)), 0),
      target: n % 6 === 0 ? RULES : SHOP,
      atMs: nowMs - (place * 0.6 + 0.5) * HOUR_MS,
      bot: n % 5 === 0 ? 'preview' : null,
    }
  })
}
