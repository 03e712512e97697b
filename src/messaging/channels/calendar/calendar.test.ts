import ICAL from 'ical.js'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { ChannelBench, type ChannelSubject, channelSuite } from '../../../../test/channel-suite.ts'
import { newId } from '../../../platform/index.ts'
import { type MailRelay, startMailRelay } from '../../../simulator/providers/index.ts'
import type { Appointment } from '../../channel.ts'
import { calendar } from './index.ts'
import { calendarReply, calendarText } from './entry.ts'

const startsAtMs = Date.UTC(2026, 2, 29, 0, 30)
const appointment: Appointment = {
  uid: 'visit-7@example.org',
  sequence: 0,
  method: 'request',
  startsAtMs,
  endsAtMs: startsAtMs + 3_600_000,
  timeZone: 'Europe/Kyiv',
}
let relay: MailRelay

const subject: ChannelSubject = {
  kind: calendar,
  receipts: ['delivered'],
  content: { appointment },
  address: (index) => `subscriber${index}@example.net`,
  async start(misbehaviour, at) {
    const started = await startMailRelay({ misbehaviour, ...at })
    relay = started
    return {
      settings: {
        host: '127.0.0.1',
        port: started.port,
        tls: 'opportunistic',
        from: 'Tenure <news@example.org>',
        replyTo: 'rsvp@mail.example.org',
        bounceDomain: 'mail.example.org',
        signingSecret: 'a secret of sixteen or more',
        timeoutMs: 2_000,
      },
      port: started.port,
      taken: () => started.received.map(({ raw }) => /^Message-ID: <([^@]+)@/im.exec(raw.toString())![1]!),
      close: () => started.close(),
    }
  },
}

channelSuite('calendar', subject)

/** What a calendar program makes of the last mail. */
async function lastEvent() {
  const mail = await PostalMime.parse(relay.received.at(-1)!.raw, { attachmentEncoding: 'utf8' })
  const parts = mail.attachments.filter((part) => /calendar|ics/.test(part.mimeType))
  const root = new ICAL.Component(ICAL.parse(String(parts[0]!.content)))
  const component = root.getFirstSubcomponent('vevent')!
  return { mail, parts, root, component, event: new ICAL.Event(component) }
}

