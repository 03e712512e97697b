import { hash } from 'node:crypto'
import type { Message, Run } from './message.ts'

/** What runs and their first messages have in common: a few for millions. */
export type Shape = {
  /** From the words below alone, so that whoever stores the same shape stores it once. */
  shapeId: bigint
  cascadeId: string
  cascadeVersion: number
  campaignId: string
  arm: string
  runPurpose: string | null
  /** Null and all below it, where the run has no first message. */
  channel: string | null
  templateId: string | null
  until: string | null
  waitS: number | null
  purpose: string | null
  priority: number | null
}

let last: Shape | undefined

/** The shape of a run with its first message. Neighbours mostly have the same one, which is found by comparing. */
export function shapeOf(run: Run, first: Message | undefined): Shape {
  if (last && isOf(last, run, first)) return last
  const words = {
    cascadeId: run.cascadeId,
    cascadeVersion: run.cascadeVersion,
    campaignId: run.campaignId,
    arm: run.arm,
    runPurpose: run.purpose,
    channel: first?.channel ?? null,
    templateId: first?.templateId ?? null,
    until: first?.until ?? null,
    waitS: first ? waitS(first) : null,
    purpose: first?.purpose ?? null,
    priority: first?.priority ?? null,
  }
  const digits = hash('sha256', JSON.stringify(Object.values(words)), 'hex').slice(0, 16)
  return (last = { shapeId: BigInt.asIntN(64, BigInt(`0x${digits}`)), ...words })
}

function isOf(shape: Shape, run: Run, first: Message | undefined): boolean {
  const isOfRun =
    shape.campaignId === run.campaignId &&
    shape.arm === run.arm &&
    shape.cascadeId === run.cascadeId &&
    shape.cascadeVersion === run.cascadeVersion &&
    shape.runPurpose === run.purpose
  if (!isOfRun || first === undefined) return isOfRun && shape.channel === null
  return (
    shape.channel === first.channel &&
    shape.templateId === first.templateId &&
    shape.until === first.until &&
    shape.waitS === waitS(first) &&
    shape.purpose === first.purpose &&
    shape.priority === first.priority
  )
}

const waitS = ({ waitMs }: Message): number => Math.round(waitMs / 1_000)
