import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import smpp, { type PDU, type Session } from 'smpp'
import { messageDeliveries, receiptDelivery, sender } from '../smsc/deliveries.ts'
import { Outgoing } from '../smsc/outgoing.ts'
import { Mischief, type Misbehaviour } from './misbehaviour.ts'
import { SimReader, terminalResponse } from './sim.ts'

/** What the network took: a text of one part, a USSD operation, or the whole of a command to a SIM. */
export type Taken = {
  address: string
  reference: number
  text: string
  serviceOp?: number
  session?: string
  /** The command packet behind the user data header. */
  packet?: Buffer
  protocolId: number
  dataCoding: number
}

export type PhoneNetwork = {
  port: number
  taken: Taken[]
  close(): Promise<void>
}

export type PhoneNetworkOptions = {
  misbehaviour?: Misbehaviour
  port?: number
  /** What a phone enters when it is asked, or writes back; undefined: nothing. The first line by default. */
  enters?: (asked: Taken) => string | undefined
  /** What a SIM answers a command with, the response packet; undefined: nothing. Item 1 by default, unsigned. */
  responds?: (packet: Buffer) => Buffer | undefined
}

const [throttled, systemError] = [0x58, 0x08]
const [asks, tells, answered, shown] = [2, 3, 18, 19]

/**
 * An SMSC with phones behind it, on the package `smpp`: phones answer USSD requests and texts, SIMs answer commands that
 * come by binary SMS; each SMS is also reported as delivered.
 */
export async function startPhoneNetwork(options: PhoneNetworkOptions = {}): Promise<PhoneNetwork> {
  const { port = 0, enters = () => '1', responds = terminalResponse } = options
  const mischief = new Mischief(options.misbehaviour)
  const outgoing = new Outgoing(100)
  const sims = new SimReader()
  const taken: Taken[] = []
  let parts = 0

  const take = (pdu: PDU, id: string): (() => Promise<void>)[] => {
    const read = { address: `+${pdu.destination_addr}`, reference: pdu.user_message_reference ?? 0 }
    const [protocolId, dataCoding] = [Number(pdu['protocol_id']), pdu.data_coding]
    const { message } = pdu.message_payload ?? pdu.short_message
    if (pdu.ussd_service_op !== undefined) {
      const serviceOp = pdu.ussd_service_op
      const session = pdu.its_session_info?.toString('hex') ?? ''
      const one = { ...read, text: String(message), serviceOp, session, protocolId, dataCoding }
      taken.push(one)
      const input = serviceOp === asks ? enters(one) : ''
      if ((serviceOp !== asks && serviceOp !== tells) || input === undefined) return []
      return [() => outgoing.deliver(ussd(one, serviceOp === asks ? answered : shown, input))]
    }
    const packet = sims.add(read.address, pdu)
    const delivered = (): Promise<void> =>
      outgoing.deliver(receiptDelivery({ partId: id, ...read, status: 'DELIVRD', atMs: 0 }))
    if (!Buffer.isBuffer(message)) {
      const one = { ...read, text: message, protocolId, dataCoding }
      taken.push(one)
      const text = enters(one)
      const written = text === undefined ? [] : messageDeliveries({ ...read, text })
      return [delivered, ...written.map((delivery) => () => outgoing.deliver(delivery))]
    }
    if (packet === undefined) return [delivered]
    taken.push({ ...read, text: '', packet, protocolId, dataCoding })
    const response = responds(packet)
    return response === undefined
      ? [delivered]
      : [delivered, () => outgoing.deliver(responseDelivery(read.address, response))]
  }

  const submitted = async (pdu: PDU, session: Session): Promise<void> => {
    if (mischief.strikes('throttled')) return void session.send(pdu.response({ command_status: throttled }))
    if (mischief.strikes('failing')) return void session.send(pdu.response({ command_status: systemError }))
    const id = String(++parts)
    const reports = take(pdu, id)
    const report = async (): Promise<void> => {
      for (const each of reports) await mischief.report(each)
    }
    const isSilent = mischief.strikes('silent')
    if (mischief.isEarly) {
      void report()
      setTimeout(() => session.send(pdu.response({ message_id: id })), 20)
    } else if (!isSilent) {
      session.send(pdu.response({ message_id: id }))
      void report()
    }
  }

  return serve(port, outgoing, (pdu, session) => void submitted(pdu, session), taken)
}

/** Listens, binds whoever comes, and hands on what is submitted. */
async function serve(
  port: number,
  outgoing: Outgoing,
  onSubmit: (pdu: PDU, session: Session) => void,
  taken: Taken[],
): Promise<PhoneNetwork> {
  const sessions = new Set<Session>()
  const server = smpp.createServer({}, (session) => {
    sessions.add(session)
    session.on('error', () => session.destroy())
    session.on('close', () => {
      sessions.delete(session)
      outgoing.detach(session)
    })
    session.on('bind_transceiver', (pdu: PDU) => {
      session.send(pdu.response())
      outgoing.attach(session)
    })
    session.on('enquire_link', (pdu: PDU) => session.send(pdu.response()))
    session.on('unbind', (pdu: PDU) => {
      session.send(pdu.response())
      session.close()
    })
    session.on('submit_sm', (pdu: PDU) => onSubmit(pdu, session))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.destroy()
      await closed
      // Whoever was bound has heard of it by then.
      await sleep(50)
    },
  }
}

const ussd = ({ address, session }: Taken, serviceOp: number, text: string): Record<string, unknown> => ({
  ...sender(address),
  service_type: 'USSD',
  data_coding: smpp.encodings.ASCII.match(text) ? 0 : 8,
  short_message: { message: text },
  ussd_service_op: serviceOp,
  its_session_info: Buffer.from(session ?? '', 'hex'),
})

const responseDelivery = (address: string, packet: Buffer): Record<string, unknown> => ({
  ...sender(address),
  esm_class: 0x40,
  protocol_id: 0x7f,
  data_coding: 0xf6,
  short_message: { udh: Buffer.from([0x02, 0x71, 0x00]), message: packet },
})
