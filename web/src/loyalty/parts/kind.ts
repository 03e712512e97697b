import type { z } from 'zod'
import type en from '../../languages/en.json'
import type { Words } from '../../../../src/loyalty/contract.ts'
import type { Form } from './field.ts'

/** What all of them have in common. */
export type Part = { kind: string; id: string; name?: Words | undefined; programme?: string }

export const groups = ['play', 'games', 'referrals', 'clubs', 'exchange', 'terms'] as const
export type Group = (typeof groups)[number]

/** What a kind is called, keyed as the texts have it. */
export type KindName = keyof (typeof en)['loyalty']['kind']

/** A kind of document that belongs to a programme: how it is checked, begun and written. */
export type PartKind = {
  kind: KindName
  group: Group
  schema: z.ZodType<Part>
  /** There is one of a programme, which bears its id. */
  isOnly?: true
  /** It can be tried on history before it is saved. */
  isTried?: true
  blank(id: string, programme: string): Part & Record<string, unknown>
  form: Form
}
