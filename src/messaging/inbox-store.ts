import { json, type Tx } from '../platform/index.ts'
import type { Content, OutboundMessage } from './channel.ts'

/** A message as the site and the app show it. */
export type InboxEntry = {
  messageId: string
  content: Content
  at: Temporal.Instant
  deliveredAt: Temporal.Instant | null
  seenAt: Temporal.Instant | null
  clickedAt: Temporal.Instant | null
}

/** What the site or the app reports of an entry; each is kept once, as it first came. */
export type InboxEvent = 'delivered' | 'seen' | 'clicked'

/** Puts messages in; one that is there already stays as it is. `address` is the subscriber's number. */
export async function insertEntries(
  tx: Tx,
  messages: OutboundMessage[],
  now: Temporal.Instant,
): Promise<void> {
  if (messages.length === 0) return
  await tx.query(
    `insert into messaging.inbox_entry (tenant_id, message_id, subscriber_id, content, at, expires_at)
     select current_setting('tenure.tenant_id'), g.message_id, g.subscriber_id, g.content, $5, g.expires_at
     from unnest($1::uuid[], $2::int[], $3::jsonb[], $4::timestamptz[]) as g (message_id, subscriber_id, content, expires_at)
     on conflict (tenant_id, message_id) do nothing`,
    [
      messages.map(({ messageId }) => messageId),
      messages.map(({ address }) => Number(address)),
      messages.map(({ text, subject, choices, media, link }) =>
        json({ text, subject, choices, media, link }),
      ),
      messages.map(({ expiresAtMs }) => Temporal.Instant.fromEpochMilliseconds(expiresAtMs)),
      now,
    ],
  )
}

/** What a subscriber finds in the inbox now, the newest first. */
export function selectEntries(
  tx: Tx,
  subscriberId: number,
  now: Temporal.Instant,
  limit: number,
): Promise<InboxEntry[]> {
  return tx.query<InboxEntry>(
    `select message_id as "messageId", content, at, delivered_at as "deliveredAt", seen_at as "seenAt", clicked_at as "clickedAt"
     from messaging.inbox_entry where subscriber_id = $1 and expires_at > $2 order by at desc, message_id limit $3`,
    [subscriberId, now, limit],
  )
}

/** Notes an event of entries of a subscriber; the first one of a kind stays. */
export async function markEntries(
  tx: Tx,
  subscriberId: number,
  messageIds: string[],
  event: InboxEvent,
  now: Temporal.Instant,
): Promise<void> {
  if (messageIds.length === 0) return
  // The name of the column comes from a closed list, never from a request.
  const column = { delivered: 'delivered_at', seen: 'seen_at', clicked: 'clicked_at' }[event]
  await tx.query(
    `update messaging.inbox_entry set ${column} = $3
     where subscriber_id = $1 and message_id = any($2::uuid[]) and ${column} is null`,
    [subscriberId, messageIds, now],
  )
}

/** Whether an entry is in a subscriber's inbox and has not been reported so before; undefined when it is not there. */
export async function isFirst(
  tx: Tx,
  subscriberId: number,
  messageId: string,
  event: InboxEvent | 'answered',
): Promise<boolean | undefined> {
  const rows = await tx.query<Record<'seen' | 'clicked' | 'delivered', boolean>>(
    `select seen_at is null as seen, clicked_at is null as clicked, delivered_at is null as delivered
     from messaging.inbox_entry where subscriber_id = $1 and message_id = $2::uuid`,
    [subscriberId, messageId],
  )
  const [row] = rows
  return row && (event === 'answered' || row[event])
}
