import { ColumnWriter } from './column-writer.ts'
import type { Message, Run } from './message.ts'
import { pack } from './packing.ts'

const writer = new ColumnWriter()

/**
 * The entry of a tick, as octets. It holds states and not steps, so that the last word on a run is enough, and reading
 * it twice changes nothing. What was written before of a message is not written again.
 */
export function packEntry(taken: bigint[], changed: Run[]): Promise<Buffer> {
  writer.clear()
  writer.count(taken.length)
  for (const seq of taken) writer.count(Number(seq))
  writer.count(changed.length)
  if (changed.length === 0) return pack(writer.octets())
  const messages: Message[] = []
  const counts: number[] = []
  for (const run of changed) {
    const before = messages.length
    for (const message of run.messages) if (message?.isChanged) messages.push(message)
    counts.push(messages.length - before)
  }
  const baseMs = messages[0]?.markedMs ?? changed[0]!.startedMs
  writer.count(baseMs)
  writeRuns(changed, counts, baseMs)
  writeMessages(messages, baseMs)
  writeNotes(changed, baseMs)
  return pack(writer.octets())
}

function writeRuns(runs: Run[], counts: number[], baseMs: number): void {
  writer.texts(runs, (r) => r.runId)
  writer.counts(runs, (r) => 2 * r.step + (r.isActive ? 1 : 0))
  writer.words(runs, (r) => r.outcome)
  writer.near(runs, baseMs, (r) => r.dueMs)
  writeMoney(runs, (r) => r.allSmsMinor)
  writer.near(runs, baseMs, (r) => r.contactedMs)
  writer.near(runs, baseMs, (r) => r.finishedMs)
  writer.few(runs, (r) => r.chosen ?? null)
  writer.counts(counts, (count) => count)
}

function writeMessages(messages: Message[], baseMs: number): void {
  const near = (pick: (message: Message) => number | null): void => writer.near(messages, baseMs, pick)
  writer.count(messages.length)
  writer.counts(messages, (m) => 2 * m.step + (m.isKnown ? 1 : 0))
  writer.words(messages, (m) => m.state)
  writer.words(messages, (m) => m.reason)
  writer.words(messages, (m) => m.postponedFor)
  writer.few(messages, (m) => m.saw)
  writer.texts(messages, (m) => m.providerIds)
  near((m) => m.notBeforeMs)
  near((m) => m.submittedMs)
  near((m) => m.settledMs)
  near((m) => m.markedMs)
  writeFixed(
    messages.filter(({ isKnown }) => !isKnown),
    baseMs,
  )
}

function writeFixed(messages: Message[], baseMs: number): void {
  writer.words(messages, (m) => m.channel)
  writer.words(messages, (m) => m.templateId)
  writer.counts(messages, (m) => m.reference)
  writer.words(messages, (m) => m.until)
  writer.counts(messages, (m) => m.waitMs)
  writer.words(messages, (m) => m.purpose)
  writer.counts(messages, (m) => m.priority)
  writer.texts(messages, (m) => m.content.text)
  writer.few(messages, restOfContent)
  writer.counts(messages, (m) => m.parts)
  writeMoney(messages, (m) => m.costMinor)
  writer.near(messages, baseMs, (m) => m.queuedMs)
  writer.near(messages, baseMs, (m) => m.expiresMs)
}

function writeNotes(runs: Run[], baseMs: number): void {
  const notes = runs.flatMap((run) => run.notes ?? [])
  writer.counts(runs, (run) => run.notes?.length ?? 0)
  writer.words(notes, ([kind]) => kind)
  // The run itself is step -1.
  writer.counts(notes, ([, step]) => step + 1)
  writer.near(notes, baseMs, ([, , atMs]) => atMs)
  writer.words(notes, ([, , , reason]) => reason)
}

/** Prices are few and may be large; nobody counts on their being small. */
function writeMoney<Item>(items: Item[], pick: (item: Item) => bigint): void {
  let last = -1n
  let text = ''
  writer.words(items, (item) => {
    const amount = pick(item)
    if (amount !== last) text = (last = amount).toString()
    return text
  })
}

/** What is said beside the text. */
function restOfContent({ content }: Message): object | null {
  const { text: _text, ...rest } = content
  for (const _key in rest) return rest
  return null
}
