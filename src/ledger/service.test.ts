import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../test/stores.ts'
import { connectOwner, createHttp, newId, unitHash } from '../platform/index.ts'
import {
  type AccountOpening,
  accountView,
  lotsView,
  statementView,
  type TransferRequest,
  type TransferResult,
  verificationView,
} from './contract.ts'
import { ledgerRoutes } from './http.ts'
import { balancesOf } from './reading-store.ts'
import { openAccounts, postTransfers } from './service.ts'
import { verifyLedger } from './verification.ts'

let stores: TestDatabase
let tenantId: string
beforeAll(async () => {
  stores = await testDatabase()
})
afterAll(() => stores.close())
beforeEach(() => {
  tenantId = `t-${newId()}`
})

const at = Temporal.Instant.from('2026-03-01T10:00:00Z')
const bookedAt = Temporal.Instant.from('2026-03-01T10:00:01Z')
const members = ['member:1', 'member:2', 'member:3', 'member:4']

const account = (accountId: string, extra: Partial<AccountOpening> = {}): AccountOpening => ({
  accountId,
  owner: accountId,
  purpose: 'member',
  currency: 'points',
  mayGoNegative: false,
  ...extra,
})
const open = (more: AccountOpening[] = []): Promise<void> =>
  stores.database.tx(tenantId, (tx) =>
    openAccounts(tx, [
      account('liability', { purpose: 'liability', mayGoNegative: true }),
      ...members.map((member) => account(member)),
      ...more,
    ]),
  )
const send = (requests: TransferRequest[]): Promise<TransferResult[]> =>
  stores.database.tx(tenantId, (tx) => postTransfers(tx, requests, bookedAt))
const balance = async (accountId: string): Promise<bigint> =>
  (await stores.database.tx(tenantId, (tx) => balancesOf(tx, [accountId]))).get(accountId)!.balanceMinor
const verify = () => stores.database.tx(tenantId, verifyLedger)

const move = (
  key: string,
  debitAccount: string,
  creditAccount: string,
  amountMinor: bigint,
  kind: 'post' | 'pending' = 'post',
): TransferRequest => ({ key, kind, debitAccount, creditAccount, amountMinor, currency: 'points', at })
const settle = (key: string, pendingKey: string, amountMinor?: bigint): TransferRequest => ({
  key,
  kind: 'post_pending',
  pendingKey,
  at,
  ...(amountMinor === undefined ? {} : { amountMinor }),
})
const cancel = (key: string, pendingKey: string): TransferRequest => ({
  key,
  kind: 'void_pending',
  pendingKey,
  at,
})
const said = (result: TransferResult): string =>
  result.outcome === 'refused' ? result.problem.code : result.outcome

