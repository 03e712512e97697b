import { z } from 'zod'
import { words } from '../programmes.ts'
import { caseStates, levels } from './case.ts'
import { abuseReasons } from './errors.ts'

const moment = z.string()
const minor = z.string()

/** A case for the agent who looks at it. */
export const abuseCaseView = z.object({
  caseId: z.string(),
  programme: z.string(),
  subscriberId: z.int(),
  state: z.enum(caseStates),
  level: z.enum(levels),
  score: z.int(),
  /** Each sign with its words and the values seen. */
  findings: z.array(
    z.object({
      reason: z.enum(abuseReasons),
      subject: z.string(),
      score: z.int(),
      text: words,
      saw: z.record(z.string(), z.unknown()),
    }),
  ),
  /** Minor units that wait for the decision, or waited for it. */
  heldPoints: minor,
  openedAt: moment,
  closesAt: moment.nullable(),
  decidedAt: moment.nullable(),
  decidedBy: z.string().nullable(),
  note: z.string().nullable(),
})
export type AbuseCaseView = z.infer<typeof abuseCaseView>

/** `GET /v1/loyalty/abuse/cases` (`?state=&programme=&after=&limit=`): the oldest first. */
export const abuseQueueView = z.object({ cases: z.array(abuseCaseView), next: z.string().nullable() })
export type AbuseQueueView = z.infer<typeof abuseQueueView>

/** `GET /v1/members/:subscriber/abuse`: the latest first. */
export const abuseCasesView = z.object({ cases: z.array(abuseCaseView) })

/** `GET /v1/loyalty/abuse/cases/:caseId`: the case with what the member lately did, the latest first. */
export const abuseEvidenceView = abuseCaseView.extend({
  deeds: z.array(
    z.object({
      kind: z.enum(['earned', 'received', 'sent', 'redeemed']),
      at: moment,
      points: minor,
      other: z.int().nullable(),
      isHeld: z.boolean(),
    }),
  ),
  /** The member's other cases. */
  others: z.array(abuseCaseView),
})
export type AbuseEvidenceView = z.infer<typeof abuseEvidenceView>

export const queueQuery = z.strictObject({
  state: z.enum(caseStates).default('open'),
  programme: z.string().min(1).max(63).optional(),
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

/** `POST /v1/loyalty/abuse/cases/:caseId/decision` */
export const decisionBody = z.strictObject({
  decision: z.enum(['confirm', 'release']),
  note: z.string().min(1).max(1_000).optional(),
})
export type DecisionBody = z.infer<typeof decisionBody>
