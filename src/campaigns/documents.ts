import { checkExpression, type Declarations } from '../expressions/index.ts'
import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'
import { subscriberDeclarations } from '../profiles/index.ts'
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
  const ways = (step: Step): string[] =>
    Object.entries(step).flatMap(([key, value]) =>
      key === 'next' || key === 'else' || key === 'empty' ? [value as string] : [],
    )
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
      const targets = [
        ...ways(step),
        ...(step.type === 'branch' ? step.cases : step.type === 'split' ? step.parts : []).map(
          (item) => item.next,
        ),
      ]
      return [
        ...targets
          .filter((to) => !ids.has(to))
          .map((to) => problem('step_missing', at, `no step "${to}"`, to, 'id of a step')),
        ...(step.type === 'offer' ? missing(reader, 'Menu', step.menu, `${at}.menu`) : []),
        ...(step.type === 'send' ? missing(reader, 'Cascade', step.cascade, `${at}.cascade`) : []),
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

/** A circle of steps that never wait would never end; every circle must pass a wait, a delay, an offer or an activation. */
function circles(arm: Arm, field: string): Problem[] {
  const instant = new Map(
    arm.journey.steps.flatMap((step): [string, string[]][] =>
      step.type === 'send' || step.type === 'award'
        ? [[step.id, [step.next]]]
        : step.type === 'branch'
          ? [[step.id, [...step.cases.map((item) => item.next), step.else]]]
          : step.type === 'split'
            ? [[step.id, step.parts.map((item) => item.next)]]
            : [],
    ),
  )
  const isCircular = (id: string, path: Set<string>): boolean =>
    path.has(id) || (instant.get(id) ?? []).some((next) => isCircular(next, new Set(path).add(id)))
  const found = [...instant.keys()].find((id) => isCircular(id, new Set()))
  return found === undefined
    ? []
    : [
        problem(
          'circle',
          `${field}.journey`,
          'steps run in a circle without waiting',
          found,
          'a wait in every circle',
        ),
      ]
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
