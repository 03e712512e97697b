import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { ChannelBench, type ChannelSubject, channelSuite } from '../../../../test/channel-suite.ts'
import { newId } from '../../../platform/index.ts'
import { type MailRelay, startMailRelay } from '../../../simulator/providers/index.ts'
import { email } from './index.ts'
import { bounceAddress, bouncedMessage } from './envelope.ts'

const envelope = { bounceDomain: 'mail.example.org', signingSecret: 'a secret of sixteen or more' }
const sender = { tls: 'opportunistic', from: 'Теле Два <news@example.org>', timeoutMs: 2_000, ...envelope }
/** The relay that was started last. */
let relay: MailRelay

const subject: ChannelSubject = {
  kind: email,
  receipts: ['delivered'],
  address: (index) => `subscriber${index}@example.net`,
  async start(misbehaviour, at) {
    const started = await startMailRelay({ misbehaviour, ...at })
    relay = started
    return {
      settings: { host: '127.0.0.1', port: started.port, ...sender },
      port: started.port,
      taken: () => started.received.map(({ raw }) => /^Message-ID: <([^@]+)@/im.exec(raw.toString())![1]!),
      close: () => started.close(),
    }
  },
}

channelSuite('email', subject)

const withChannel = async (run: (bench: ChannelBench) => Promise<void>): Promise<void> =>
  run(await ChannelBench.start(subject))

describe('a letter, as the reader of the recipient reads it', () => {
  const longLine = 'А и Б сидели на трубе, '.repeat(100)
  test.each([
    ['en', 'You’ve 500 MB left 📶', 'Take 5 GB for £3.\n\nFrom the road? .\n.\n..dots'],
    [
      'ru',
      'Ещё 500 МБ за 150 ₽ до конца месяца, если ответите сегодня до девяти вечера',
      `Добрый день!\n${longLine}`,
    ],
    ['uk', 'Ґрунтовний їжак з’їв пакет «Є все» 🦔🇺🇦', 'Вітаємо! Ваш пакет — 5 ГБ.\n=C3=A9 не код'],
  ])('%s', (_, title, text) =>
    withChannel(async (bench) => {
      const html = `<p>${text}</p><a href="https://t.example/c/${'x'.repeat(1_500)}">${title}</a>`
      const amp = `<!doctype html><html ⚡4email><body>${title}</body></html>`
      const unsubscribeUrl = `https://t.example/u/${'y'.repeat(150)}?a=1&b=2`
      const messageId = newId()
      const outcome = await bench.submitOne({ messageId, subject: title, text, html, amp, unsubscribeUrl })
      expect(outcome).toEqual({ outcome: 'accepted', providerMessageId: `<${messageId}@mail.example.org>` })
      const [{ raw, from, to, envelopeId }] = relay.received as [(typeof relay.received)[0]]
      expect(
        Math.max(
          ...raw
            .toString()
            .split('\r\n')
            .map((line) => Buffer.byteLength(line)),
        ),
      ).toBeLessThan(998)
      expect(raw.every((byte) => byte < 128)).toBe(true)
      const mail = await PostalMime.parse(raw, { attachmentEncoding: 'utf8' })
      expect(mail.subject).toBe(title)
      expect(mail.from).toMatchObject({ name: 'Теле Два', address: 'news@example.org' })
      expect(mail.to).toMatchObject([{ address: 'subscriber0@example.net' }])
      expect(mail.text!.replaceAll('\r\n', '\n').trim()).toBe(text.trim())
      expect(mail.html!.replaceAll('\r\n', '\n').trim()).toBe(html)
      expect(mail.messageId).toBe(`<${messageId}@mail.example.org>`)
      expect(mail.date).toBe('2026-01-05T12:00:00.000Z')
      const header = (name: string): string | undefined => mail.headers.find(({ key }) => key === name)?.value
      expect(header('list-unsubscribe')).toBe(`<${unsubscribeUrl}>`)
      expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
      // Clients take the last alternative that they understand: plain, AMP, HTML in this order.
      const types = [...raw.toString().matchAll(/^Content-Type: ([\w/-]+)/gim)].map(([, type]) => type)
      expect(types).toEqual(['multipart/alternative', 'text/plain', 'text/x-amp-html', 'text/html'])
      const ampPart = mail.attachments.find((part) => part.mimeType === 'text/x-amp-html')
      expect(String(ampPart?.content).trim()).toBe(amp)
      expect(to).toBe('subscriber0@example.net')
      expect(envelopeId).toBe(messageId)
      expect(bouncedMessage(from, envelope)?.messageId).toBe(messageId)
    }),
  )

  test('has no header from its content and no second recipient from its address', () =>
    withChannel(async (bench) => {
      await bench.submitOne({ subject: 'a\r\nBcc: other@example.net', text: 'x' })
      const strange = await bench.submitOne({ address: 'a@example.net, b@example.net' })
      expect(strange.outcome).toBe('refused')
      expect(relay.received.map(({ to }) => to)).toEqual(['subscriber0@example.net'])
      const mail = await PostalMime.parse(relay.received[0]!.raw)
      expect(mail.bcc ?? []).toEqual([])
      expect(mail.subject).toContain('Bcc')
    }))

  test('names the link in its text where the text does not', () =>
    withChannel(async (bench) => {
      await bench.submitOne({ text: 'Look', link: 'https://t.example/l' })
      expect((await PostalMime.parse(relay.received[0]!.raw)).text!.trim()).toBe(
        'Look\n\nhttps://t.example/l',
      )
    }))
})

