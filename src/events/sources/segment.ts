import { derivedId, json } from '../../platform/index.ts'
import { parseRfc3339 } from '../rfc3339.ts'

/** One call of the Segment spec as its libraries send it; nothing of it is believed before it was looked at. */
export type SegmentCall = Record<string, unknown>

/** The calls of the Segment spec. */
export const segmentCalls = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const

/** What belongs to the request and not to the call. */
export type SegmentEnvelope = {
  /** The events' source, such as `segment/1f2e3d4c`. */
  source: string
  /** When the request came in, epoch milliseconds. */
  receivedMs: number
  /** When the library's clock says that it sent the request. */
  sentAt: unknown
  /** The declared fields of an event type; undefined for a type that is not registered. */
  fieldsOf(type: string): ReadonlySet<string> | undefined
}

/**
 * A call as a CloudEvent. A track call is of the type `segment.track.<name>` where the tenant has registered it, else
 * of `segment.track`; every other call is `segment.<call>`. What the call holds beside its properties or traits
 * (`event`, `name`, `category`, `groupId`, `previousId`, `context`, …) becomes a field where the type declares it.
 */
export function eventOfCall(call: SegmentCall, envelope: SegmentEnvelope): Record<string, unknown> {
  const type = typeOf(call, envelope)
  const subject = subjectOf(call)
  return {
    specversion: '1.0',
    id: textOf(call['messageId']) ?? derivedId('segment', json({ ...call, sentAt: undefined })),
    source: envelope.source,
    type,
    time: timeOf(call, envelope),
    ...(subject === undefined ? {} : { subject }),
    data: dataOf(call, envelope.fieldsOf(type)),
  }
}

function typeOf(call: SegmentCall, { fieldsOf }: SegmentEnvelope): string {
  const name = String(call['type'])
  if (name !== 'track') return `segment.${name}`
  const own = `segment.track.${slugOf(String(call['event'] ?? ''))}`
  return fieldsOf(own) ? own : 'segment.track'
}

/** `Order Completed` as `order-completed`. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
}

function subjectOf(call: SegmentCall): string | undefined {
  const [identity] = identitiesOf(call)
  return identity === undefined ? undefined : `external:${identity}`
}

/** External identities of a call, the one that counts first: a user's id, then the anonymous one. */
export function identitiesOf(call: SegmentCall): string[] {
  const userId = textOf(call['userId'])
  const anonymousId = textOf(call['anonymousId'])
  return [...(userId ? [userId] : []), ...(anonymousId ? [anonymousOf(anonymousId)] : [])]
}

/** The external identity of somebody who has not signed in. */
export const anonymousOf = (id: string): string => `anon:${id}`

/** Ids are texts; libraries that send numbers mean the same. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * When the call was made, by the server's clock: received − (sent − made), so that a device whose clock is wrong
 * still tells the right time (Segment spec, common fields, `timestamp`). Without a time of sending the call's own time
 * is taken, without that the time of receiving. A time that cannot be read stays as it is, to be refused.
 */
function timeOf(call: SegmentCall, { receivedMs, sentAt }: SegmentEnvelope): unknown {
  const made = call['originalTimestamp'] ?? call['timestamp']
  if (made === undefined || made === null) return isoOf(receivedMs)
  const madeMs = typeof made === 'string' ? parseRfc3339(made) : undefined
  if (madeMs === undefined) return made
  const sent = sentAt ?? call['sentAt']
  const sentMs = typeof sent === 'string' ? parseRfc3339(sent) : undefined
  return isoOf(sentMs === undefined ? madeMs : receivedMs - (sentMs - madeMs))
}

/** Beyond the years that four digits can say the text is refused as an event's time. */
const isoOf = (ms: number): string =>
  Temporal.Instant.fromEpochMilliseconds(Math.round(ms)).toString({ smallestUnit: 'millisecond' })

const besides = [
  'event',
  'name',
  'category',
  'groupId',
  'previousId',
  'userId',
  'anonymousId',
  'context',
] as const

function dataOf(call: SegmentCall, fields: ReadonlySet<string> | undefined): unknown {
  const said = call['type'] === 'identify' || call['type'] === 'group' ? call['traits'] : call['properties']
  // Nothing said is an empty record; anything else that is no record is refused by the type's schema.
  if (said !== undefined && said !== null && !isRecord(said)) return said
  const data: Record<string, unknown> = { ...said }
  for (const name of besides) {
    if (fields?.has(name) && !Object.hasOwn(data, name) && call[name] !== undefined) data[name] = call[name]
  }
  return data
}

/** A row for the import of subscribers; `fallback` is tried when the first one joins two different subscribers. */
export type ProfileRow = { row: Record<string, unknown>; fallback?: Record<string, unknown> }

/**
 * What a call says about who somebody is. `identify`: traits become attributes (only declared ones, where the tenant
 * declares any), `traits.phone` the phone number, and the anonymous id the same subscriber, unless it is somebody
 * else's already. `alias`: the previous id, whether a user's or an anonymous one, is the same subscriber.
 * Undefined for every other call.
 */
export function profileOfCall(
  call: SegmentCall,
  isAttribute: (name: string) => boolean,
): ProfileRow | undefined {
  if (call['type'] === 'alias') {
    const [userId, previousId] = [textOf(call['userId']), textOf(call['previousId'])]
    if (userId === undefined || previousId === undefined) return undefined
    return { row: { identities: { external: [userId, previousId, anonymousOf(previousId)] } } }
  }
  if (call['type'] !== 'identify') return undefined
  const external = identitiesOf(call)
  const traits = isRecord(call['traits']) ? call['traits'] : {}
  if (external.length === 0) return undefined
  const { phone, ...others } = traits
  const msisdn = textOf(phone)
  const attributes = Object.fromEntries(Object.entries(others).filter(([name]) => isAttribute(name)))
  const rowOf = (ids: string[]): Record<string, unknown> => ({
    identities: { external: ids, ...(msisdn === undefined ? {} : { msisdn }) },
    attributes,
  })
  return external.length === 1
    ? { row: rowOf(external) }
    : { row: rowOf(external), fallback: rowOf(external.slice(0, 1)) }
}

/** True for a JSON object. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