describe('an entry, as a calendar reads it', () => {
  test.each([
    ['en', 'Router swap; bring “the box”, please', 'Line one\nLine two, with \\ and ;'],
    [
      'ru',
      'Визит мастера: замена роутера — подъезд 3, этаж 5, квартира 17, домофон не работает',
      'Позвоните 🙂',
    ],
    ['uk', 'Візит майстра 🛠️👩‍🔧 '.repeat(8).trim(), 'Під’їзд 3, їжак на порозі'],
  ])('%s: invited, moved, cancelled', async (_, title, text) => {
    const bench = await ChannelBench.start(subject)
    const send = async (changes: Partial<Appointment>): Promise<void> => {
      const [message] = bench.messages(1)
      const changed = { ...appointment, location: 'Львів, вул. Зелена, 1; під’їзд 3', ...changes }
      const [outcome] = await bench.submit([{ ...message!, subject: title, text, appointment: changed }])
      expect(outcome!.outcome).toBe('accepted')
    }
    await send({})
    const invited = await lastEvent()
    expect(invited.mail.subject).toBe(title)
    expect(invited.parts.map(({ mimeType, method }) => [mimeType, method])).toEqual([
      ['text/calendar', 'REQUEST'],
      ['application/ics', undefined],
    ])
    expect(invited.parts[1]!.filename).toBe('invite.ics')
    expect(String(invited.parts[1]!.content)).toBe(String(invited.parts[0]!.content))
    expect(invited.root.getFirstPropertyValue('method')).toBe('REQUEST')
    expect(invited.event).toMatchObject({
      uid: appointment.uid,
      sequence: 0,
      summary: title,
      description: text,
    })
    expect(invited.event.location).toBe('Львів, вул. Зелена, 1; під’їзд 3')
    expect(invited.event.startDate.toJSDate().getTime()).toBe(startsAtMs)
    expect(invited.event.endDate.toJSDate().getTime()).toBe(startsAtMs + 3_600_000)
    expect(invited.event.organizer).toBe('mailto:rsvp@mail.example.org')
    expect(invited.event.attendees.map((each) => each.getFirstValue())).toEqual([
      'mailto:subscriber0@example.net',
    ])
    await send({ sequence: 1, startsAtMs: startsAtMs + 60_000 })
    const moved = await lastEvent()
    expect(moved.event).toMatchObject({ uid: appointment.uid, sequence: 1 })
    expect(moved.event.startDate.toJSDate().getTime()).toBe(startsAtMs + 60_000)
    await send({ sequence: 2, method: 'cancel' })
    const cancelled = await lastEvent()
    expect(cancelled.parts[0]!.method).toBe('CANCEL')
    expect(cancelled.root.getFirstPropertyValue('method')).toBe('CANCEL')
    expect(cancelled.component.getFirstPropertyValue('status')).toBe('CANCELLED')
    expect(cancelled.event).toMatchObject({ uid: appointment.uid, sequence: 2 })
  })

  test('keeps to lines of 75 octets and cuts no character', () => {
    const summary = 'Їжак 🦔 '.repeat(40)
    const entry = { appointment, summary, description: 'x', organizer: 'a@b', attendee: 'c@d', stampMs: 0 }
    const text = calendarText(entry)
    expect(Math.max(...text.split('\r\n').map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75)
    expect(text).not.toContain('�')
    expect(text.replaceAll('\r\n ', '')).toContain(`SUMMARY:${summary}`)
  })

  test('without an appointment there is nothing to send', async () => {
    const bench = await ChannelBench.start(subject)
    const [{ appointment: _, ...bare }] = bench.messages(1) as [ReturnType<typeof bench.messages>[0]]
    expect(await bench.submit([bare])).toEqual([{ outcome: 'refused', reason: 'nothing_to_send' }])
  })
})

/** A mail by which a calendar answers (RFC 6047). */
function reply(messageId: string, partstat: string): string {
  return `From: Anna <a.personal@example.net>
To: rsvp@mail.example.org
Subject: Accepted
Message-ID: <${partstat}@example.net>
References: <x@y> <${messageId}@mail.example.org>
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

Anna answered
--b
Content-Type: text/calendar; charset=utf-8; method=REPLY

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
METHOD:REPLY
BEGIN:VEVENT
UID:visit-7@example.org
SEQUENCE:1
DTSTAMP:20260105T120000Z
DTSTART:20260329T003000Z
ATTENDEE;CN="Anna; of Lviv";PARTSTAT=${partstat}:
 mailto:subscriber0@example.net
END:VEVENT
END:VCALENDAR
--b--
`.replaceAll('\n', '\r\n')
}

describe('what the subscriber presses', () => {
  test('comes up as an answer, the same mail under the same key', async () => {
    const bench = await ChannelBench.start(subject)
    const messageId = newId()
    for (const partstat of ['ACCEPTED', 'DECLINED', 'TENTATIVE', 'ACCEPTED', 'NEEDS-ACTION']) {
      await relay.handIn(reply(messageId, partstat), 'rsvp@mail.example.org')
    }
    expect(bench.calls.map((call) => call.reply?.status)).toEqual([204, 204, 204, 204, 204])
    const said = { address: 'subscriber0@example.net', channel: 'calendar', messageId }
    expect(bench.answers).toMatchObject(
      ['accepted', 'declined', 'tentative', 'accepted'].map((choice) => ({ ...said, choice, text: choice })),
    )
    const keys = bench.answers.map((answer) => answer.dedupeKey)
    expect(keys[3]).toBe(keys[0])
    expect(new Set(keys).size).toBe(3)
    expect(keys.join()).not.toContain('subscriber0')
  })

  test.each(['', 'BEGIN:VCALENDAR', 'BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR', 'no calendar'])(
    'what is no reply is none: %j',
    (text) => expect(calendarReply(text)).toBeUndefined(),
  )
})
