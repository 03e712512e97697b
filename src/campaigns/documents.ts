import { checkExpression, type Declarations } from '../expressions/index.ts'
import { type Cascade, fieldsRead, type Template } from '../messaging/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'
import { subscriberDeclarations } from '../profiles/index.ts'
import type { Trigger } from '../triggers/index.ts'
import { type Arm, type Campaign, campaign, CONTROL, type Step } from './contract.ts'

/** What conditions of a campaign may speak of. */
export function campaignDeclarations(reader: DocumentReader): Declarations {
  return {
    subscriber: subscriberDeclarations(reader),
    offer: {
      items: 'int',
      largestMb: 'int',
      largestOnCredit: 'bool',
      balanceMinor: 'int',
      approvedCreditMinor: 'int',
    },
    answer: { channel: 'string', productId: 'string', volumeMb: 'int' },
  }
}

export const campaignDocuments: DocumentKind[] = [
  { kind: 'Campaign', schema: campaign, check: checkCampaign },
]

function checkCampaign(document: Campaign, reader: DocumentReader): Problem[] {
  const declarations = campaignDeclarations(reader)
  const shares = document.control.share + document.arms.reduce((sum, arm) => sum + arm.share, 0)
  return [
    ...(shares === 100
      ? []
      : [problem('shares_wrong', 'arms', `shares of control and arms sum to ${shares}`, shares, '100')]),
    ...missing(reader, 'Trigger', document.population.trigger, 'population.trigger'),
    ...(document.population.where === undefined
      ? []
      : checkExpression(document.population.where, declarations, 'bool').map((found) => ({
          ...found,
          field: 'population.where',
        }))),
    ...duplicates([CONTROL, ...document.arms.map((arm) => arm.id)], 'arms'),
    ...document.arms.flatMap((arm, i) => checkArm(arm, `arms.${i}`, reader, declarations)),
  ]
}

function checkArm(arm: Arm, field: string, reader: DocumentReader, declarations: Declarations): Problem[] {
  const ids = new Set(arm.journey.steps.map((step) => step.id))
  return [
    ...missing(reader, 'Trigger', arm.entry.trigger, `${field}.entry.trigger`),
    ...duplicates(
      arm.journey.steps.map((step) => step.id),
      `${field}.journey.steps`,
    ),
    ...(ids.has(arm.journey.start)
      ? []
      : [
          problem(
            'step_missing',
            `${field}.journey.start`,
            `no step "${arm.journey.start}"`,
            arm.journey.start,
            'id of a step',
          ),
        ]),
    ...arm.journey.steps.flatMap((step, i): Problem[] => {
      const at = `${field}.journey.steps.${i}`
      return [
        ...waysOut(step)
          .filter((to) => !ids.has(to))
          .map((to) => problem('step_missing', at, `no step "${to}"`, to, 'id of a step')),
        ...(step.type === 'offer' ? missing(reader, 'Menu', step.menu, `${at}.menu`) : []),
        ...(step.type === 'send' ? missing(reader, 'Cascade', step.cascade, `${at}.cascade`) : []),
        ...(step.type === 'send' ? notEmitted(reader, arm.entry.trigger, step.cascade, at) : []),
        ...(step.type === 'split' && step.parts.reduce((sum, part) => sum + part.share, 0) !== 100
          ? [
              problem(
                'shares_wrong',
                at,
                'parts of a split must sum to 100',
                step.parts.map((part) => part.share),
                '100',
              ),
            ]
          : []),
        ...(step.type === 'branch'
          ? step.cases.flatMap((item, n) =>
              checkExpression(item.when, declarations, 'bool').map((found) => ({
                ...found,
                field: `${at}.cases.${n}.when`,
              })),
            )
          : []),
      ]
    }),
    ...circles(arm, field),
  ]
}

/** Fields of the event that a cascade's texts name and the entry's trigger does not hand on: they would never be sent. */
function notEmitted(reader: DocumentReader, triggerId: string, cascadeId: string, at: string): Problem[] {
  const trigger = reader.get('Trigger', triggerId) as Pick<Trigger, 'emit'> | undefined
  const cascade = reader.get('Cascade', cascadeId) as Cascade | undefined
  if (!trigger || !cascade) return []
  const emitted = trigger.emit ?? []
  return cascade.steps.flatMap(({ template: id }): Problem[] => {
    const template = reader.get('Template', id) as Template | undefined
    const lacking = (template ? fieldsRead(template, 'event') : [])
      .map((field) => `event.${field}`)
      .filter((path) => !emitted.includes(path))
    const expected = emitted.join(', ') || 'no field of the event'
    return lacking.map((path) =>
      problem(
        'event_field_not_emitted',
        `${at}.cascade`,
        `template "${id}" names ${path}, which trigger "${triggerId}" does not emit`,
        path,
        expected,
      ),
    )
  })
}

/**
 * A journey goes forward only: what a step starts bears an id made of journey and step, so a step taken a second time
 * would start nothing. Whoever wants to ask again writes a second step. Depth first; a step met again while it is
 * still on the path closes a circle.
 */
function circles(arm: Arm, field: string): Problem[] {
  const steps = new Map(arm.journey.steps.map((step) => [step.id, step]))
  const state = new Map<string, 'open' | 'done'>()
  const closes = (id: string): boolean => {
    if (state.has(id)) return state.get(id) === 'open'
    state.set(id, 'open')
    const found = waysOut(steps.get(id)).some(closes)
    if (!found) state.set(id, 'done')
    return found
  }
  const found = [...steps.keys()].find((id) => closes(id))
  if (found === undefined) return []
  const message = 'a journey goes forward only; steps run in a circle'
  return [problem('circle', `${field}.journey`, message, found, 'steps that lead forward')]
}

/** Ids of the steps to which a step may lead. */
function waysOut(step: Step | undefined): string[] {
  switch (step?.type) {
    case 'offer':
      return [step.next, step.empty]
    case 'wait':
    case 'activate':
      return [step.next, step.else]
    case 'send':
    case 'delay':
    case 'award':
      return [step.next]
    case 'branch':
      return [...step.cases.map((item) => item.next), step.else]
    case 'split':
      return step.parts.map((item) => item.next)
    default:
      return []
  }
}

function missing(reader: DocumentReader, kind: string, id: string, field: string): Problem[] {
  return reader.get(kind, id)
    ? []
    : [problem('reference_missing', field, `no ${kind} "${id}"`, id, `id of a ${kind}`)]
}

function duplicates(ids: string[], field: string): Problem[] {
  const repeated = ids.filter((id, i) => ids.indexOf(id) !== i)
  return repeated.map((id) => problem('id_repeated', field, `"${id}" stands twice`, id, 'distinct ids'))
}

function problem(code: string, field: string, message: string, found: unknown, expected: string): Problem {
  return { code, message, field, found, expected }
}
