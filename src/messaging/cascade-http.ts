import { tenantOf } from '../access/index.ts'
import {
  type Clock,
  type Database,
  type Documents,
  DomainError,
  type FastifyInstance,
  json,
  parseInput,
} from '../platform/index.ts'
import {
  cascadeReportQuery,
  type CascadeReport,
  type ExpectationAnswer,
  expectationRequest,
} from './cascade-contract.ts'
import { believedReach, expectedSteps, RECIPIENTS } from './cascade-expectation.ts'
import {
  readCascadeReport,
  readHistory,
  type StepFigures,
  type TemplateHistory,
} from './cascade-report-store.ts'
import { channelKinds, type ChannelSettings } from './channels/kinds.ts'
import { type Cascade, cascade, type Template } from './contract.ts'
import { prepareTemplate, renderTemplate } from './template.ts'

type Dependencies = { database: Database; documents: Documents; clock: Clock }

const HISTORY_DAYS = 90
const REPORT_DAYS = 30

/**
 * `POST /v1/cascades/expectation`: what a cascade would reach and cost, by own history where there is enough of it.
 * `GET /v1/cascades/:cascadeId/report`: what it did reach and cost, and what SMS alone would have cost.
 */
export function cascadeRoutes(http: FastifyInstance, dependencies: Dependencies): void {
  const { database, documents, clock } = dependencies
  // It changes nothing: whoever may read may ask.
  const readers = { config: { roles: ['admin', 'read'] as const } }
  http.post('/v1/cascades/expectation', readers, async (request, reply) => {
    const { document, reach } = parseInput(expectationRequest, request.body)
    const answer = await expectationOf(dependencies, tenantOf(request), parseInput(cascade, document), reach)
    return reply.type('application/json').send(json(answer))
  })

  http.get<{ Params: { cascadeId: string } }>('/v1/cascades/:cascadeId/report', async (request, reply) => {
    const tenantId = tenantOf(request)
    const { cascadeId } = request.params
    if (!(await documents.get<Cascade>(tenantId, 'Cascade', cascadeId)))
      throw new DomainError('cascade_not_found', `no cascade ${cascadeId}`, {
        field: 'cascadeId',
        found: cascadeId,
        expected: 'id of a Cascade',
      })
    const query = parseInput(cascadeReportQuery, request.query)
    const to = query.to === undefined ? clock.now() : Temporal.Instant.from(query.to)
    const from =
      query.from === undefined ? to.subtract({ hours: 24 * REPORT_DAYS }) : Temporal.Instant.from(query.from)
    const found = await database.tx(tenantId, (tx) => readCascadeReport(tx, cascadeId, from, to))
    const costMinor = found.steps.reduce((sum, step) => sum + step.costMinor, 0n)
    const { allSmsMinor } = found.runs
    const report = {
      cascadeId,
      from,
      to,
      ...found.runs,
      steps: found.steps,
      channels: byChannel(found.steps),
      costMinor,
      savedMinor: allSmsMinor - costMinor,
    }
    return reply.type('application/json').send(json(report))
  })
}

const SUMMED = ['sent', 'delivered', 'seen', 'clicked', 'answered', 'failed', 'unknown'] as const
type ChannelFigures = Omit<CascadeReport['channels'][number], 'costMinor'> & { costMinor: bigint }

function byChannel(steps: StepFigures[]): ChannelFigures[] {
  return [...Map.groupBy(steps, ({ channel }) => channel)].map(([channel, own]) => {
    const sum = (figure: (typeof SUMMED)[number]): number =>
      own.reduce((total, step) => total + step[figure], 0)
    const counts = Object.fromEntries(SUMMED.map((figure) => [figure, sum(figure)])) as Record<
      (typeof SUMMED)[number],
      number
    >
    return {
      channel,
      ...counts,
      costMinor: own.reduce((total, step) => total + step.costMinor, 0n),
      ctr: counts.sent > 0 ? counts.clicked / counts.sent : null,
      answerRate: counts.sent > 0 ? counts.answered / counts.sent : null,
    }
  })
}

