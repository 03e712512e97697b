import type { Tx } from '../platform/index.ts'
import type { ConsentWord } from './consent.ts'

export type StoredConsent = Omit<ConsentWord, 'shownText' | 'messageId' | 'eventKey' | 'isDated'>

export type StoredConsentEvent = StoredConsent & {
  shownText: string | null
  messageId: string | null
  recordedAt: Temporal.Instant
}

const eventColumns = `tenant_id, subscriber_id, channel, purpose, granted, at, source, shown_text, message_id,
  event_key, recorded_at`
const eventValues = `current_setting('tenure.tenant_id'), subscriber_id, channel, purpose, granted, at, source, shown_text,
  message_id, event_key, $11`

/**
 * Keeps words on consent: each in the history, the latest as what holds. What a list only repeats leaves no trace, and
 * neither does an undated "yes" behind a "no".
 */
export async function recordConsents(
  tx: Tx,
  words: ConsentWord[],
  recordedAt: Temporal.Instant,
): Promise<void> {
  if (words.length === 0) return
  await tx.query(
    `with given as materialized (
       select given.*
       from unnest($1::int[], $2::text[], $3::text[], $4::bool[], $5::timestamptz[], $6::text[], $7::text[],
                   $8::uuid[], $9::text[], $10::bool[])
            as given (subscriber_id, channel, purpose, granted, at, source, shown_text, message_id, event_key, is_dated)
       left join profiles.consent known using (subscriber_id, channel, purpose)
       where is_dated or known.granted is null or (known.granted and not given.granted)
     ), logged as (
       insert into profiles.consent_event (${eventColumns})
       select ${eventValues} from given where event_key is null
     ), logged_once as (
       insert into profiles.consent_event (${eventColumns})
       select ${eventValues} from given where event_key is not null
       on conflict (tenant_id, event_key) where event_key is not null do nothing
     )
     insert into profiles.consent as known (tenant_id, subscriber_id, channel, purpose, granted, at, source)
     select distinct on (subscriber_id, channel, purpose)
            current_setting('tenure.tenant_id'), subscriber_id, channel, purpose, granted, at, source
     from given order by subscriber_id, channel, purpose, at desc, granted
     on conflict (tenant_id, subscriber_id, channel, purpose)
     do update set granted = excluded.granted, at = excluded.at, source = excluded.source, txid = pg_current_xact_id()
     where known.at <= excluded.at`,
    [
      words.map((word) => word.subscriberId),
      words.map((word) => word.channel),
      words.map((word) => word.purpose),
      words.map((word) => word.granted),
      words.map((word) => word.at),
      words.map((word) => word.source),
      words.map((word) => word.shownText ?? null),
      words.map((word) => word.messageId ?? null),
      words.map((word) => word.eventKey ?? null),
      words.map((word) => word.isDated ?? true),
      recordedAt,
    ],
  )
}

/** Consents of these subscribers for every channel and purpose. */
export function selectConsents(tx: Tx, ids: number[]): Promise<StoredConsent[]> {
  return tx.query<StoredConsent>(
    `select subscriber_id as "subscriberId", channel, purpose, granted, at, source
     from profiles.consent where subscriber_id = any($1::int[]) order by channel, purpose`,
    [ids],
  )
}

/** Every word of a subscriber on consent, the newest first. */
export function selectConsentEvents(
  tx: Tx,
  subscriberId: number,
  limit: number,
): Promise<StoredConsentEvent[]> {
  return tx.query<StoredConsentEvent>(
    `select subscriber_id as "subscriberId", channel, purpose, granted, at, source, shown_text as "shownText",
            message_id as "messageId", recorded_at as "recordedAt"
     from profiles.consent_event where subscriber_id = $1 order by at desc, seq desc limit $2`,
    [subscriberId, limit],
  )
}
