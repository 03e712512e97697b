import { derivedId, type Documents, instantOf, type Tx } from '../platform/index.ts'
import type { Profiles } from '../profiles/index.ts'
import { insertAnswers, markAnswers, type NewAnswer, type StoredAnswer } from './answer-store.ts'
import { adHocId, REPLY } from './catalogue.ts'
import { channelKinds } from './channels/kinds.ts'
import { takeWords } from './consent-withdrawal.ts'
import type { ReceivedAnswer } from './inbox.ts'
import { insertStarts, type StartCascade } from './start-store.ts'
import { uuidOrNull } from './store.ts'

type GivenAnswer = NewAnswer & { item: ReceivedAnswer }

/**
 * Stores answers. Those that are a word such as "STOP" change what the subscriber agreed to in the same transaction, are
 * kept from campaigns, and are replied to: by the channel where it can, else with a message.
 */
export async function storeAnswers(
  tx: Tx,
  given: GivenAnswer[],
  {
    tenantId,
    profiles,
    documents,
    nowMs,
  }: { tenantId: string; profiles: Profiles; documents: Documents; nowMs: number },
): Promise<StoredAnswer[]> {
  const stored = await insertAnswers(tx, given)
  const asked = given.map(({ subscriberId, channel, text, atMs, messageId, dedupeKey }) => {
    const named = uuidOrNull(messageId)
    const answer = { subscriberId, channel, text, at: instantOf(atMs), dedupeKey }
    return named === null ? answer : { ...answer, messageId: named }
  })
  const outcomes = await takeWords({ documents, profiles }, tx, tenantId, asked)
  const words = new Map(given.map(({ answerId }, i) => [answerId, outcomes[i]?.word]))
  const replies: StartCascade[] = []
  for (const [i, { item, channel, subscriberId, dedupeKey, answerId }] of given.entries()) {
    const outcome = outcomes[i]
    if (!outcome) continue
    const traits = channelKinds.get(channel)?.traits
    if (traits?.replies) item.reply = outcome.reply
    // A complaint by mail is no conversation, and an app shows the change by itself.
    else if (traits?.addressKind === 'msisdn') {
      item.isRepliedTo = true
      replies.push({
        runId: derivedId('reply', tenantId, dedupeKey),
        cascadeId: adHocId(channel, REPLY),
        subscriberId,
        campaignId: 'replies',
        arm: 'reply',
        reference: answerId,
        variables: { text: outcome.reply },
        purpose: 'transactional',
      })
    }
  }
  await insertStarts(tx, replies, () => 0, nowMs)
  const marks = stored.flatMap(({ answerId }) => {
    const word = words.get(answerId)
    return word === undefined ? [] : [{ answerId, as: word === 'optIn' ? 'opted_in' : 'opted_out' }]
  })
  await markAnswers(tx, marks, instantOf(nowMs))
  return stored.map((answer) => ({ ...answer, word: words.get(answer.answerId) }))
}
