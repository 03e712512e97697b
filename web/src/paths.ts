import { z } from 'zod'
import { reportPath } from '../../src/insights/contract.ts'

/** Every address of the console: nothing else in `web/` writes a path. */
export const paths = {
  campaigns: '/',
  report: '/campaigns/$campaignId',
  triggers: '/triggers',
  trigger: '/triggers/$triggerId',
  deadLetters: '/dead-letters',
  delivery: '/messages/delivery',
  cascades: '/messages/cascades',
  cascade: '/messages/cascades/$cascadeId',
  templates: '/messages/templates',
  template: '/messages/templates/$templateId',
  subscriberMessages: '/messages/subscribers',
  policy: '/messages/policy',
  programmes: '/loyalty/programmes',
  programme: '/loyalty/programmes/$programmeId',
  earnRule: '/loyalty/rules/$ruleId',
  ladder: '/loyalty/ladders/$ladderId',
  part: '/loyalty/parts/$kind/$partId',
  clubs: '/loyalty/clubs',
  exchanges: '/loyalty/exchange',
  rounds: '/loyalty/rounds',
  member: '/loyalty/members',
  liability: '/loyalty/liability',
  rewards: '/loyalty/rewards',
  reward: '/loyalty/rewards/$rewardId',
  review: '/loyalty/review',
  webhooks: '/webhooks',
  webhook: '/webhooks/$webhookId',
} as const

/** Every address of the server that the console calls. */
export const calls = {
  campaigns: '/v1/campaigns',
  report: reportPath,
  events: '/v1/events',
  tenant: '/v1/tenant',
  live: '/v1/live',
  triggers: '/v1/triggers',
  trigger: (triggerId: string, act: 'firings' | 'explain' | 'pause' | 'resume') =>
    `/v1/triggers/${encodeURIComponent(triggerId)}/${act}`,
  firingsOverTime: '/v1/triggers/firings-over-time',
  tryTrigger: '/v1/triggers/try',
  deadLetters: '/v1/dead-letters',
  replay: '/v1/dead-letters/replay',
  discard: '/v1/dead-letters/discard',
  documents: '/v1/documents',
  documentsDryRun: '/v1/documents?dryRun=true',
  audit: '/v1/audit',
  channelCapabilities: '/v1/channels/capabilities',
  templatePreview: '/v1/templates/preview',
  templateTestSend: (templateId: string) => `/v1/templates/${encodeURIComponent(templateId)}/test-send`,
  cascadeExpectation: '/v1/cascades/expectation',
  cascadeReport: (cascadeId: string) => `/v1/cascades/${encodeURIComponent(cascadeId)}/report`,
  cascadeConversion: (cascadeId: string) => `/v1/cascades/${encodeURIComponent(cascadeId)}/conversion`,
  cascadeLinks: (cascadeId: string) => `/v1/links/statistics?${new URLSearchParams({ cascadeId })}`,
  policyStops: '/v1/contact-policy/stops',
  delivery: '/v1/delivery',
  deliveryChannels: '/v1/delivery/channels',
  sendings: '/v1/sendings',
  sending: (campaignId: string, act: 'pause' | 'resume' | 'cancel') =>
    `/v1/sendings/${encodeURIComponent(campaignId)}/${act}`,
  messages: '/v1/messages',
  explainMessage: (messageId: string) => `/v1/messages/${encodeURIComponent(messageId)}/explain`,
  subscriber: (subscriberId: number) => `/v1/subscribers/${subscriberId}`,
  subscriberByIdentity: (identity: string) => `/v1/subscribers?${new URLSearchParams({ identity })}`,
  subscriberMessages: (subscriberId: number, after?: string) =>
    `/v1/subscribers/${subscriberId}/messages${after === undefined ? '' : `?${new URLSearchParams({ after })}`}`,
  programmes: '/v1/loyalty/programmes',
  liability: (programmeId: string) => `/v1/loyalty/programmes/${encodeURIComponent(programmeId)}/liability`,
  ladderMembers: (ladderId: string) => `/v1/loyalty/ladders/${encodeURIComponent(ladderId)}/members`,
  tryEarnRule: '/v1/loyalty/earn-rules/try',
  tryPlay: '/v1/loyalty/play/try',
  member: (subscriberId: number) => `/v1/members/${subscriberId}`,
  memberTierHistory: (subscriberId: number, ladderId: string) =>
    `/v1/members/${subscriberId}/tiers/${encodeURIComponent(ladderId)}/history`,
  explainPoints: (subscriberId: number, query: Record<string, string>) =>
    `/v1/members/${subscriberId}/points/explain?${new URLSearchParams(query)}`,
  clubs: '/v1/loyalty/clubs',
  clubMembers: (clubId: string) => `/v1/loyalty/clubs/${encodeURIComponent(clubId)}/members`,
  exchanges: '/v1/loyalty/exchanges',
  leaderboard: (boardId: string) => `/v1/leaderboards/${encodeURIComponent(boardId)}`,
  roundsOfGame: (kind: string, gameId: string) =>
    `/v1/loyalty/games/${kind}/${encodeURIComponent(gameId)}/rounds`,
  round: (roundId: string) => `/v1/rounds/${encodeURIComponent(roundId)}`,
  referralRewards: '/v1/referrals/rewards',
  referralRefusals: '/v1/referrals/refusals',
  migration: (migrationId: string, what: 'run' | 'accounts') =>
    `/v1/loyalty/migrations/${encodeURIComponent(migrationId)}/${what}`,
  rewards: '/v1/loyalty/rewards',
  reward: (rewardId: string, what: 'codes' | 'stock') =>
    `/v1/loyalty/rewards/${encodeURIComponent(rewardId)}/${what}`,
  redemptions: '/v1/loyalty/redemptions',
  abuseCases: '/v1/loyalty/abuse/cases',
  abuseCase: (caseId: string) => `/v1/loyalty/abuse/cases/${encodeURIComponent(caseId)}`,
  webhooks: '/v1/webhooks',
  webhookLetters: (webhookId: string, what: 'letters' | 'letters/retry' | 'secret') =>
    `/v1/webhooks/${encodeURIComponent(webhookId)}/${what}`,
  lots: (accountId: string) => `/v1/ledger/accounts/${encodeURIComponent(accountId)}/lots`,
} as const

