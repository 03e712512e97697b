import { isoOf } from '../../platform/index.ts'
import type { CelType } from '../../expressions/index.ts'
import type { LoggedEvent } from '../../events/index.ts'
import type { Letter } from './target.ts'

/** The declared fields of an event with their date-times as text, as they came in. */
export function fieldsOf(
  data: Record<string, unknown>,
  declared: Record<string, CelType>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([field, value]) => [
      field,
      declared[field] === 'timestamp' && typeof value === 'number' ? isoOf(value) : value,
    ]),
  )
}

/** An event as CloudEvents 1.0 in structured JSON; `subject` is the subscriber's number. */
export function cloudEventOf(event: LoggedEvent, declared: Record<string, CelType>): Letter {
  const { id, source, type, atMs, subscriberId, data } = event
  return {
    contentType: 'application/cloudevents+json',
    body: JSON.stringify({
      specversion: '1.0',
      id,
      source,
      type,
      time: isoOf(atMs),
      ...(subscriberId === null ? {} : { subject: String(subscriberId) }),
      datacontenttype: 'application/json',
      data: fieldsOf(data, declared),
    }),
  }
}
