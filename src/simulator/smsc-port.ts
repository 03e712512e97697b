export type ReceiptStatus = 'DELIVRD' | 'UNDELIV' | 'EXPIRED'

/** What this module needs of a message centre; `smsc/` is the real one, over SMPP. */
export interface SmscPort {
  readonly port: number
  sendReceipt(receipt: {
    messageId: string
    address: string
    status: ReceiptStatus
    reference?: number
    atMs: number
  }): Promise<void>
  sendMobileOriginated(message: { address: string; text: string }): Promise<void>
  sendUssd(dial: { address: string; text: string; session: string }): Promise<string>
  close(): Promise<void>
}