describe('what the relay says', () => {
  test.each([
    ['nobody@example.net', { outcome: 'refused', reason: 'mailbox_unknown' }, 1],
    ['spam@example.net', { outcome: 'refused', reason: 'smtp_550' }, 0],
    ['full@example.net', { outcome: 'refused', reason: 'too_large_or_mailbox_full' }, 0],
    ['later@example.net', { outcome: 'retry', afterMs: 60_000, reason: 'smtp_451' }, 0],
  ])('of %s', (address, outcome, goneCount) =>
    withChannel(async (bench) => {
      expect(await bench.submitOne({ address })).toEqual(outcome)
      expect(bench.gone.map((each) => each.address)).toEqual(Array.from({ length: goneCount }, () => address))
      // The connection is as good as before.
      expect((await bench.submitOne({})).outcome).toBe('accepted')
    }),
  )

  test('a relay that does not know us takes nothing', async () => {
    const closed = await startMailRelay({ user: 'tenure', password: 'right' })
    const settings = { host: '127.0.0.1', port: closed.port, user: 'tenure', password: 'wrong', ...sender }
    const peer = { settings, port: closed.port, taken: () => [], close: () => closed.close() }
    const bench = await ChannelBench.start({ ...subject, start: async () => peer })
    expect(await bench.submitOne({})).toMatchObject({ outcome: 'retry', reason: 'login_refused' })
  })
})

describe('what comes back', () => {
  test('a hard bounce fails the message and gives the address up', () =>
    withChannel(async (bench) => {
      const messageId = newId()
      await bench.submitOne({ messageId, address: 'bounce1@example.net' })
      await expect.poll(() => bench.gone.length).toBe(1)
      expect(bench.receipts).toMatchObject([{ messageId, status: 'failed', reason: 'mailbox_unknown' }])
      expect(bench.gone).toMatchObject([{ address: 'bounce1@example.net', reason: 'mailbox_unknown' }])
    }))

  test('a bounce that was never ours gives nobody up', () =>
    withChannel(async (bench) => {
      const messageId = newId()
      await bench.submitOne({ messageId, address: 'bounce1@example.net' })
      await expect.poll(() => bench.calls.filter((call) => call.reply).length).toBe(1)
      const genuine = bench.calls[0]!.call
      const other = Buffer.from(genuine.body.toString().replaceAll('rfc822; bounce1@', 'rfc822; victim@'))
      const forged = genuine.body
        .toString()
        .replaceAll(/bounce\+([0-9a-f]{32})\.[0-9a-f]{10}/g, 'bounce+$1.0123456789')
      await bench.take({ ...genuine, body: other })
      await bench.take({ ...genuine, query: {}, body: Buffer.from(forged.replaceAll(messageId, newId())) })
      expect(bench.gone.map(({ address }) => address)).toEqual(['bounce1@example.net'])
    }))

  test('an answer in words, a complaint, and what machines write of themselves', () =>
    withChannel(async (bench) => {
      const messageId = newId()
      const written = [
        'From: =?utf-8?B?0JDQvdC90LA=?= <anna@example.net>',
        'To: news@example.org',
        'Subject: Re: x',
        'Message-ID: <reply-1@example.net>',
        `In-Reply-To: <${messageId}@mail.example.org>`,
        'Content-Type: text/plain; charset=utf-8',
      ]
      const quoted = ['', 'Да, беру!', '', '5 янв. 2026 г., Теле Два пишет:', '> Ещё 500 МБ?', '']
      await relay.handIn([...written, ...quoted].join('\r\n'), 'news@example.org')
      await relay.handIn(
        [...written, 'Auto-Submitted: auto-replied', ...quoted].join('\r\n'),
        'news@example.org',
      )
      const complaint = `From: <abuse@example.net>
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: text/plain

spam
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: x/1
Version: 1
--b--
`
      await relay.handIn(
        complaint.replaceAll('\n', '\r\n'),
        bounceAddress(messageId, 'anna@example.net', envelope),
      )
      expect(bench.answers).toMatchObject([
        { address: 'anna@example.net', channel: 'email', text: 'Да, беру!', messageId },
        { address: '', text: 'STOP', messageId, dedupeKey: `email:complaint:${messageId}` },
      ])
      expect(bench.calls.map(({ reply }) => reply?.status)).toEqual([204, 204, 204])
    }))

  test("a provider's own report", () =>
    withChannel(async (bench) => {
      const [a, b] = [newId(), newId()]
      const at = '2026-01-05T15:00:00+03:00'
      const report = [
        { messageId: `<${a}@mail.example.org>`, event: 'opened', at },
        { messageId: b, event: 'bounced', bounce: 'hard', address: 'b@example.net' },
        { messageId: b, event: 'bounced', bounce: 'soft', address: 'c@example.net' },
      ]
      const call = { method: 'POST', headers: { 'content-type': 'application/json' }, query: {} }
      expect(await bench.take({ ...call, body: Buffer.from(JSON.stringify(report)) })).toEqual({
        status: 204,
      })
      expect(bench.receipts).toMatchObject([
        { messageId: a, status: 'seen', atMs: Date.UTC(2026, 0, 5, 12) },
        { messageId: b, status: 'failed', reason: 'mailbox_unknown' },
        { messageId: b, status: 'failed', reason: 'bounced' },
      ])
      expect(bench.gone.map(({ address }) => address)).toEqual(['b@example.net'])
    }))
})
