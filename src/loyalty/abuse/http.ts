import { type Access, principalOf, tenantOf } from '../../access/index.ts'
import { type FastifyInstance, isoOf, parseInput } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import { filled } from '../earning/words.ts'
import { type AbuseCase, heldPoints } from './case.ts'
import {
  abuseCaseView,
  abuseCasesView,
  type AbuseCaseView,
  abuseEvidenceView,
  type AbuseEvidenceView,
  abuseQueueView,
  type AbuseQueueView,
  decisionBody,
  queueQuery,
} from './contract.ts'
import type { Abuse } from './service.ts'
import { abuseWords } from './words.ts'

const cases = '/v1/loyalty/abuse/cases'
const operations = {
  queue: { summary: 'Cases of suspected abuse by state', query: queueQuery, answer: abuseQueueView },
  evidence: { summary: 'A case with what led to it', answer: abuseEvidenceView },
  decision: {
    summary: 'Confirm a case, or release it and undo what it did',
    body: decisionBody,
    answer: abuseCaseView,
  },
}
type ByCase = { Params: { caseId: string } }

/** Adds the review queue: cases by state, one with its evidence, the decision about it, and those about a member. */
export function abuseRoutes(
  http: FastifyInstance,
  { abuse, profiles, access }: { abuse: Abuse; profiles: Profiles; access: Access },
): void {
  http.get(cases, { config: { operation: operations.queue } }, async (request): Promise<AbuseQueueView> => {
    const { programme, ...query } = parseInput(queueQuery, request.query)
    const page = await abuse.queue({ tenantId: tenantOf(request), programmeId: programme, ...query })
    return { cases: page.cases.map(viewOf), next: page.next }
  })
  http.get<ByCase>(
    `${cases}/:caseId`,
    { config: { operation: operations.evidence } },
    async (request): Promise<AbuseEvidenceView> => {
      const found = await abuse.evidence(tenantOf(request), request.params.caseId)
      return {
        ...viewOf(found.case),
        others: found.others.map(viewOf),
        deeds: found.deeds.map(({ kind, atMs, points, other, isHeld }) => {
          return { kind, at: isoOf(atMs), points: points.toString(), other: other || null, isHeld }
        }),
      }
    },
  )
  http.post<ByCase>(
    `${cases}/:caseId/decision`,
    { config: { roles: ['admin'], operation: operations.decision } },
    async (request) => {
      const { tenantId, keyId } = principalOf(request)
      const { caseId } = request.params
      const { decision, note } = parseInput(decisionBody, request.body)
      const decided = await abuse.decide({ tenantId, caseId, decision, by: keyId, note })
      const details = {
        decision,
        subscriberId: decided.subscriberId,
        ...(note === undefined ? {} : { note }),
      }
      await access.auditAlone(tenantId, { keyId, action: 'abuse_case_decided', target: caseId, details })
      return viewOf(decided)
    },
  )
  http.get<{ Params: { subscriber: string } }>(
    '/v1/members/:subscriber/abuse',
    { config: { operation: { summary: 'Cases about a member', answer: abuseCasesView } } },
    async (request) => {
      const tenantId = tenantOf(request)
      const subscriberId = await subscriberOf(profiles, tenantId, request.params.subscriber)
      return { cases: (await abuse.ofMember(tenantId, subscriberId)).map(viewOf) }
    },
  )
}

function viewOf(abuseCase: AbuseCase): AbuseCaseView {
  const { caseId, programmeId, subscriberId, state, level, score, findings } = abuseCase
  const { openedAtMs, closesAtMs, decidedAtMs, decidedBy, note } = abuseCase
  return {
    caseId,
    programme: programmeId,
    subscriberId,
    state,
    level,
    score,
    findings: findings.map((one) => {
      const { en, ru, uk } = abuseWords[one.reason]
      const inWords = (text: string): string => filled(text, 0n, String, one.saw)
      const text = { en: inWords(en), ru: inWords(ru), uk: inWords(uk) }
      return { ...one, text }
    }),
    heldPoints: heldPoints(abuseCase).toString(),
    openedAt: isoOf(openedAtMs),
    closesAt: isoOf(closesAtMs),
    decidedAt: isoOf(decidedAtMs),
    decidedBy,
    note,
  }
}
