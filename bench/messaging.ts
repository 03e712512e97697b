import { benchDatabase, type BenchDatabase } from './messaging/database.ts'
import { type Found, measure, type Run, WARM_UP } from './messaging/measure.ts'
import { measureKannel, measureSmpp } from './messaging/peers.ts'
import { type Bars, withBars } from './progress.ts'
import { type BenchResult, type Curve, type Figures, machine, round } from './result.ts'

/*
 * What each figure contains. The database holds a million subscribers with number, language, time zone and consent. A
 * process of the server's messaging takes decisions (`startCascades`, 2,000 in a transaction, as the stages of campaigns
 * take them in the same process), asks the contact policy for each message (consent, quiet hours, two caps, a gap),
 * fills a template with three variables, makes it durable, submits it over SMPP, and takes its receipt. SMSC, PostgreSQL
 * and the server share the machine. What else an application does (events, rules, analytics) does not run meanwhile.
 * smsPerS                a million messages, from the beginning of the first decision until the last receipt is durable
 *                        and acknowledged. At the end all are counted: at the SMSC each came once, in the tables each is
 *                        delivered, and each has its three facts.
 * tablesPerS             the same, until the tables of runs and messages know everything, and the journal is empty.
 * p99DecisionToSubmitMs  at a paced 20,000 decisions a second: from just before the commit of the decision until the
 *                        SMSC's process has the message; p50 beside it.
 * rssBytes               the most memory that the server's process had in the run of smsPerS.
 * …CpuUsPerMessage       processor time by process in that run, until the tables know everything.
 * Peers work for the same SMSC, with as many binds, and their last receipt is acknowledged too; each does only a part of
 * the work: neither Kannel nor the npm client has a policy, templates, or anything that would survive its end.
 */
const MESSAGES = 1_000_000
const SHORT = 100_000
const PACED = { messages: 300_000, rttMs: 0, perS: 20_000 }
const COUNTS = [10_000, SHORT, MESSAGES]
const ROUND_TRIPS_MS = [0, 20, 100]
const SMPP_SIZE = { messages: 150_000, warmUp: 20_000 }
const KANNEL_SIZES = {
  http: { messages: 15_000, warmUp: 1_000 },
  batch: { messages: 60_000, warmUp: 2_000 },
}

/** Runs the benchmark of messaging; six minutes on two cores. */
export async function run(): Promise<BenchResult> {
  return withBars(async (bars) => {
    const peers = await measurePeers(bars)
    const ours = await measureOurs(bars)
    return { bench: 'messaging', machine: machine(), peers, ...ours }
  })
}

async function measureOurs(bars: Bars): Promise<{ figures: Figures; curves: Curve[] }> {
  const everybody = MESSAGES + WARM_UP
  const importing = bars.step('subscribers', everybody)
  const database = await benchDatabase(everybody, (done) => importing.update(done))
  try {
    return await measureAll(database, bars)
  } finally {
    await database.stop()
  }
}

async function measureAll(
  database: BenchDatabase,
  bars: Bars,
): Promise<{ figures: Figures; curves: Curve[] }> {
  const runs: Run[] = [
    ...COUNTS.map((messages) => ({ messages, rttMs: 0 })),
    ...ROUND_TRIPS_MS.filter((rttMs) => rttMs > 0).map((rttMs) => ({ messages: SHORT, rttMs })),
  ]
  const bar = bars.step('messages', runs.length + 1)
  const found = new Map<string, Found>()
  const keyOf = ({ messages, rttMs }: Run): string => `${messages} ${rttMs}`
  for (const one of runs) {
    found.set(keyOf(one), await measure(database, one))
    bar.increment()
  }
  const paced = await measure(database, PACED)
  bar.increment()
  const smsPerS = (one: Run): number => Math.round(found.get(keyOf(one))!.smsPerS)
  const whole = found.get(keyOf({ messages: MESSAGES, rttMs: 0 }))!
  return {
    figures: figuresOf(whole, paced),
    curves: [
      {
        name: 'by number of messages',
        x: 'messages',
        y: 'SMS/s',
        points: COUNTS.map((messages) => [messages, smsPerS({ messages, rttMs: 0 })]),
      },
      {
        name: `by round-trip time, ${SHORT / 1_000} k messages`,
        x: 'round-trip time, ms',
        y: 'SMS/s',
        points: ROUND_TRIPS_MS.map((rttMs) => [rttMs, smsPerS({ messages: SHORT, rttMs })]),
      },
    ],
  }
}

function figuresOf(whole: Found, paced: Found): Figures {
  return {
    smsPerS: Math.round(whole.smsPerS),
    tablesPerS: Math.round(whole.tablesPerS),
    decisionsPerS: Math.round(whole.decidedPerS),
    p99DecisionToSubmitMs: round(paced.p99DecisionToSubmitMs, 1),
    p50DecisionToSubmitMs: round(paced.p50DecisionToSubmitMs, 1),
    rssBytes: whole.rssBytes,
    serverCpuUsPerMessage: round(whole.serverCpuUs, 2),
    smscCpuUsPerMessage: round(whole.smscCpuUs, 2),
    ...(whole.postgresCpuUs === undefined ? {} : { postgresCpuUsPerMessage: round(whole.postgresCpuUs, 2) }),
  }
}

async function measurePeers(bars: Bars): Promise<Record<string, Figures>> {
  const bar = bars.step('peers', 2)
  const smpp = await measureSmpp(SMPP_SIZE)
  bar.increment()
  const kannel = await measureKannel(KANNEL_SIZES)
  bar.increment()
  return { ...(kannel === undefined ? {} : { kannel: rounded(kannel) }), smpp: rounded(smpp) }
}

function rounded(figures: Figures): Figures {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, round(value, name.endsWith('PerS') ? 0 : 2)]),
  )
}
