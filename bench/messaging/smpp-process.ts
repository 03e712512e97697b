import smpp, { type PDU, type Session } from 'smpp'
import { givenJob, machineMs, serve } from './child.ts'
import { BINDS, msisdnOf, SENDER, textOf, WINDOW } from './world.ts'

export type SmppAnswers = {
  /** Sends to each of these subscribers; resolves when all are answered, with the clock at the first. */
  send(range: { from: number; to: number }): Promise<{ startedMs: number }>
  cpuMs(): number
}

const { port } = givenJob<{ port: number }>()

/*
 * A client on the npm package `smpp`, as fast as it goes: the same binds and the same texts as ours, and a window of the
 * same size, which the package has not and this file adds. It keeps nothing: no policy, no template, no journal; a
 * receipt is acknowledged when it comes.
 */
const sessions = await Promise.all(Array.from({ length: BINDS }, bind))

function bind(): Promise<Session> {
  return new Promise((resolve, reject) => {
    const session = smpp.connect(
      { url: `smpp://127.0.0.1:${port}`, auto_enquire_link_period: 10_000 },
      () => {
        session.bind_transceiver({ system_id: 'npm', password: 'secret' }, (answer: PDU) => {
          if (answer.command_status === 0) resolve(session)
          else reject(new Error(`the SMSC refused the bind with ${answer.command_status}`))
        })
      },
    )
    session.on('error', reject)
    session.on('deliver_sm', (pdu: PDU) => session.send(pdu.response()))
  })
}

function send({ from, to }: { from: number; to: number }): Promise<{ startedMs: number }> {
  const startedMs = machineMs()
  let next = from
  let answered = 0
  return new Promise((resolve, reject) => {
    const fill = (session: Session): void => {
      if (next > to) return
      const subscriber = next++
      const destination = { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: msisdnOf(subscriber) }
      const source = { source_addr_ton: 5, source_addr: SENDER }
      session.send(
        new smpp.PDU('submit_sm', {
          ...source,
          ...destination,
          registered_delivery: 1,
          data_coding: 8,
          short_message: textOf(subscriber),
          user_message_reference: subscriber & 0xffff,
        }),
        (answer) => {
          if (answer.command_status !== 0) reject(new Error(`the SMSC refused with ${answer.command_status}`))
          if (++answered === to - from + 1) resolve({ startedMs })
          else fill(session)
        },
      )
    }
    for (let i = 0; i < WINDOW; i++) for (const session of sessions) fill(session)
  })
}

const answers: SmppAnswers = {
  send,
  cpuMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
}
serve(answers, async () => {
  for (const session of sessions) session.destroy()
})
