import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventType, loyaltyWorld, same } from '../../../test/loyalty-world.ts'
import { type TestDatabase, testDatabase } from '../../../test/stores.ts'

/**
 * The purchases of 23,570 customers of an online shop (the CDNOW data set) through a programme of 5 % points that live
 * 180 days, a welcome bonus and three tiers by the spend of twelve months. The whole is computed a second time here by
 * plain lists and sums, which share nothing with the module, and compared to the last unit.
 */
const folder =
  process.env['TENURE_SHARED_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const file = join(folder, 'cdnow_master.txt')
const isRequired = process.env['CI'] === 'true' || Boolean(process.env['TENURE_REQUIRE_SHARED_DATA'])
const isLeftOut = !existsSync(file) && !isRequired
if (isLeftOut) {
  process.stderr.write(
    `\nLEFT OUT: the test on real purchases, because ${file} is not there (TENURE_SHARED_DATA names the folder)\n`,
  )
}

const ZONE = 'America/New_York'
const END = Temporal.PlainDate.from('1998-09-01')
/** The clock moves by weeks, and from here on by days. */
const DAILY = Temporal.PlainDate.from('1998-07-01')
const WELCOME = 500n
const TIERS = [
  { id: 'fan', at: 0n, percent: 500n },
  { id: 'silver', at: 10_000n, percent: 750n },
  { id: 'gold', at: 50_000n, percent: 1_000n },
]
const GRACE_DAYS = 30

type Purchase = { customer: string; date: Temporal.PlainDate; cents: bigint }
type Lot = { earned: Temporal.PlainDate; expires: Temporal.PlainDate; points: bigint }
type Customer = { purchases: Purchase[]; lots: Lot[]; tier: string }

function read(): Purchase[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\s*\d/.test(line))
    .map((line) => {
      const [customer, day, , dollars] = line.trim().split(/\s+/)
      return {
        customer: customer!,
        date: Temporal.PlainDate.from(day!),
        cents: BigInt(dollars!.replace('.', '')),
      }
    })
    .toSorted((a, b) => Temporal.PlainDate.compare(a.date, b.date))
}

const { compare } = Temporal.PlainDate
const noonOf = (date: Temporal.PlainDate): number =>
  date.toZonedDateTime({ timeZone: ZONE, plainTime: '12:00' }).epochMilliseconds
const monthOf = (date: Temporal.PlainDate): string => date.toPlainYearMonth().toString()

/** The tier on a day: the best one for which some day qualified and whose grace is not over. */
function tierOn(purchases: Purchase[], today: Temporal.PlainDate): (typeof TIERS)[number] {
  const leaves = purchases.map(({ date }) => date.add({ months: 12 }))
  // The spend falls on the day on which a purchase is a year old, so the last day that qualified is one before such a day.
  const days = [
    today,
    ...leaves.map((date) => date.subtract({ days: 1 })).filter((day) => compare(day, today) <= 0),
  ]
  const spendOn = (day: Temporal.PlainDate): bigint =>
    purchases
      .filter(({ date }, i) => compare(date, day) <= 0 && compare(leaves[i]!, day) > 0)
      .reduce((sum, { cents }) => sum + cents, 0n)
  return TIERS.findLast(({ at }) =>
    days.some((day) => spendOn(day) >= at && compare(today, day.add({ days: 1 + GRACE_DAYS })) < 0),
  )!
}

/** Everything again, by lists. */
function compute(purchases: Purchase[]): Map<string, Customer> {
  const customers = new Map<string, Customer>()
  for (const purchase of purchases) {
    const { customer: name, date, cents } = purchase
    let customer = customers.get(name)
    const expires = date.add({ days: 181 })
    if (!customer) {
      customer = { purchases: [], lots: [{ earned: date, expires, points: WELCOME }], tier: '' }
      customers.set(name, customer)
    }
    customer.purchases.push(purchase)
    const points = (cents * tierOn(customer.purchases, date).percent) / 10_000n
    if (points > 0n) customer.lots.push({ earned: date, expires, points })
  }
  for (const customer of customers.values()) customer.tier = tierOn(customer.purchases, END).id
  return customers
}

let stores: TestDatabase
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())

