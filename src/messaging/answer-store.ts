import type { Tx } from '../platform/index.ts'
import type { InboundAnswer } from './channel.ts'
import type { OptWord } from './opt-out.ts'
import { uuidOrNull } from './store.ts'

/** An answer as campaigns read it; `runId` is the cascade that it answers, where one is known. */
export type Answer = {
  answerId: string
  subscriberId: number
  channel: string
  text: string
  choice: string | null
  runId: string | null
  campaignId: string | null
  arm: string | null
  /** What the cascade's starter called it: the journey it belongs to. */
  reference: string | null
  at: Temporal.Instant
}

const storedColumns = `answer_id as "answerId", subscriber_id as "subscriberId", channel,
  run_id as "runId", campaign_id as "campaignId", arm, at`

/** What is known of an answer in the moment it is stored. */
export type StoredAnswer = Omit<Answer, 'text' | 'choice' | 'reference'> & {
  /** It was a word such as "STOP", and campaigns will not see it. */
  word?: OptWord | undefined
}

export type NewAnswer = InboundAnswer & { answerId: string; subscriberId: number }

/**
 * Stores answers once by their gateway's key and links each to the cascade it answers: the one of the message it
 * names, else the latest one that had contacted the subscriber by then, a week back at most. A message that is being
 * submitted counts as a contact, because a quick answer comes before the channel's word about its message is stored.
 */
export function insertAnswers(tx: Tx, answers: NewAnswer[]): Promise<StoredAnswer[]> {
  if (answers.length === 0) return Promise.resolve([])
  return tx.query<StoredAnswer>(
    `with given as (
       select * from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::timestamptz[])
         as g (answer_id, dedupe_key, subscriber_id, channel, text, choice, message_id, at)),
     named as (
       select g.*, coalesce(m.run_id, (
           select r.run_id from messaging.cascade_run r
           where g.message_id is null and r.subscriber_id = g.subscriber_id
             and r.started_at > g.at - interval '7 days' and r.started_at <= g.at
             and (r.contacted_at <= g.at or r.contacted_at is null and exists (
               select from messaging.message s where s.run_id = r.run_id and s.state = 'submitting'))
           order by r.contacted_at desc nulls first, r.started_at desc limit 1)) as run_id
       from given g left join messaging.messages_by_id($7::uuid[]) m on m.message_id = g.message_id)
     insert into messaging.answer
       (tenant_id, answer_id, dedupe_key, subscriber_id, channel, text, choice, run_id, campaign_id, arm, at)
     select current_setting('tenure.tenant_id'), n.answer_id, n.dedupe_key, n.subscriber_id, n.channel, n.text,
            n.choice, n.run_id, r.campaign_id, r.arm, n.at
     from named n left join messaging.cascade_run r on r.run_id = n.run_id
     on conflict (tenant_id, dedupe_key) do nothing
     returning ${storedColumns}`,
    [
      answers.map((a) => a.answerId),
      answers.map((a) => a.dedupeKey),
      answers.map((a) => a.subscriberId),
      answers.map((a) => a.channel),
      answers.map((a) => a.text),
      answers.map((a) => a.choice ?? null),
      answers.map((a) => uuidOrNull(a.messageId)),
      answers.map((a) => Temporal.Instant.fromEpochMilliseconds(a.atMs)),
    ],
  )
}

/** Subscribers of messages, for answers and receipts that name the message instead of the subscriber. */
export async function subscribersOfMessages(tx: Tx, messageIds: string[]): Promise<Map<string, number>> {
  if (messageIds.length === 0) return new Map()
  const rows = await tx.query<{ messageId: string; subscriberId: number }>(
    `select message_id as "messageId", subscriber_id as "subscriberId" from messaging.messages_by_id($1::uuid[])`,
    [messageIds.filter((id) => uuidOrNull(id) !== null)],
  )
  return new Map(rows.map((row) => [row.messageId, row.subscriberId]))
}

/** Answers that nobody has acted on yet, oldest first, locked until the transaction ends. */
export function takeAnswers(tx: Tx, limit: number): Promise<Answer[]> {
  return tx.query<Answer>(
    `select a.answer_id as "answerId", a.subscriber_id as "subscriberId", a.channel, a.text, a.choice,
            a.run_id as "runId", a.campaign_id as "campaignId", a.arm, a.at, r.reference
     from messaging.answer a left join messaging.cascade_run r on r.run_id = a.run_id
     where a.handled_at is null order by a.at, a.answer_id limit $1 for update of a skip locked`,
    [limit],
  )
}

/** Records what was made of answers (`chosen`, `unrecognised`, `too_late`, …). */
export async function markAnswers(
  tx: Tx,
  marks: { answerId: string; as: string }[],
  at: Temporal.Instant,
): Promise<void> {
  if (marks.length === 0) return
  tx.execute(
    `update messaging.answer a set handled_at = $3, handled_as = m.handled_as
     from unnest($1::uuid[], $2::text[]) as m (answer_id, handled_as) where a.answer_id = m.answer_id`,
    [marks.map((m) => m.answerId), marks.map((m) => m.as), at],
  )
}
