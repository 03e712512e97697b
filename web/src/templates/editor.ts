import type { ChannelCapabilities, Language, Template } from '../../../src/messaging/contract.ts'
import type { FieldProblem } from '../server.ts'

/** The parts of the editor are given the same: the draft, how it is changed, and what is wrong with it. */
export type EditorProps = {
  template: Template
  change(next: Template): void
  problems: readonly FieldProblem[]
  /** Whose words are shown. */
  language: Language
  /** What the template's channel carries. */
  capabilities: ChannelCapabilities
}
