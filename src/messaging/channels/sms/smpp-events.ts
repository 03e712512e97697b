import type { ChannelEvents, InboundAnswer } from '../../channel.ts'

/** What a phone said within a dialogue: the operation (§5.3.2.44) says whether it dialled, answered or only confirmed. */
export type UssdInput = { answer: InboundAnswer; serviceOp: number }

/** What a dialogue goes on with: the operation asks once more (USSR) or ends it. */
export type UssdReply = { text: string; serviceOp: number }

/** What a SIM answers a command with: everything behind the user data header `02 71 00` (3GPP TS 31.115 §4.4). */
export type ResponsePacket = { address: string; octets: Buffer; atMs: number }

/** Where what comes back over SMPP goes, for channels that look closer than at texts. They resolve when it is durable. */
export type SmppEvents = ChannelEvents & {
  /** Says how a dialogue goes on, or 'none' where nothing is to be sent; `undefined` leaves the input to `onAnswer`. */
  onUssd?(input: UssdInput): Promise<UssdReply | 'none' | undefined>
  onResponsePacket?(packet: ResponsePacket): Promise<void>
}