async function expectationOf(
  { database, documents, clock }: Dependencies,
  tenantId: string,
  { steps, order }: Cascade,
  given: Record<string, number>,
): Promise<ExpectationAnswer> {
  const since = clock.now().subtract({ hours: 24 * HISTORY_DAYS })
  const { channels, templates } = await database.tx(tenantId, (tx) => readHistory(tx, since))
  const historyOf = (channel: string) => channels.find((one) => one.channel === channel)
  const sms = await documents.get<ChannelSettings>(tenantId, 'Channel', 'sms')
  const looked = await Promise.all(
    steps.map(async (step, place) => {
      const settings = await documents.get<ChannelSettings>(tenantId, 'Channel', step.channel)
      const template = await documents.get<Template>(tenantId, 'Template', step.template)
      const units = await unitsOf(template, step.channel, settings, templates)
      const believed = believedReach(step.channel, step.until, historyOf(step.channel), given[String(place)])
      const priceMinor = settings?.priceMinor
      return { place, step, units, believed, priceMinor, template }
    }),
  )
  const weighed = looked.map(({ place, units, believed, priceMinor }) => ({
    place,
    messageMinor: Number(priceMinor ?? 0) * units.units,
    reach: believed.reach,
    sentShare: believed.sentShare,
  }))
  const expected = expectedSteps(weighed, order === 'expected_cost')
  const asSms = looked.find(({ step }) => step.channel === 'sms') ?? looked[0]!
  const smsUnits = asSms.step.channel === 'sms' ? asSms.units : await unitsOf(asSms.template, 'sms', sms, [])
  const smsReach = believedReach('sms', asSms.step.until, historyOf('sms'), undefined)
  return {
    days: HISTORY_DAYS,
    recipients: RECIPIENTS,
    steps: expected.map((figures) => {
      const { step, units, believed, priceMinor } = looked[figures.place]!
      return {
        ...figures,
        channel: step.channel,
        template: step.template,
        until: step.until,
        ...(priceMinor === undefined ? {} : { priceMinor }),
        units: units.units,
        unitsFrom: units.from,
        reach: believed.reach,
        reachFrom: believed.from,
        tried: believed.tried,
      }
    }),
    reached: expected.reduce((sum, { reached }) => sum + reached, 0),
    costMinor: expected.reduce((sum, { costMinor }) => sum + costMinor, 0),
    ...(sms === undefined
      ? {}
      : {
          allSms: {
            units: smsUnits.units,
            costMinor: RECIPIENTS * smsUnits.units * Number(sms.priceMinor),
            reached: RECIPIENTS * smsReach.reach,
          },
        }),
  }
}

type Units = { units: number; from: 'history' | 'template' }

/** Units of one message of a template: as they were, else of its examples, else of what stands between its variables. */
async function unitsOf(
  template: Template | undefined,
  channel: string,
  settings: ChannelSettings | undefined,
  history: TemplateHistory[],
): Promise<Units> {
  if (!template) return { units: 1, from: 'template' }
  const known = history.find(({ templateId }) => templateId === template.id)
  if (known) return { units: known.averageUnits, from: 'history' }
  const count = channelKinds.get(channel)?.traits.unitsOf
  return { units: count?.(await exampleOf(template), settings) ?? 1, from: 'template' }
}

async function exampleOf(template: Template): Promise<{ text: string }> {
  const examples = Object.entries(template.variables ?? {}).map(([name, { example }]) => [name, example])
  const language = (['ru', 'uk', 'en'] as const).find((one) => template.text[one] !== undefined) ?? 'en'
  try {
    await prepareTemplate(template)
    return renderTemplate(template, language, Object.fromEntries(examples) as object)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return { text: (template.text[language] ?? '').replace(/\{[{%][\s\S]*?[%}]\}/g, '') }
  }
}