describe.skipIf(isLeftOut)('the purchases of CDNOW', () => {
  test(
    'give the balances, tiers, expiries and liability that plain lists give',
    { timeout: 1_200_000 },
    async () => {
      const world = await loyaltyWorld(stores, {
        startMs: Date.parse('1997-01-01T05:00:00Z'),
        timeZone: ZONE,
      })
      await world.apply(
        eventType('order.paid', { amountMinor: 'integer' }),
        {
          kind: 'Programme',
          id: 'main',
          name: same('Points'),
          currency: 'points',
          decimals: 2,
          enrolment: { on: ['order.paid'] },
          welcome: { points: String(WELCOME) },
          expiry: { after: 'earn', days: 180, noticeDays: [14] },
        },
        {
          kind: 'EarnRule',
          id: 'five-percent',
          on: 'order.paid',
          points: { perMajorUnit: '0.05' },
          multipliers: [
            { id: 'silver', when: 'member.tier == "silver"', times: '1.5' },
            { id: 'gold', when: 'member.tier == "gold"', times: '2' },
          ],
        },
        {
          kind: 'TierLadder',
          id: 'spend',
          name: same('Spend of a year'),
          by: { measure: 'spend', adds: [{ on: 'order.paid' }] },
          period: { rollingMonths: 12 },
          grace: { days: GRACE_DAYS },
          tiers: TIERS.map(({ id, at }) => ({ id, name: same(id), at: String(at) })),
        },
      )
      const purchases = read()
      expect(purchases).toHaveLength(69_659)
      const names = [...new Set(purchases.map(({ customer }) => customer))]
      const ids = await world.subscribers(...names)
      const idOf = new Map(names.map((name, i) => [name, ids[i]!]))

      const startedMs = performance.now()
      const startedCpu = process.cpuUsage()
      let next = 0
      const runs: Temporal.PlainDate[] = []
      for (let day = Temporal.PlainDate.from('1997-01-01'); ;) {
        const following = day.add(compare(day, DAILY) < 0 ? { weeks: 1 } : { days: 1 })
        day = compare(following, END) < 0 ? following : END
        runs.push(day)
        const from = next
        while (next < purchases.length && compare(purchases[next]!.date, day) < 0) next++
        const events = purchases.slice(from, next).map(({ customer, date, cents }) => ({
          subscriberId: idOf.get(customer)!,
          type: 'order.paid',
          data: { amountMinor: Number(cents) },
          atMs: noonOf(date),
        }))
        world.clock.setMs(day.toZonedDateTime(ZONE).epochMilliseconds)
        await world.append(...events)
        await world.run()
        if (day === END) break
      }
      const seconds = (performance.now() - startedMs) / 1_000
      const { user, system } = process.cpuUsage(startedCpu)

      const expected = compute(purchases)
      const balances = await world.tx<{ id: string; balance: bigint }[]>((tx) =>
        tx.query(
          `select owner as id, balance_minor as balance from ledger.account where purpose = 'member' order by 1`,
        ),
      )
      const isLeft = ({ expires }: Lot): boolean => compare(expires, END) > 0
      const sum = (lots: Lot[]): bigint => lots.reduce((total, { points }) => total + points, 0n)
      expect(new Map(balances.map(({ id, balance }) => [id, balance]))).toEqual(
        new Map(
          [...expected].map(([name, { lots }]): [string, bigint] => [
            `member:main:${idOf.get(name)}`,
            sum(lots.filter(isLeft)),
          ]),
        ),
      )
      const tiers = await world.tx<{ id: number; tier: string }[]>((tx) =>
        tx.query('select subscriber_id as id, tier_id as tier from loyalty.tier_standing'),
      )
      expect(new Map(tiers.map(({ id, tier }) => [id, tier]))).toEqual(
        new Map([...expected].map(([name, { tier }]): [number, string] => [idOf.get(name)!, tier])),
      )
      const expired = await world.tx<{ id: string; booked: string; effective: string; points: bigint }[]>(
        (tx) =>
          tx.query(
            `select a.owner as id, (b.booked_at at time zone $1)::date::text as booked,
                    (max(t.effective_at) at time zone $1)::date::text as effective,
                    sum(t.amount_minor)::bigint as points
             from ledger.transfer t join ledger.account a on a.account_no = t.debit_no
             join ledger.batch b on b.batch_no = t.batch_no
             where t.memo like 'expiry %' group by a.owner, b.booked_at`,
            [ZONE],
          ),
      )
      // Each lot is gone with the first run of the clock after its day, and counts from that day on.
      const gone = [...expected].flatMap(([name, { lots }]) => {
        const byRun = Map.groupBy(
          lots.filter((lot) => !isLeft(lot)),
          ({ expires }) => runs.find((run) => compare(run, expires) >= 0)!.toString(),
        )
        return [...byRun].map(([booked, own]) => {
          const last = own
            .map(({ expires }) => expires)
            .toSorted(compare)
            .at(-1)!
          return `member:main:${idOf.get(name)} ${booked} ${last.toString()} ${sum(own)}`
        })
      })
      expect(
        expired
          .map(({ id, booked, effective, points }) => `${id} ${booked} ${effective} ${points}`)
          .toSorted(),
      ).toEqual(gone.toSorted())

      const report = await world.loyalty.liability.report(world.tenantId, 'main')
      const open = [...expected.values()].flatMap(({ lots }) => lots.filter(isLeft))
      const all = [...expected.values()].flatMap(({ lots }) => lots)
      const byMonths = Map.groupBy(
        open,
        ({ earned, expires }) => `${monthOf(earned)} ${monthOf(expires.subtract({ days: 1 }))}`,
      )
      expect(report.agrees).toBe(true)
      expect(report.held).toMatchObject({
        accounts: 23_570,
        balanceMinor: sum(open),
        inLotsMinor: sum(open),
        debtMinor: 0n,
      })
      expect(
        new Map(report.outstanding.map((one) => [`${one.earnedMonth} ${one.expiresMonth}`, one.amountMinor])),
      ).toEqual(new Map([...byMonths].map(([months, lots]) => [months, sum(lots)])))
      const issued = Map.groupBy(all, ({ earned }) => monthOf(earned))
      expect(
        new Map(report.months.filter((one) => one.issued > 0n).map((one) => [one.month, one.issued])),
      ).toEqual(new Map([...issued].map(([month, lots]) => [month, sum(lots)])))
      expect(report.months.reduce((total, one) => total + one.expired, 0n)).toBe(sum(all) - sum(open))
      // Nobody ever spent a point, so all that is outstanding is expected to expire.
      expect(report.expected).toMatchObject({ basis: 'history', breakageMinor: sum(open) })
      expect(await world.verify()).toMatchObject({ ok: true })
      const { tiers: counts } = await world.loyalty.tiers.counts(world.tenantId, 'spend')
      console.info(
        `CDNOW: ${purchases.length} purchases in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of this process), ` +
          `tiers ${counts.map(({ tier, members }) => `${tier} ${members}`).join(', ')}, ` +
          `issued ${sum(all)}, expired ${sum(all) - sum(open)}, outstanding ${sum(open)}`,
      )
      await world.close()
    },
  )
})
