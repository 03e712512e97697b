import type { DomainError } from '../platform/index.ts'
import type { Admitted } from './admission.ts'
import type { Waiter } from './inbox.ts'
import type { Write } from './intake.ts'
import type { Run } from './message.ts'

/** One tick as it is being made durable. */
export type Tick = {
  seq: number
  writes: Write[]
  admitted: Admitted[]
  waiters: { waiter: Waiter; refusal?: DomainError }[]
  hasAnswers: boolean
  /** Runs that it wrote down. */
  changed: Run[]
}