describe('a batch', () => {
  beforeEach(() => open())

  test('is booked in order; what cannot be booked is refused alone', async () => {
    const results = await send([
      move('a', 'member:1', 'member:2', 5n),
      move('b', 'liability', 'member:1', 100n),
      move('c', 'member:1', 'member:2', 60n),
      move('d', 'member:1', 'member:2', 60n),
      move('e', 'member:1', 'member:9', 1n),
      { ...move('f', 'liability', 'member:1', 1n), currency: 'roubles' } as TransferRequest,
      move('g', 'member:1', 'member:1', 1n),
      move('h', 'member:1', 'member:2', 0n),
      move('i', 'member:1', 'member:2', 40n),
    ])
    expect(results.map(said)).toEqual([
      'ledger_balance_insufficient',
      'booked',
      'booked',
      'ledger_balance_insufficient',
      'ledger_account_not_found',
      'ledger_currency_differs',
      'ledger_request_invalid',
      'ledger_request_invalid',
      'booked',
    ])
    expect([await balance('member:1'), await balance('member:2'), await balance('liability')]).toEqual([
      0n,
      100n,
      -100n,
    ])
    expect(await verify()).toEqual({ ok: true, accounts: 5, transfers: 5, entries: 6, lots: 2, batches: 1 })
  })

  test.each(['U+0000', 'half a surrogate pair'])(
    'a text with %s is refused alone, whichever it is',
    async (name) => {
      const bad = name === 'U+0000' ? 'a\u0000b' : 'a\ud800b'
      const results = await send([
        move(bad, 'liability', 'member:1', 1n),
        move('a', bad, 'member:1', 1n),
        move('b', 'liability', bad, 1n),
        { ...move('c', 'liability', 'member:1', 1n), memo: bad },
        { ...move('d', 'liability', 'member:1', 1n), currency: bad } as TransferRequest,
        { ...move('e', 'liability', 'member:1', 1n), group: bad },
        settle('f', bad),
        { key: 'g', kind: 'reverse', reversedKey: bad, at },
        { key: 'h', kind: 'extend', account: bad, expiresAt: at, at },
        move('i', 'liability', 'member:1', 1n),
        { ...move('k', 'member:1', 'member:2', 99n), group: 'two' },
        { ...move('l', 'liability', 'member:1', 1n), group: 'two', memo: bad },
      ])
      const refused = Array.from({ length: 9 }, () => 'ledger_request_invalid')
      expect(results.map(said)).toEqual([
        ...refused,
        'booked',
        'ledger_balance_insufficient',
        'ledger_request_invalid',
      ])
    },
  )

  test('repeated gives the same answers and moves nothing', async () => {
    const batch = [move('a', 'liability', 'member:1', 10n), move('b', 'member:1', 'member:2', 30n)]
    const first = await send(batch)
    await send([move('more', 'liability', 'member:1', 100n)])
    const second = await send([...batch, ...batch])
    expect(second.map(said)).toEqual([
      'repeated',
      'ledger_balance_insufficient',
      'repeated',
      'ledger_balance_insufficient',
    ])
    expect(second[0]).toEqual({ ...first[0], outcome: 'repeated' })
    expect(second[1]).toEqual(first[1])
    expect(await balance('member:1')).toBe(110n)
  })

  test('a key with other input is refused alone, within a batch too', async () => {
    const results = await send([
      move('a', 'liability', 'member:1', 10n),
      move('a', 'liability', 'member:1', 11n),
      move('b', 'liability', 'member:1', 10n),
    ])
    expect(results.map(said)).toEqual(['booked', 'ledger_key_mismatch', 'booked'])
    const memo = await send([{ ...move('a', 'liability', 'member:1', 10n), memo: 'other' }])
    expect(memo.map(said)).toEqual(['ledger_key_mismatch'])
    expect(await balance('member:1')).toBe(20n)
  })

  test('two clients with one key and other accounts: one is booked, one refused alone', async () => {
    await open([account('liability:2', { purpose: 'liability', mayGoNegative: true })])
    const rounds = Array.from({ length: 20 }, (_, i) => `race-${i}`)
    for (const key of rounds) {
      const [left, right] = await Promise.all([
        send([move(key, 'liability', 'member:1', 1n), move(`${key}-l`, 'liability', 'member:1', 1n)]),
        send([move(`${key}-r`, 'liability:2', 'member:2', 1n), move(key, 'liability:2', 'member:2', 1n)]),
      ])
      expect([said(left[0]!), said(right[1]!)].sort()).toEqual(['booked', 'ledger_key_mismatch'])
      expect([said(left[1]!), said(right[0]!)]).toEqual(['booked', 'booked'])
    }
    expect(await verify()).toMatchObject({ ok: true, transfers: 60 })
  })

  test('pending reserves; then it is posted in part or whole, or voided, once', async () => {
    const results = await send([
      move('fund', 'liability', 'member:1', 100n),
      move('p1', 'member:1', 'member:2', 70n, 'pending'),
      move('too-much', 'member:1', 'member:3', 31n),
      settle('more', 'p1', 71n),
      settle('part', 'p1', 50n),
      settle('again', 'p1'),
      move('p2', 'member:1', 'member:2', 50n, 'pending'),
    ])
    expect(results.map(said)).toEqual([
      'booked',
      'booked',
      'ledger_balance_insufficient',
      'ledger_pending_exceeded',
      'booked',
      'ledger_pending_settled',
      'booked',
    ])
    const later = await send([
      cancel('void', 'p2'),
      cancel('void-2', 'p2'),
      cancel('void', 'p2'),
      settle('x', 'fund'),
      settle('y', 'none'),
    ])
    expect(later.map(said)).toEqual([
      'booked',
      'ledger_pending_settled',
      'repeated',
      'ledger_pending_not_found',
      'ledger_pending_not_found',
    ])
    const whole = await send([move('p3', 'member:1', 'member:3', 50n, 'pending'), settle('all', 'p3')])
    expect(whole).toMatchObject([{ state: 'pending' }, { state: 'posted', amountMinor: 50n }])
    expect([await balance('member:1'), await balance('member:2'), await balance('member:3')]).toEqual([
      0n,
      50n,
      50n,
    ])
    expect(await verify()).toMatchObject({ ok: true })
  })

  test('a balance near the end of its range is refused, not overflowed', async () => {
    const half = 3_000_000_000_000_000_000n
    const results = await send([
      move('a', 'liability', 'member:1', half),
      move('b', 'liability', 'member:1', half),
    ])
    expect(results.map(said)).toEqual(['booked', 'ledger_balance_out_of_range'])
  })

  test('an account is opened once and never as something else', async () => {
    await open()
    await expect(open([account('member:1', { currency: 'roubles' })])).rejects.toMatchObject({
      code: 'ledger_account_conflict',
    })
  })

  test('the statement and the check are served', async () => {
    await send([
      { ...move('a', 'liability', 'member:1', 10n), memo: 'welcome' },
      move('b', 'member:1', 'member:2', 4n),
    ])
    const http = createHttp((error) => {
      throw error
    })
    http.decorateRequest('principal', null)
    http.addHook('onRequest', async (request) => {
      request.principal = { tenantId, keyId: 'k', role: 'read' } as typeof request.principal
    })
    ledgerRoutes(http, stores)
    const page = accountView.parse((await http.inject('/v1/ledger/accounts/member:1')).json())
    expect(page.balanceMinor).toBe('6')
    const statement = statementView.parse(
      (await http.inject('/v1/ledger/accounts/member:1/statement')).json(),
    )
    expect(statement.entries.map((e) => [e.amountMinor, e.balanceAfter, e.memo])).toEqual([
      ['-4', '6', undefined],
      ['10', '10', 'welcome'],
    ])
    expect(page.availableMinor).toBe('6')
    expect((await http.inject('/v1/ledger/accounts/none')).statusCode).toBe(404)
    const lot = {
      availableFrom: '2026-03-02T00:00:00Z',
      expiresAt: '2026-04-01T00:00:00Z',
      keepsExpiry: true,
    }
    const payload = { ...move('c', 'liability', 'member:1', 7n), amountMinor: '7', lot }
    await http.inject({ method: 'POST', url: '/v1/ledger/transfers', payload })
    const { lots } = lotsView.parse((await http.inject('/v1/ledger/accounts/member:1/lots')).json())
    expect(lots).toMatchObject([lot, { remainingMinor: '6', keepsExpiry: false }])
    expect(verificationView.parse((await http.inject('/v1/ledger/verify')).json()).ok).toBe(true)
    await http.close()
  })
})

