import type { LoggedEvent } from '../../events/index.ts'

/** What is to be posted about one event. */
export type Letter = { contentType: string; body: string }

/** Somebody who is told what happens: a webhook, or a listener of the TM Forum façade. */
export type Target = {
  /** Unique in the tenant, such as `webhook:crm`. */
  id: string
  url: string
  /** The first signs for good, the others while they are being changed. */
  secrets: string[]
  concurrency: number
  timeoutMs: number
  giveUpMs: number
  wants(type: string): boolean
  /** What the target is told of an event that it wants; undefined: nothing after all. */
  letterOf(event: LoggedEvent): Letter | undefined
  /** Another text whenever anything of the above has changed. */
  version: string
}
