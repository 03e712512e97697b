import type { DocumentKind } from '../platform/index.ts'
import { type OperatorSystems, operatorSystems } from './contract.ts'

export const operatorSystemsKind: DocumentKind = { kind: 'OperatorSystems', schema: operatorSystems }

/** Calls at once where the document does not say. */
export const defaultConcurrency = 32
/** Time-out of one try where the document does not say. */
export const defaultTimeoutMs = 5_000

export type SystemUrls = {
  balance: string
  productOrder: string
  trustPayment: string
  creditScoring: string
}

/** Base URLs without a trailing slash; an origin alone gets the standard path of its interface. */
export function urlsOf(systems: OperatorSystems): SystemUrls {
  return {
    balance: baseUrl(systems.balanceUrl, '/tmf-api/prepayBalanceManagement/v4'),
    productOrder: baseUrl(systems.productOrderUrl, '/tmf-api/productOrderingManagement/v4'),
    trustPayment: baseUrl(systems.trustPaymentUrl, '/trust-payment/v1'),
    creditScoring: baseUrl(systems.creditScoringUrl, '/credit-scoring/v1'),
  }
}

function baseUrl(given: string, standardPath: string): string {
  const url = new URL(given)
  return url.pathname === '/' ? url.origin + standardPath : given.replace(/\/+$/, '')
}