describe('the check', () => {
  const tampering: [string, string, string][] = [
    [
      'balance_is_sum_of_journal',
      `update ledger.account set balance_minor = balance_minor + 1 where account_id = 'member:1'`,
      'member:1',
    ],
    ['batches_are_chained', `update ledger.transfer set debit_after = 7 where key = 'b'`, 'batch 1'],
    ['batches_are_chained', `update ledger.transfer set amount_minor = 9 where key = 'a'`, 'batch 1'],
    ['batches_are_chained', `update ledger.transfer set memo = 'other' where key = 'b'`, 'batch 1'],
    ['batches_are_chained', `update ledger.batch set booked_at = now() where batch_no = 2`, 'batch 2'],
    ['batches_are_chained', `delete from ledger.transfer where key = 'b'`, 'batch 1'],
    ['batches_are_chained', `delete from ledger.batch where batch_no = 1`, 'batch 1'],
    ['batches_are_chained', `delete from ledger.batch where batch_no = 2`, 'batch 2'],
    ['head_is_last_batch', `update ledger.head set last_seq = 1 where true`, 'head'],
    [
      'accounts_are_as_opened',
      `update ledger.account set owner = case owner when 'member:1' then 'member:2' else 'member:1' end
       where purpose = 'member'`,
      'member:',
    ],
    [
      'accounts_are_as_opened',
      `update ledger.account set account_id = 'member:9' where account_id = 'member:2'`,
      'member:9',
    ],
    [
      'accounts_are_as_opened',
      `update ledger.account set purpose = 'partner' where account_id = 'member:1'`,
      'member:1',
    ],
    ['accounts_are_as_opened', `update ledger.account set currency = 'miles' where true`, 'liability'],
    [
      'accounts_are_as_opened',
      `update ledger.account set floor_minor = -1000 where account_id = 'member:2'`,
      'member:2',
    ],
    ['accounts_are_as_opened', `delete from ledger.opening where opening_no = 2`, 'member:1'],
    ['accounts_are_as_opened', `delete from ledger.account where account_id = 'member:3'`, 'account'],
    ['lots_follow_journal', `update ledger.lot set expires_ms = 5 where true`, 'lot'],
    ['lots_follow_journal', `delete from ledger.lot where true`, 'lot'],
    ['standing_follows_journal', `update ledger.standing set state = 'voided' where true`, 'c'],
    [
      'pending_is_sum_of_open_holds',
      `update ledger.account set pending_debits_minor = 0 where account_id = 'member:1'`,
      'member:1',
    ],
  ]
  test.each(tampering)('finds a forged book: %s by %s', async (check, sql, subject) => {
    await open()
    await send([move('a', 'liability', 'member:1', 10n), move('b', 'member:1', 'member:2', 4n)])
    await send([move('c', 'member:1', 'member:2', 4n, 'pending')])
    expect(await verify()).toMatchObject({ ok: true })
    const owner = await connectOwner(stores.ownerUrl)
    await owner.query(`set tenure.tenant_id = '${tenantId}'`)
    await owner.query(`${sql} ${sql.includes('where') ? 'and' : 'where'} tenant_id = '${tenantId}'`)
    await owner.end()
    const found = await verify()
    expect(found.ok).toBe(false)
    expect(found.difference?.check).toBe(check)
    expect(found.difference?.subject).toContain(subject)
  })

  test('the application itself cannot rewrite the journal', async () => {
    await expect(
      stores.database.tx(tenantId, (tx) => tx.query('update ledger.transfer set amount_minor = 1')),
    ).rejects.toThrow(/permission denied/)
    await expect(stores.database.tx(tenantId, (tx) => tx.query('delete from ledger.batch'))).rejects.toThrow(
      /permission denied/,
    )
  })
})

