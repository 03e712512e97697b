import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { OutboundMessage } from '../src/messaging/index.ts'
import { DomainError } from '../src/platform/index.ts'
import type { Misbehaviour } from '../src/simulator/providers/index.ts'
import { ChannelBench, type ChannelSubject } from './channel-bench.ts'

export { ChannelBench, type ChannelPeer, type ChannelSubject } from './channel-bench.ts'

/**
 * The promises of `src/messaging/channel.ts`, held against one channel and its simulated provider. Call it at the top
 * of the channel's own test file, which adds what is peculiar:
 *
 * ```ts
 * channelSuite('dstk', {
 *   kind: dstk,
 *   receipts: ['delivered'],
 *   address: (index) => `+7999${String(index).padStart(7, '0')}`,
 *   async start(misbehaviour, { callbackUrl, port }) {
 *     const gateway = await startDstkGateway({ misbehaviour, callbackUrl, port })
 *     return { ...gateway, settings: { url: gateway.url }, taken: () => gateway.received.map((push) => push.messageId) }
 *   },
 * })
 * ```
 *
 * Simulators stand in `src/simulator/providers/`, one line each in its `index.ts`; `http-provider.ts` there is the HTTP
 * side with all misbehaviour. Channels without reports or without `callback` leave those tests out by their traits.
 */
