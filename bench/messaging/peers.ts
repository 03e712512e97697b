import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasDebianPeers } from '../../test/peers/debian.ts'
import type { Figures } from '../result.ts'
import { Child, machineMs } from './child.ts'
import { type KannelWay, startKannel } from './kannel.ts'
import type { SmppAnswers } from './smpp-process.ts'
import type { SmscAnswers, SmscJob } from './smsc-process.ts'

/** Messages of one measurement of a peer, and before it, so that it is as warm as we are. */
export type PeerSize = { messages: number; warmUp: number }

/** How long nothing may move. */
const STUCK_S = 30

/**
 * The npm package `smpp`, from its first submission until its last receipt is acknowledged. Throws unless the SMSC has
 * every message once.
 */
export async function measureSmpp({ messages, warmUp }: PeerSize): Promise<Figures> {
  return withSmsc(true, messages + warmUp, async (smsc) => {
    const client = await Child.start<SmppAnswers>('smpp-process.ts', { port: await smsc.ask('port') })
    try {
      await smsc.ask('expect', warmUp)
      await client.ask('send', { from: messages + 1, to: messages + warmUp })
      await finished(smsc)
      const before = await client.ask('cpuMs')
      await smsc.ask('expect', messages)
      const { startedMs } = await client.ask('send', { from: 1, to: messages })
      const finishedMs = await finished(smsc)
      const cpuUs = (((await client.ask('cpuMs')) - before) * 1_000) / messages
      return { ...perSecond(messages, startedMs, finishedMs), cpuUsPerMessage: cpuUs }
    } finally {
      await client.end()
    }
  })
}

/** Kannel by each of its ways, with receipts and without; undefined where Debian's packages cannot be had. */
export async function measureKannel(sizes: Record<KannelWay, PeerSize>): Promise<Figures | undefined> {
  if (!hasDebianPeers()) {
    process.stderr.write('\nKANNEL IS NOT MEASURED: its packages cannot be had here\n\n')
    return undefined
  }
  const http = await kannel('http', true, sizes.http)
  const batch = await kannel('batch', true, sizes.batch)
  const quiet = await kannel('batch', false, sizes.batch)
  return {
    smsPerS: Math.max(http.smsPerS!, batch.smsPerS!),
    httpSmsPerS: http.smsPerS!,
    batchSmsPerS: batch.smsPerS!,
    batchWithoutReceiptsSmsPerS: quiet.smsPerS!,
    ...(batch.cpuUsPerMessage === undefined ? {} : { cpuUsPerMessage: batch.cpuUsPerMessage }),
  }
}

function kannel(way: KannelWay, receipts: boolean, { messages, warmUp }: PeerSize): Promise<Figures> {
  return withSmsc(receipts, messages + warmUp, async (smsc) => {
    const running = await startKannel(await smsc.ask('port'))
    try {
      await smsc.ask('expect', warmUp)
      await running.send({ from: messages + 1, to: messages + warmUp }, way, receipts)
      await finished(smsc)
      const before = running.cpuMs()
      await smsc.ask('expect', messages)
      const startedMs = machineMs()
      await running.send({ from: 1, to: messages }, way, receipts)
      const finishedMs = await finished(smsc)
      const after = running.cpuMs()
      const cpu =
        before === undefined || after === undefined
          ? {}
          : { cpuUsPerMessage: ((after - before) * 1_000) / messages }
      return { ...perSecond(messages, startedMs, finishedMs), ...cpu }
    } finally {
      await running.stop()
    }
  })
}

const perSecond = (messages: number, startedMs: number, finishedMs: number): Figures => ({
  smsPerS: (messages * 1_000) / (finishedMs - startedMs),
})

async function withSmsc(
  receipts: boolean,
  everybody: number,
  work: (smsc: Child<SmscAnswers>) => Promise<Figures>,
): Promise<Figures> {
  const job: SmscJob = { rttMs: 0, subscribers: everybody, receipts }
  const smsc = await Child.start<SmscAnswers>('smsc-process.ts', job)
  try {
    const figures = await work(smsc)
    const { distinct, repeats } = await smsc.ask('said')
    assert.deepEqual({ distinct, repeats }, { distinct: everybody, repeats: 0 })
    return figures
  } finally {
    await smsc.end()
  }
}

/** When the SMSC was done with what it expects; asked often, because its answer may come late. */
async function finished(smsc: Child<SmscAnswers>): Promise<number> {
  let last = 0
  for (let stillS = 0; stillS < STUCK_S;) {
    const { finishedMs, taken, receiptsAcknowledged } = await smsc.ask('said')
    if (finishedMs > 0) return finishedMs
    stillS = taken + receiptsAcknowledged > last ? 0 : stillS + 0.1
    last = taken + receiptsAcknowledged
    await sleep(100)
  }
  throw new Error(`nothing moves any more: ${JSON.stringify(await smsc.ask('said'))}`)
}