/** What a ledger is, as simply as it can be said: a list of transfers and the sums over it. */
class Oracle {
  readonly #balances = new Map<string, bigint>()
  readonly #reserved = new Map<string, bigint>()
  readonly #answers = new Map<string, { input: string; answer: string }>()
  readonly #pending = new Map<string, { from: string; to: string; amount: bigint; open: boolean }>()

  answer(request: TransferRequest): string {
    const { key, at: _at, ...rest } = request
    if ('debitAccount' in request && request.debitAccount === request.creditAccount)
      return 'ledger_request_invalid'
    const input = JSON.stringify(
      Object.entries(rest)
        .map(([k, v]) => [k, String(v)])
        .sort(),
    )
    const before = this.#answers.get(key)
    if (before) {
      if (before.input !== input) return 'ledger_key_mismatch'
      return before.answer === 'booked' ? 'repeated' : before.answer
    }
    const answer = this.#apply(request)
    if (answer === 'booked' || answer === 'ledger_balance_insufficient')
      this.#answers.set(key, { input, answer })
    return answer
  }

  balanceOf(name: string): bigint {
    return this.#balances.get(name) ?? 0n
  }

  #apply(request: TransferRequest): string {
    if (!('amountMinor' in request) || !('debitAccount' in request)) {
      if (!('pendingKey' in request)) throw new Error('not one of this list')
      const pending = this.#pending.get(request.pendingKey)
      if (!pending) return 'ledger_pending_not_found'
      if (!pending.open) return 'ledger_pending_settled'
      const amount = request.amountMinor ?? pending.amount
      if (amount > pending.amount) return 'ledger_pending_exceeded'
      pending.open = false
      this.#add(this.#reserved, pending.from, -pending.amount)
      if (request.kind === 'post_pending') this.#transfer(pending.from, pending.to, amount)
      return 'booked'
    }
    const { debitAccount: from, creditAccount: to, amountMinor: amount } = request
    if (from !== 'liability' && this.balanceOf(from) - (this.#reserved.get(from) ?? 0n) < amount) {
      return 'ledger_balance_insufficient'
    }
    if (request.kind === 'post') this.#transfer(from, to, amount)
    else {
      this.#pending.set(request.key, { from, to, amount, open: true })
      this.#add(this.#reserved, from, amount)
    }
    return 'booked'
  }

  #transfer(from: string, to: string, amount: bigint): void {
    this.#add(this.#balances, from, -amount)
    this.#add(this.#balances, to, amount)
  }

  #add(sums: Map<string, bigint>, name: string, amount: bigint): void {
    sums.set(name, (sums.get(name) ?? 0n) + amount)
  }
}