export function channelSuite(name: string, subject: ChannelSubject): void {
  const bench = (misbehaviour?: Misbehaviour): Promise<ChannelBench> =>
    ChannelBench.start(subject, misbehaviour)
  const reports = subject.receipts.length > 0
  const ids = (messages: OutboundMessage[]): string[] =>
    messages.map((message) => message.messageId).toSorted()

  describe(`${name}: the contract of channels`, () => {
    test('what is accepted is taken once', async () => {
      const { channel, peer, messages, submit } = await bench()
      expect(channel.room()).toBeGreaterThan(0)
      const outcomes = await submit(messages(20))
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 20 }, () => 'accepted'))
      const given = outcomes.map((each) => (each.outcome === 'accepted' ? each.providerMessageId : ''))
      expect(new Set(given).size).toBe(20)
      expect(peer.taken()).toHaveLength(20)
    })

    test('throttling loses nothing and doubles nothing', async () => {
      const { peer, messages, submit, submitUntilAccepted } = await bench({ throttled: 0.25 })
      const batch = messages(20)
      const first = await submit(batch)
      expect(first.map(({ outcome }) => outcome)).not.toContain('unknown')
      expect(first.map(({ outcome }) => outcome)).not.toContain('refused')
      await submitUntilAccepted(batch.filter((_, i) => first[i]!.outcome === 'retry'))
      expect(peer.taken().toSorted()).toEqual(ids(batch))
    })

    test.each(['failing', 'silent'] as const)(
      '%s: what may have been taken is not sent twice',
      async (fault) => {
        const { peer, messages, submit, submitUntilAccepted } = await bench({ [fault]: 0.25 })
        const batch = messages(20)
        const outcomes = await submit(batch)
        const expected = subject[fault] ?? 'unknown'
        const struck = batch.filter((_, i) => outcomes[i]!.outcome === expected)
        // Where the channel itself resubmits safely, nothing is left to be seen of the fault.
        const struckAtLeast = subject.kind.traits.resubmitSafe ? 0 : 5
        expect(struck.length).toBeGreaterThanOrEqual(struckAtLeast)
        expect(outcomes.filter(({ outcome }) => outcome !== expected && outcome !== 'accepted')).toEqual([])
        if (subject.kind.traits.resubmitSafe || expected === 'retry') await submitUntilAccepted(struck)
        expect(peer.taken().toSorted()).toEqual(ids(batch))
      },
    )

    test('a provider that is down gets nothing, and everything when it is back', async () => {
      const first = await bench()
      const { port } = first.peer
      await first.peer.close()
      const batch = first.messages(50)
      const outcomes = await first.submit(batch)
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(batch.map(() => 'retry'))
      await expect.poll(() => first.channel.room()).toBe(0)
      const again = await subject.start({}, { callbackUrl: first.callbackUrl, port })
      onTestFinished(() => again.close())
      await expect.poll(() => first.channel.room(), { timeout: 20_000 }).toBeGreaterThan(0)
      await first.submitUntilAccepted(batch)
      expect(again.taken().toSorted()).toEqual(ids(batch))
    })

    test('what has expired is refused and not sent', async () => {
      const { peer, clock, messages, submit } = await bench()
      const batch = messages(3).map((message, i) => ({
        ...message,
        expiresAtMs: clock.nowMs() + (i === 1 ? 60_000 : -1),
      }))
      expect((await submit(batch)).map(({ outcome }) => outcome)).toEqual(['refused', 'accepted', 'refused'])
      expect(peer.taken()).toEqual([batch[1]!.messageId])
    })

    test('stopping settles every message', async () => {
      const { channel, peer, messages, start, stop } = await bench()
      const batch = messages(50)
      const { outcomes } = start(batch)
      await stop()
      expect(channel.room()).toBe(0)
      expect([...outcomes.keys()].toSorted((a, b) => a - b)).toEqual(batch.map((_, i) => i))
      const accepted = batch.filter((_, i) => outcomes.get(i)!.outcome === 'accepted')
      const returned = batch.filter((_, i) => outcomes.get(i)!.outcome === 'retry')
      expect(peer.taken().toSorted()).toEqual(ids(accepted))
      expect(accepted.length + returned.length).toBe(50)
    })
  })

  describe.runIf(reports)(`${name}: reports`, () => {
    test.each([
      ['in time', {}],
      ['late', { reportsAfterMs: 200 }],
      ['early', { reportsEarly: true }],
      ['twice', { reportsDoubled: 1 }],
    ] as [string, Misbehaviour][])('%s, each finds its message', async (_, misbehaviour) => {
      const { messages, submit, receipts, statusesOf, answers } = await bench(misbehaviour)
      const batch = messages(10)
      const outcomes = await submit(batch)
      const sent = misbehaviour.reportsDoubled ? 2 : 1
      const times = subject.receiptsOnce ? 1 : sent
      await expect.poll(() => receipts.length, { timeout: 10_000 }).toBe(10 * times * subject.receipts.length)
      const expected = Array.from({ length: times }, () => subject.receipts)
        .flat()
        .toSorted()
      batch.forEach((message, i) => expect(statusesOf(message, outcomes[i]!)).toEqual(expected))
      if (!subject.answers) return
      await expect.poll(() => answers.length, { timeout: 10_000 }).toBe(10 * sent)
      expect(new Set(answers.map((answer) => answer.dedupeKey)).size).toBe(10)
    })

    test('that are lost are not made up', async () => {
      const { messages, submit, receipts } = await bench({ reportsLost: 1 })
      const outcomes = await submit(messages(5))
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'accepted'))
      await sleep(100)
      expect(receipts).toEqual([])
    })
  })

  describe.runIf(reports)(`${name}: calls of the provider`, () => {
    test('are acknowledged only when what they say is kept, and come again', async (context) => {
      const { channel, messages, submit, receipts, calls, fail } = await bench()
      if (!channel.callback) return context.skip()
      fail(new Error('the database is away'))
      await submit(messages(1))
      await expect.poll(() => calls.length, { timeout: 10_000 }).toBeGreaterThan(0)
      await expect.poll(() => calls.every((call) => call.reply !== undefined)).toBe(true)
      expect(calls.filter((call) => call.reply!.status < 500)).toEqual([])
      expect(receipts).toEqual([])
      fail(undefined)
      for (const { call } of calls.slice()) expect((await channel.callback(call)).status).toBeLessThan(300)
      expect(receipts.length).toBeGreaterThan(0)
    })

    test('with an answer that is refused for good are acknowledged', async (context) => {
      const { channel, messages, submit, calls, fail } = await bench()
      if (!channel.callback || !subject.answers) return context.skip()
      fail(new DomainError('sender_unknown', 'an address that belongs to no subscriber'))
      await submit(messages(1))
      const wanted = subject.callsAMessage ?? subject.receipts.length + 1
      await expect
        .poll(() => calls.filter((call) => call.reply).length, { timeout: 10_000 })
        .toBeGreaterThanOrEqual(wanted)
      expect(calls.filter((call) => call.reply!.status >= 300)).toEqual([])
    })

    test('that say nothing or come from somebody else are refused', async (context) => {
      const { channel, messages, submit, calls, receipts, answers, take } = await bench()
      if (!channel.callback) return context.skip()
      await submit(messages(1))
      await expect
        .poll(() => receipts.length, { timeout: 10_000 })
        .toBeGreaterThanOrEqual(subject.receipts.length)
      const before = [receipts.length, answers.length]
      const genuine = calls[0]!.call
      const nonsense = { ...genuine, body: Buffer.from('{"a":') }
      const refused = [await take(nonsense)]
      if (subject.forge) refused.push(await take(subject.forge(genuine)))
      expect(refused.filter(({ status }) => status < 400 || status >= 500)).toEqual([])
      expect([receipts.length, answers.length]).toEqual(before)
    })
  })
}
