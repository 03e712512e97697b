import { tenantOf } from '../../access/index.ts'
import { DomainError, type FastifyInstance, parseInput } from '../../platform/index.ts'
import type { Profiles } from '../../profiles/index.ts'
import { answerWithProgress } from '../progress.ts'
import { subscriberOf } from '../subscriber-parameter.ts'
import {
  earnRulesView,
  explainAnswer,
  explainQuery,
  historyPage,
  historyQuery,
  tryRequest,
} from './contract.ts'
import { tryAnswer } from '../rehearsal-contract.ts'
import type { Earning } from './service.ts'

type BySubscriber = { Params: { subscriber: string } }

const options = {
  earnRules: { config: { operation: { summary: 'Earn rules', answer: earnRulesView } } },
  earnRulesTry: {
    config: {
      // It writes nothing, and tells what members bought.
      roles: ['admin', 'read'] as const,
      operation: { summary: 'Try an earn rule on history', body: tryRequest, answer: tryAnswer },
    },
  },
  points: {
    config: {
      operation: {
        summary: 'What a member earned and spent, and why',
        query: historyQuery,
        answer: historyPage,
      },
    },
  },
  pointsExplain: {
    config: {
      operation: { summary: 'What each rule made of an event', query: explainQuery, answer: explainAnswer },
    },
  },
}

/** Adds the routes of earn rules, of trying one, and of what a member earned and why. */
export function earningRoutes(http: FastifyInstance, parts: { earning: Earning; profiles: Profiles }): void {
  const { earning, profiles } = parts
  http.get('/v1/loyalty/earn-rules', options.earnRules, async (request) => ({
    rules: await earning.earnRules(tenantOf(request)),
  }))
  http.post('/v1/loyalty/earn-rules/try', options.earnRulesTry, (request, reply) => {
    const { rule, from, to } = parseInput(tryRequest, request.body)
    const asked = { tenantId: tenantOf(request), rule, from: instant(from), to: instant(to) }
    return answerWithProgress(request, reply, (onProgress) =>
      earning.tryRule({ ...asked, onProgress: (read, total) => onProgress({ read, total }) }),
    )
  })
  http.get<BySubscriber>('/v1/members/:subscriber/points', options.points, async (request) => {
    const { programme, ...query } = parseInput(historyQuery, request.query)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, request.params.subscriber)
    return earning.pointsHistory({ tenantId, subscriberId, programmeId: programme, ...query })
  })
  http.get<BySubscriber>('/v1/members/:subscriber/points/explain', options.pointsExplain, async (request) => {
    const { event, programme, language } = parseInput(explainQuery, request.query)
    const tenantId = tenantOf(request)
    const subscriberId = await subscriberOf(profiles, tenantId, request.params.subscriber)
    if (event === undefined) {
      throw new DomainError('request_invalid', 'which event?', {
        field: 'event',
        expected: 'the id of an event',
      })
    }
    return earning.explainPoints({ tenantId, subscriberId, programmeId: programme, language, event })
  })
}

const instant = (text: string | undefined): Temporal.Instant | undefined =>
  text === undefined ? undefined : Temporal.Instant.from(text)