const names = ['liability', ...members]
const anyKey = fc.integer({ min: 0, max: 25 }).map((n) => `k${n}`)
const anyMove = fc
  .record({
    key: anyKey,
    from: fc.constantFrom(...names),
    to: fc.constantFrom(...names),
    amount: fc.bigInt(1n, 60n),
    kind: fc.constantFrom('post' as const, 'post' as const, 'pending' as const),
  })
  .map(({ key, from, to, amount, kind }) => move(key, from, to, amount, kind))
const anySettle = fc
  .record({ key: anyKey, pendingKey: anyKey, amount: fc.option(fc.bigInt(1n, 60n)), voided: fc.boolean() })
  .map(({ key, pendingKey, amount, voided }) =>
    voided ? cancel(key, pendingKey) : settle(key, pendingKey, amount ?? undefined),
  )
const anyRequest = fc.oneof({ weight: 3, arbitrary: anyMove }, { weight: 1, arbitrary: anySettle })

describe('against a list of transfers', () => {
  test('any batches, with keys used again and again, answer and end as the list says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyRequest, { maxLength: 25 }), { maxLength: 6 }),
        async (batches) => {
          tenantId = `t-${newId()}`
          await open()
          const oracle = new Oracle()
          for (const batch of batches) {
            const expected = batch.map((request) => oracle.answer(request))
            expect((await send(batch)).map(said)).toEqual(expected)
          }
          const kept = await stores.database.tx(tenantId, (tx) => balancesOf(tx, names))
          for (const name of names) expect(kept.get(name)!.balanceMinor).toBe(oracle.balanceOf(name))
          expect(await verify()).toMatchObject({ ok: true })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('8 clients at once, hot accounts and shared keys: what was booked equals some order', async () => {
    await open()
    const sent = new Map<string, TransferRequest[]>()
    const client = async (id: number): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        const draw = (n: number, ...what: (string | number)[]): number =>
          Math.floor(unitHash(id, round, ...what) * n)
        const batch = Array.from({ length: 12 }, (_, i) => {
          const key = `s${draw(600, i, 'key')}`
          if (draw(5, i, 'settle') === 0) {
            const pendingKey = `s${draw(600, i, 'pending')}`
            return draw(2, i, 'void') === 0 ? cancel(key, pendingKey) : settle(key, pendingKey)
          }
          const kind = draw(3, i, 'kind') === 0 ? 'pending' : 'post'
          return move(
            key,
            names[draw(5, i, 'from')]!,
            names[draw(5, i, 'to')]!,
            BigInt(1 + draw(50, i, 'amount')),
            kind,
          )
        })
        for (const request of batch) sent.set(request.key, [...(sent.get(request.key) ?? []), request])
        await send(batch)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, id) => client(id)))

    type Row = {
      key: string
      refusal: string | null
      kind: string
      debit: string
      credit: string
      amount: bigint
      pendingKey: string | null
    }
    const journal = await stores.database.tx(tenantId, (tx) =>
      tx.query<Row>(
        `select t.key, t.refusal, t.kind, d.account_id as debit, c.account_id as credit, t.amount_minor as amount,
                p.key as "pendingKey"
         from ledger.transfer t join ledger.account d on d.account_no = t.debit_no
         join ledger.account c on c.account_no = t.credit_no
         left join ledger.transfer p on p.seq = t.related_seq order by t.seq`,
      ),
    )
    expect(journal.length).toBeGreaterThan(200)
    expect(new Set(journal.map((row) => row.key)).size).toBe(journal.length)
    const oracle = new Oracle()
    for (const row of journal) {
      const request = sent
        .get(row.key)!
        .find((asked) =>
          'pendingKey' in asked
            ? asked.kind === row.kind && asked.pendingKey === row.pendingKey
            : asked.kind === row.kind &&
              'debitAccount' in asked &&
              asked.debitAccount === row.debit &&
              asked.creditAccount === row.credit &&
              asked.amountMinor === row.amount,
        )
      expect(oracle.answer(request!)).toBe(row.refusal ?? 'booked')
    }
    const kept = await stores.database.tx(tenantId, (tx) => balancesOf(tx, names))
    expect(await verify()).toMatchObject({ ok: true })
    expect(names.map((name) => kept.get(name)!.balanceMinor)).toEqual(
      names.map((name) => oracle.balanceOf(name)),
    )
  })
})
