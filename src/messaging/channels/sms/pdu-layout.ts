/**
 * Commands, field layouts, status codes and optional parameters of SMPP 3.4 that Tenure speaks.
 * Numbers and orders of fields are those of the specification, issue 1.2, chapters 4 and 5.
 */

/** Command ids (§5.1.2.1) of what this client sends or receives. */
export const commandIds = {
  generic_nack: 0x80000000,
  bind_receiver: 0x00000001,
  bind_receiver_resp: 0x80000001,
  bind_transmitter: 0x00000002,
  bind_transmitter_resp: 0x80000002,
  bind_transceiver: 0x00000009,
  bind_transceiver_resp: 0x80000009,
  submit_sm: 0x00000004,
  submit_sm_resp: 0x80000004,
  deliver_sm: 0x00000005,
  deliver_sm_resp: 0x80000005,
  unbind: 0x00000006,
  unbind_resp: 0x80000006,
  enquire_link: 0x00000015,
  enquire_link_resp: 0x80000015,
} as const

export type Command = keyof typeof commandIds

const shortMessageLayout = [
  ['serviceType', 'cstring'],
  ['sourceTon', 'int8'],
  ['sourceNpi', 'int8'],
  ['source', 'cstring'],
  ['destinationTon', 'int8'],
  ['destinationNpi', 'int8'],
  ['destination', 'cstring'],
  ['esmClass', 'int8'],
  ['protocolId', 'int8'],
  ['priority', 'int8'],
  ['scheduleDeliveryTime', 'cstring'],
  ['validityPeriod', 'cstring'],
  ['registeredDelivery', 'int8'],
  ['replaceIfPresent', 'int8'],
  ['dataCoding', 'int8'],
  ['defaultMessageId', 'int8'],
  ['shortMessage', 'octets'],
] as const

const bindLayout = [
  ['systemId', 'cstring'],
  ['password', 'cstring'],
  ['systemType', 'cstring'],
  ['interfaceVersion', 'int8'],
  ['addressTon', 'int8'],
  ['addressNpi', 'int8'],
  ['addressRange', 'cstring'],
] as const

const boundLayout = [['systemId', 'cstring']] as const

const messageIdLayout = [['messageId', 'cstring']] as const

/** Mandatory fields of each command in the order of the wire. */
export const layouts = {
  generic_nack: [],
  bind_receiver: bindLayout,
  bind_receiver_resp: boundLayout,
  bind_transmitter: bindLayout,
  bind_transmitter_resp: boundLayout,
  bind_transceiver: bindLayout,
  bind_transceiver_resp: boundLayout,
  submit_sm: shortMessageLayout,
  submit_sm_resp: messageIdLayout,
  deliver_sm: shortMessageLayout,
  deliver_sm_resp: messageIdLayout,
  unbind: [],
  unbind_resp: [],
  enquire_link: [],
  enquire_link_resp: [],
} as const satisfies Record<Command, readonly (readonly [string, 'cstring' | 'int8' | 'octets'])[]>

type ValueOf<Kind> = Kind extends 'int8' ? number : Kind extends 'octets' ? Buffer : string
type FieldsOf<Layout extends readonly (readonly [string, string])[]> = {
  [Field in Layout[number] as Field[0]]: ValueOf<Field[1]>
}

/** The fields of one command by name. */
export type Fields<C extends Command> = FieldsOf<(typeof layouts)[C]>

/** Command statuses (§5.1.3) that mean something to this client. */
export const status = {
  ok: 0x00,
  invalidMessageLength: 0x01,
  invalidCommandLength: 0x02,
  invalidCommandId: 0x03,
  systemError: 0x08,
  queueFull: 0x14,
  throttled: 0x58,
  temporaryError: 0x64,
  permanentError: 0x65,
  invalidTlvStream: 0xc0,
} as const

/** Words for statuses that operators ask about; others are told by their number. */
const statusWords: Record<number, string> = {
  0x01: 'invalid_message_length',
  0x08: 'system_error',
  0x0a: 'invalid_source_address',
  0x0b: 'invalid_destination_address',
  0x14: 'queue_full',
  0x45: 'submit_failed',
  0x58: 'throttled',
  0x61: 'invalid_schedule',
  0x62: 'invalid_validity',
  0x64: 'temporary_error',
  0x65: 'permanent_error',
}

/** A status as a short word, or `smpp_status_0x…`. */
export function reasonOfStatus(commandStatus: number): string {
  return statusWords[commandStatus] ?? `smpp_status_0x${commandStatus.toString(16).padStart(2, '0')}`
}

/** Tags of optional parameters (§5.3.2). */
export const tag = {
  receiptedMessageId: 0x001e,
  userMessageReference: 0x0204,
  sarReference: 0x020c,
  sarTotal: 0x020e,
  sarSequence: 0x020f,
  networkErrorCode: 0x0423,
  messagePayload: 0x0424,
  messageState: 0x0427,
  ussdServiceOp: 0x0501,
  itsSessionInfo: 0x1383,
} as const

/** Bits of esm_class (§5.2.12). */
export const esmClass = { receipt: 0x04, intermediateReceipt: 0x20, udh: 0x40 } as const
