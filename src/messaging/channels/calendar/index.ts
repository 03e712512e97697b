import type { OutboundMessage } from '../../channel.ts'
import { calendarReply, calendarText } from './entry.ts'
import { keyOf, type MailAnswer, MailChannel, unsubscribeHeaders } from '../email/index.ts'
import type { WrittenMail } from '../email/inbound.ts'
import { mailSettings } from '../email/transport.ts'
import { channelKind, settingsOf } from '../settings.ts'

const settings = settingsOf('calendar', mailSettings)

/**
 * Entries for the subscriber's calendar by mail (iMIP, RFC 6047): invite, update, cancel. The entry stands in the mail
 * twice, as the part that calendars act on and as a file for programs that only know files. What the subscriber presses
 * (accept, decline, maybe) comes back as a mail and goes up as an answer of that name; organizer is the address that
 * answers are to reach, `replyTo` or `from`.
 */
class CalendarChannel extends MailChannel {
  protected mailOf(message: OutboundMessage): Record<string, unknown> | undefined {
    const { text, subject = text.split('\n')[0]!, html, link, appointment, address, unsubscribeUrl } = message
    if (appointment === undefined) return undefined
    const { replyTo, from } = this.settings
    const content = calendarText({
      appointment,
      summary: subject,
      description: text,
      ...(link === undefined ? {} : { url: link }),
      organizer: addressIn(replyTo ?? from),
      attendee: address,
      stampMs: this.clock.nowMs(),
    })
    return {
      subject,
      text,
      ...(html === undefined ? {} : { html }),
      icalEvent: { method: appointment.method, filename: 'invite.ics', content },
      headers: unsubscribeHeaders(unsubscribeUrl),
    }
  }

  protected answerOf(mail: WrittenMail): MailAnswer | undefined {
    const reply = mail.calendar === undefined ? undefined : calendarReply(mail.calendar)
    if (reply === undefined) return undefined
    const { uid, sequence, stamp, answer, attendee } = reply
    const parts = [uid, String(sequence), stamp, attendee, answer]
    // The invited address, which the sender's own may differ from.
    return { address: attendee, text: answer, choice: answer, dedupeKey: keyOf('calendar', parts) }
  }
}

/** The address of `Name <address>`. */
const addressIn = (text: string): string => /<([^<>]+)>\s*$/.exec(text)?.[1] ?? text

/** Calendar entries by mail. */
export const calendar = channelKind({
  id: 'calendar',
  settings,
  traits: {
    addressKind: 'email',
    reports: ['delivered', 'answered'],
    shows: ['text', 'subject', 'html', 'link', 'unsubscribeUrl', 'appointment'],
    resubmitSafe: false,
  },
  create: (options, context) => new CalendarChannel('calendar', options, context),
})
