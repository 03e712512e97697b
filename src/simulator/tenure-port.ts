import type { ReceiptStatus } from './smsc-port.ts'

export type DstkEvent = 'shown' | 'accepted' | 'refused' | 'no_answer' | 'unreachable'

export type DstkCallback = {
  token: string
  messageId: string
  event: DstkEvent
  choice?: string
  /** ISO 8601. */
  at: string
}

export type Receipt = {
  messageId: string
  address: string
  status: ReceiptStatus
  reference: number | undefined
  atMs: number
}

/**
 * The ways from the simulated operator to Tenure. Every method resolves only when Tenure has answered, however
 * often it had to be asked: it may be away for a while.
 */
export interface TenurePort {
  /** One body of `application/cloudevents-batch+json`. */
  postEvents(body: string): Promise<{ accepted: number; duplicates: number; rejected: number }>
  /** Moves Tenure to a moment; resolves with its next due moment (epoch ms) when its queues are empty. */
  moveClock(nowMs: number): Promise<number | null>
  dstkCallback(callback: DstkCallback): Promise<void>
  /** A USSD dial over the HTTP gateway; resolves with the text shown. */
  dialHttp(dial: { session: string; address: string; code: string }): Promise<string>
  /** The same over SMPP. */
  dialSmpp(dial: { session: string; address: string; code: string }): Promise<string>
  /** A keyword sent to the operator's short number. */
  sendKeyword(message: { address: string; text: string }): Promise<void>
  sendReceipt(receipt: Receipt): Promise<void>
}
