import { derivedId, DomainError, type Tx } from '../platform/index.ts'
import { smsParts } from './channels/sms/segments.ts'
import { type Cascade, type ChannelSettings, durationMs, type Language, type Template } from './contract.ts'
import { isLost, type Message, type MessageState, reaches } from './message.ts'
import { insertMessages, messageStates, type Run, takeDueRuns, updateRuns } from './store.ts'
import { type Rendered, renderTemplate } from './template.ts'

/** What a run does next: its first or next message, or its end. */
export type CascadeMove = { move: 'send'; step: number } | { move: 'finish'; outcome: string }

/**
 * The next move of a run whose timer has come. `state` is that of the message of its present step, or undefined
 * before the first one. The timer is also set by receipts, so "reached" and "lost" arrive here too.
 */
export function nextMove(cascade: Cascade, step: number, state: MessageState | undefined): CascadeMove {
  if (state === undefined) return { move: 'send', step }
  if (reaches(state, cascade.steps[step]!.until)) return { move: 'finish', outcome: state }
  if (step + 1 < cascade.steps.length) return { move: 'send', step: step + 1 }
  return { move: 'finish', outcome: isLost(state) ? 'not_reached' : 'no_answer' }
}

export type CascadeContext = {
  now: Temporal.Instant
  cascadeOf(run: Run): Promise<Cascade | undefined>
  templateOf(id: string): Promise<Template | undefined>
  settingsOf(channel: string): Promise<ChannelSettings | undefined>
  languagesOf(tx: Tx, subscriberIds: number[]): Promise<Map<number, Language>>
}

/** Moves every due run one step, set-based; returns how many moved. */
export async function advanceRuns(tx: Tx, context: CascadeContext, limit: number): Promise<number> {
  const runs = await takeDueRuns(tx, context.now, limit)
  if (runs.length === 0) return 0
  const [states, languages] = await Promise.all([
    messageStates(
      tx,
      runs.map((run) => run.runId),
    ),
    context.languagesOf(
      tx,
      runs.map((run) => run.subscriberId),
    ),
  ])
  const messages: Message[] = []
  const changes: Parameters<typeof updateRuns>[1] = []
  for (const run of runs) {
    const cascade = await context.cascadeOf(run)
    const state = states.get(run.runId)
    const move: CascadeMove = cascade
      ? nextMove(cascade, run.step, state?.step === run.step ? state.state : undefined)
      : { move: 'finish', outcome: 'cascade_missing' }
    if (move.move === 'finish') {
      changes.push({
        runId: run.runId,
        step: run.step,
        dueAt: null,
        outcome: move.outcome,
        allSmsMinor: null,
      })
      continue
    }
    const language = languages.get(run.subscriberId) ?? 'en'
    const message = await compose(context, run, cascade!, move.step, language)
    if (message) messages.push(message)
    const allSmsMinor = state === undefined ? await allSmsCost(context, run, cascade!, language) : null
    const outcome = message ? null : 'template_failed'
    changes.push({ runId: run.runId, step: move.step, dueAt: null, outcome, allSmsMinor })
  }
  await insertMessages(tx, messages, context.now)
  await updateRuns(tx, changes, context.now)
  return runs.length
}

async function compose(
  context: CascadeContext,
  run: Run,
  cascade: Cascade,
  step: number,
  language: Language,
): Promise<Message | undefined> {
  const { channel, template: templateId, validFor, until, wait } = cascade.steps[step]!
  const [template, settings] = [await context.templateOf(templateId), await context.settingsOf(channel)]
  if (!template || !settings) return undefined
  const rendered = rendering(template, language, run.variables)
  if (!rendered) return undefined
  const parts = channel === 'sms' ? smsParts(rendered.text) : 1
  const { runId, subscriberId, campaignId, arm } = run
  return {
    messageId: derivedId('message', runId, step),
    runId,
    step,
    channel,
    templateId,
    subscriberId,
    campaignId,
    arm,
    reference: referenceOf(runId, step),
    until,
    waitS: Math.round(durationMs(wait) / 1_000),
    text: rendered.text,
    choices: rendered.choices ?? null,
    parts,
    costMinor: BigInt(settings.priceMinor) * BigInt(parts),
    expiresAtMs: context.now.epochMilliseconds + durationMs(validFor),
  }
}

/** What this contact would cost as SMS: the cascade's own SMS text, else its first text, at the SMS price. */
async function allSmsCost(
  context: CascadeContext,
  run: Run,
  cascade: Cascade,
  language: Language,
): Promise<bigint> {
  const step = cascade.steps.find((item) => item.channel === 'sms') ?? cascade.steps[0]!
  const [template, sms] = [await context.templateOf(step.template), await context.settingsOf('sms')]
  if (!template || !sms) return 0n
  const rendered = rendering(template, language, run.variables)
  return rendered ? BigInt(sms.priceMinor) * BigInt(smsParts(rendered.text)) : 0n
}

/** One run's bad variables end that run and not the batch it came in. */
function rendering(template: Template, language: Language, variables: object): Rendered | undefined {
  try {
    return renderTemplate(template, language, variables)
  } catch (error) {
    if (error instanceof DomainError) return undefined
    throw error
  }
}

/** A number that receipts bring back where the protocol has room for one (SMPP: 16 bits). */
function referenceOf(runId: string, step: number): number {
  return Number.parseInt(derivedId('reference', runId, step).slice(0, 4), 16)
}