export const languages = ['en', 'ru', 'uk'] as const
export type Language = (typeof languages)[number]

export const panels = [
  'headline',
  'funnel',
  'refusals',
  'packages',
  'days',
  'owedByAge',
  'owedByExpiry',
  'flows',
  'cost',
] as const
export type Panel = (typeof panels)[number]

/** What an address carries everywhere: the language, if the sender's is to be the reader's. */
export const shellSearch = z.object({ lang: z.enum(languages).optional().catch(undefined) })

export const ruleStates = ['running', 'paused', 'problem'] as const
export type RuleStateName = (typeof ruleStates)[number]

/** What the list of triggers carries: the words searched for, and the state that is shown. */
export const triggersSearch = z.object({
  q: z.string().optional().catch(undefined),
  state: z.enum(ruleStates).optional().catch(undefined),
})

/** What one trigger's page carries; the subscriber only by number, so that no phone number stands in an address. */
export const triggerSearch = z.object({
  unit: z.enum(['hour', 'day']).optional().catch(undefined),
  table: z.literal('firings').optional().catch(undefined),
  subscriber: z.int().optional().catch(undefined),
})

/** What the dead letters' page carries: the reason that is shown, and the letter that is open. */
export const deadLettersSearch = z.object({
  code: z.string().optional().catch(undefined),
  state: z.enum(['open', 'held', 'replayed', 'discarded']).optional().catch(undefined),
  letter: z.string().optional().catch(undefined),
})

/** What the list of templates carries: the words searched for, and the channel that is shown. */
export const templatesSearch = z.object({
  q: z.string().optional().catch(undefined),
  channel: z.string().optional().catch(undefined),
})

/** What a template's page carries: the language that is edited, whom it is shown for, and a new one's channel. */
export const templateSearch = z.object({
  words: z.enum(languages).optional().catch(undefined),
  subscriber: z.int().optional().catch(undefined),
  draft: z.string().optional().catch(undefined),
})

/** What a cascade's page carries: that it is a new one. */
export const cascadeSearch = z.object({ draft: z.boolean().optional().catch(undefined) })

/** What the delivery page carries: the channel whose stops are shown. */
export const deliverySearch = z.object({ channel: z.string().optional().catch(undefined) })

/** Whose messages, and which of them is open; the subscriber only by number, as everywhere. */
export const subscriberMessagesSearch = z.object({
  subscriber: z.int().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
})

/** What the editors of a programme's parts carry: that it is a new one, and of which programme. */
export const loyaltyDraftSearch = z.object({
  draft: z.boolean().optional().catch(undefined),
  programme: z.string().optional().catch(undefined),
})

/** Whose points, in which programme, and which event is open; the subscriber only by number, as everywhere. */
export const memberSearch = z.object({
  subscriber: z.int().optional().catch(undefined),
  programme: z.string().optional().catch(undefined),
  event: z.string().optional().catch(undefined),
})

/** Which programme's debts, and which pictures are shown as tables. */
export const liabilitySearch = z.object({
  programme: z.string().optional().catch(undefined),
  table: z.string().optional().catch(undefined),
})

/** What a list carries: the words searched for. */
export const listSearch = z.object({ q: z.string().optional().catch(undefined) })

/** Which round is checked. */
export const roundSearch = z.object({ round: z.string().optional().catch(undefined) })

export const letterStates = ['waiting', 'dead'] as const

/** Which of what a receiver did not take is shown, and that the webhook is a new one. */
export const webhookSearch = z.object({
  draft: z.boolean().optional().catch(undefined),
  state: z.enum(letterStates).optional().catch(undefined),
})

export const caseStates = ['open', 'confirmed', 'released', 'lapsed'] as const

/** Which cases are shown, and which of them is open. */
export const reviewSearch = z.object({
  state: z.enum(caseStates).optional().catch(undefined),
  case: z.string().optional().catch(undefined),
})

/** What the report's address carries besides: the pictures shown as tables, with commas between. */
export const reportSearch = z.object({ table: z.string().optional().catch(undefined) })

/** The pictures that an address asks for as tables; what it does not know it leaves out. */
export function panelsAsTables(table: string | undefined): Panel[] {
  const named = new Set((table ?? '').split(','))
  return panels.filter((panel) => named.has(panel))
}
