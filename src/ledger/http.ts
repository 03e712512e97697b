import { z } from 'zod'
import { tenantOf } from '../access/index.ts'
import {
  type Clock,
  type Database,
  DomainError,
  type FastifyInstance,
  parseInput,
  systemClock,
} from '../platform/index.ts'
import { accountsOpened, transferAnswer, transferRequestBody } from './answers.ts'
import {
  accountsBody,
  accountView,
  lotsView,
  statementView,
  type TransferBody,
  transferBody,
  transfersBody,
  type TransferRequest,
  verificationView,
} from './contract.ts'
import { balanceInDetail } from './reading.ts'
import { lotsOf } from './reading-store.ts'
import { openAccounts } from './service.ts'
import { statementOf } from './statement.ts'
import { verifyLedger } from './verification.ts'
import { createLedger, type Ledger } from './writer.ts'

const parameters = z.object({ accountId: z.string().min(1).max(200) })
const moment = z.iso.datetime({ offset: true }).optional()
const balanceQuery = z.object({ at: moment })
const statementQuery = z.object({
  from: moment,
  to: moment,
  by: z.enum(['booked', 'effective']).default('booked'),
  after: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

export type LedgerRoutesDependencies = { database: Database; clock?: Clock; ledger?: Ledger }

const options = {
  accounts: {
    config: {
      operation: {
        summary: 'A balance: what is available, what is not yet, what expires when',
        query: balanceQuery,
        answer: accountView,
      },
    },
  },
  accountsStatement: {
    config: {
      operation: {
        summary: 'What happened on an account in a period',
        query: statementQuery,
        answer: statementView,
      },
    },
  },
  accountsLots: { config: { operation: { summary: 'Open lots of an account', answer: lotsView } } },
  verify: {
    config: {
      operation: {
        summary: 'Recompute everything and name the first difference',
        answer: verificationView,
      },
    },
  },
  postAccounts: {
    config: {
      roles: ['admin'] as const,
      operation: { summary: 'Open accounts', body: accountsBody, answer: accountsOpened },
    },
  },
  transfers: {
    config: {
      roles: ['admin'] as const,
      operation: {
        summary: 'Book a transfer, or a batch',
        body: transferRequestBody,
        answer: transferAnswer,
      },
    },
  },
}

/**
 * `POST /v1/ledger/accounts` opens accounts. `POST /v1/ledger/transfers` books one transfer (answered by itself, a
 * refusal as a problem) or a batch (each answered at its place). `GET /v1/ledger/accounts/:accountId`, its `/statement`
 * and `/lots`, and `GET /v1/ledger/verify`, the whole check.
 */
export function ledgerRoutes(http: FastifyInstance, deps: LedgerRoutesDependencies): void {
  const { database, clock = systemClock } = deps
  const ledger = deps.ledger ?? createLedger({ database, clock })
  writingRoutes(http, { database, ledger })
  http.get('/v1/ledger/accounts/:accountId', options.accounts, async (request) => {
    const { accountId } = parseInput(parameters, request.params)
    const { at } = parseInput(balanceQuery, request.query)
    const moment = at === undefined ? clock.now() : Temporal.Instant.from(at)
    const balance = await database.read(tenantOf(request), (tx) => balanceInDetail(tx, accountId, moment))
    if (!balance) throw new DomainError('ledger_account_not_found', 'no such account', { found: accountId })
    return balance
  })
  http.get('/v1/ledger/accounts/:accountId/statement', options.accountsStatement, async (request) => {
    const { accountId } = parseInput(parameters, request.params)
    const { from, to, after, ...rest } = parseInput(statementQuery, request.query)
    return database.tx(tenantOf(request), (tx) =>
      statementOf(tx, {
        accountId,
        ...rest,
        ...(from === undefined ? {} : { from: Temporal.Instant.from(from) }),
        ...(to === undefined ? {} : { to: Temporal.Instant.from(to) }),
        ...(after === undefined ? {} : { after: BigInt(after) }),
      }),
    )
  })
  http.get('/v1/ledger/accounts/:accountId/lots', options.accountsLots, async (request) => {
    const { accountId } = parseInput(parameters, request.params)
    return { lots: await database.read(tenantOf(request), (tx) => lotsOf(tx, [accountId])) }
  })
  http.get('/v1/ledger/verify', options.verify, (request) => database.tx(tenantOf(request), verifyLedger))
}

function writingRoutes(http: FastifyInstance, deps: { database: Database; ledger: Ledger }): void {
  const { database, ledger } = deps
  http.post('/v1/ledger/accounts', options.postAccounts, async (request, reply) => {
    const { accounts } = parseInput(accountsBody, request.body)
    const openings = accounts.map(({ debtLimitMinor, keepsLots, ...rest }) => ({
      ...rest,
      ...(keepsLots === undefined ? {} : { keepsLots }),
      ...(debtLimitMinor === undefined ? {} : { debtLimitMinor: BigInt(debtLimitMinor) }),
    }))
    await database.tx(tenantOf(request), (tx) => openAccounts(tx, openings))
    return reply.code(201).send({ accounts: accounts.map(({ accountId }) => accountId) })
  })
  http.post('/v1/ledger/transfers', options.transfers, async (request) => {
    if (typeof request.body === 'object' && request.body !== null && 'transfers' in request.body) {
      const { transfers } = parseInput(transfersBody, request.body)
      const requests = transfers.map(requestOf)
      return { results: await ledger.post(tenantOf(request), requests) }
    }
    const body = parseInput(transferBody, request.body)
    const [result] = await ledger.post(tenantOf(request), [requestOf(body)])
    if (result!.outcome !== 'refused') return result
    const { code, message, ...details } = result!.problem
    throw new DomainError(code, message, details)
  })
}

function requestOf(body: TransferBody): TransferRequest {
  const fields = Object.entries(body).map(([field, value]) => [field, fieldOf(field, value)])
  return Object.fromEntries(fields) as TransferRequest
}

function fieldOf(field: string, value: unknown): unknown {
  if (field === 'amountMinor') return BigInt(value as string)
  if (field === 'lot') {
    return Object.fromEntries(
      Object.entries(value as object).map(([name, term]) => [name, fieldOf(name, term)]),
    )
  }
  return /(^at|At|From|NotBefore)$/.test(field) ? Temporal.Instant.from(value as string) : value
}
