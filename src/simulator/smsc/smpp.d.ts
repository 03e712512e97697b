/** What the simulated SMSC uses of the package `smpp`, which brings no declarations of its own. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events'
  import type { Server as NetServer, Socket } from 'node:net'

  /** A decoded text, with the elements of its user data header where it had one. */
  type Message = { message: string | Buffer; udh?: Buffer[] | Buffer }

  class PDU {
    constructor(command: string | Buffer, options?: Record<string, unknown>)
    command: string
    command_status: number
    sequence_number: number
    source_addr: string
    source_addr_ton: number
    destination_addr: string
    dest_addr_ton: number
    esm_class: number
    data_coding: number
    registered_delivery: number
    short_message: Message
    message_payload?: Message
    message_id?: string
    system_id?: string
    password?: string
    user_message_reference?: number
    ussd_service_op?: number
    its_session_info?: Buffer;
    [field: string]: unknown
    isResponse(): boolean
    response(options?: Record<string, unknown>): PDU
    toBuffer(): Buffer
  }

  class Session extends EventEmitter {
    socket: Socket
    send(pdu: PDU, onResponse?: (response: PDU) => void): boolean
    close(onClosed?: () => void): void
    destroy(onClosed?: () => void): void
    deliver_sm(options: Record<string, unknown>, onResponse?: (response: PDU) => void): boolean
    submit_sm(options: Record<string, unknown>, onResponse?: (response: PDU) => void): boolean
    bind_transceiver(options: Record<string, unknown>, onResponse?: (response: PDU) => void): boolean
    unbind(onResponse?: (response: PDU) => void): boolean
  }

  type Encoding = {
    match(text: string): boolean
    encode(text: string): Buffer
    decode(octets: Buffer): string
  }

  const smpp: {
    PDU: typeof PDU
    Session: typeof Session
    createServer(options: object, onSession: (session: Session) => void): NetServer
    connect(options: object, onConnect?: () => void): Session
    encodings: { ASCII: Encoding; UCS2: Encoding }
  }
  export default smpp
  export type { Message, PDU, Session }
}
