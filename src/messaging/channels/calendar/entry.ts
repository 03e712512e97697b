import ICAL from 'ical.js'
import type { Appointment } from '../../channel.ts'

export type CalendarEntry = {
  appointment: Appointment
  summary: string
  description: string
  url?: string
  /** Addresses without a name. */
  organizer: string
  attendee: string
  /** When this version was made, epoch ms. */
  stampMs: number
}

/**
 * An invitation, its update (the same `uid`, a higher `sequence`) or its cancelling as iCalendar text for a mail
 * (RFC 5545, RFC 5546 §3.2). Times are written in UTC, which needs no definition of a zone to be read the same anywhere;
 * the zone itself goes along for those who show it.
 */
export function calendarText(entry: CalendarEntry): string {
  const { appointment, summary, description, url, organizer, attendee, stampMs } = entry
  const { uid, sequence, method, startsAtMs, endsAtMs, timeZone, location } = appointment
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Tenure//Messaging//EN',
    'CALSCALE:GREGORIAN',
    `METHOD:${method.toUpperCase()}`,
    `X-WR-TIMEZONE:${escaped(timeZone)}`,
    'BEGIN:VEVENT',
    `UID:${escaped(uid)}`,
    `SEQUENCE:${sequence}`,
    `DTSTAMP:${utc(stampMs)}`,
    `DTSTART:${utc(startsAtMs)}`,
    `DTEND:${utc(endsAtMs)}`,
    `SUMMARY:${escaped(summary)}`,
    `DESCRIPTION:${escaped(description)}`,
    ...(location === undefined ? [] : [`LOCATION:${escaped(location)}`]),
    ...(url === undefined ? [] : [`URL:${url}`]),
    `ORGANIZER:mailto:${organizer}`,
    `ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${attendee}`,
    `STATUS:${method === 'cancel' ? 'CANCELLED' : 'CONFIRMED'}`,
    'TRANSP:OPAQUE',
    'END:VEVENT',
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

export type CalendarReply = {
  uid: string
  sequence: number
  stamp: string
  attendee: string
  answer: 'accepted' | 'declined' | 'tentative'
}

const answers = ['accepted', 'declined', 'tentative'] as const

/** What a subscriber's calendar answered (METHOD:REPLY, RFC 5546 §3.2.3); undefined for anything else. */
export function calendarReply(text: string): CalendarReply | undefined {
  const calendar = componentOf(text)
  if (String(calendar?.getFirstPropertyValue('method')).toUpperCase() !== 'REPLY') return undefined
  const event = calendar!.getFirstSubcomponent('vevent')
  const attendee = event?.getFirstProperty('attendee')
  const said = String(attendee?.getFirstParameter('partstat') ?? '').toLowerCase()
  const answer = answers.find((each) => each === said)
  const uid = event?.getFirstPropertyValue('uid')
  if (!event || !attendee || answer === undefined || !uid) return undefined
  return {
    uid: String(uid),
    sequence: Number(event.getFirstPropertyValue('sequence') ?? 0),
    stamp: String(event.getFirstPropertyValue('dtstamp') ?? ''),
    attendee: String(attendee.getFirstValue()).replace(/^mailto:/i, ''),
    answer,
  }
}

function componentOf(text: string): ICAL.Component | undefined {
  try {
    const parsed: unknown[] = ICAL.parse(text)
    return parsed.length === 0 ? undefined : new ICAL.Component(parsed)
  } catch {
    return undefined
  }
}

/** `20260105T120000Z`. */
function utc(ms: number): string {
  const text = Temporal.Instant.fromEpochMilliseconds(ms).toString({ smallestUnit: 'second' })
  return text.replaceAll(/[-:]/g, '')
}

/** TEXT values (RFC 5545 §3.3.11). */
function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, String.raw`\$&`).replaceAll(/\r\n|\r|\n/g, String.raw`\n`)
}

/** Lines of at most 75 octets (RFC 5545 §3.1), never cut within a character. */
function folded(line: string): string {
  const parts: string[] = []
  let part = ''
  let octets = 0
  for (const character of line) {
    const size = Buffer.byteLength(character)
    if (octets + size > 75) {
      parts.push(part)
      // The space that marks the continuation counts too.
      ;[part, octets] = ['', 1]
    }
    part += character
    octets += size
  }
  return [...parts, part].join('\r\n ')
}
