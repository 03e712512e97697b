import type { Tx } from '../platform/index.ts'
import { messageIdOf } from './message-id.ts'
import { ColumnReader } from './column-reader.ts'
import type { Purpose } from './contract.ts'
import type { ChosenOrder, Message, MessageState, Note, Run, Until } from './message.ts'
import { unpack } from './packing.ts'

/** What never changes of a message, written once. */
type FixedEntry = Pick<
  Message,
  | 'channel'
  | 'templateId'
  | 'reference'
  | 'until'
  | 'waitMs'
  | 'purpose'
  | 'priority'
  | 'content'
  | 'parts'
  | 'costMinor'
  | 'queuedMs'
  | 'expiresMs'
>

type MessageEntry = Pick<
  Message,
  | 'state'
  | 'reason'
  | 'postponedFor'
  | 'saw'
  | 'providerIds'
  | 'notBeforeMs'
  | 'submittedMs'
  | 'settledMs'
  | 'markedMs'
>

type RunState = Pick<
  Run,
  'step' | 'isActive' | 'outcome' | 'dueMs' | 'allSmsMinor' | 'contactedMs' | 'finishedMs'
>

/** How a run stands, with those of its messages that changed and the facts that the outbox does not know. */
type RunWords = {
  state: RunState
  chosen: ChosenOrder | null
  messages: { step: number; state: MessageEntry; fixed: FixedEntry | null }[]
  notes: Note[] | null
}
type RunEntry = [runId: string, words: RunWords]

/** One tick: which starts it took and how every run that it moved stands after it. */
export type JournalEntry = { taken: string[]; runs: RunEntry[] }

function readEntry(packed: Buffer): JournalEntry {
  const reader = new ColumnReader(unpack(packed))
  const taken = reader.counts(reader.count()).map(String)
  const count = reader.count()
  if (count === 0) return { taken, runs: [] }
  const baseMs = reader.count()
  const runIds = reader.texts(count) as string[]
  const states = readRuns(reader, count, baseMs)
  const chosen = reader.few<ChosenOrder>(count)
  const counts = reader.counts(count)
  const messages = readMessages(reader, baseMs)
  const notes = readNotes(reader, count, baseMs)
  let at = 0
  const runs = runIds.map((runId, i): RunEntry => {
    const own = messages.slice(at, (at += counts[i]!))
    return [runId, { state: states[i]!, chosen: chosen[i]!, messages: own, notes: notes[i]! }]
  })
  return { taken, runs }
}

function readRuns(reader: ColumnReader, count: number, baseMs: number): RunState[] {
  const steps = reader.counts(count)
  const outcomes = reader.words(count)
  const due = reader.near(count, baseMs)
  const allSms = readMoney(reader, count)
  const contacted = reader.near(count, baseMs)
  const finished = reader.near(count, baseMs)
  return steps.map((step, i) => ({
    step: step >> 1,
    isActive: (step & 1) === 1,
    outcome: outcomes[i]!,
    dueMs: due[i]!,
    allSmsMinor: allSms[i]!,
    contactedMs: contacted[i]!,
    finishedMs: finished[i]!,
  }))
}

function readMessages(reader: ColumnReader, baseMs: number): RunWords['messages'] {
  const count = reader.count()
  const steps = reader.counts(count)
  const states = reader.words(count) as MessageState[]
  const reasons = reader.words(count)
  const postponed = reader.words(count)
  const saw = reader.few(count)
  const providers = reader.texts(count)
  const notBefore = reader.near(count, baseMs) as number[]
  const submitted = reader.near(count, baseMs)
  const settled = reader.near(count, baseMs)
  const marked = reader.near(count, baseMs) as number[]
  let isNew = 0
  for (const step of steps) if ((step & 1) === 0) isNew++
  const fixed = readFixed(reader, isNew, baseMs)
  let next = 0
  return steps.map((step, i) => {
    const state = {
      state: states[i]!,
      reason: reasons[i]!,
      postponedFor: postponed[i]!,
      saw: saw[i]!,
      providerIds: providers[i]!,
      notBeforeMs: notBefore[i]!,
      submittedMs: submitted[i]!,
      settledMs: settled[i]!,
      markedMs: marked[i]!,
    }
    return { step: step >> 1, state, fixed: (step & 1) === 1 ? null : fixed[next++]! }
  })
}

function readFixed(reader: ColumnReader, count: number, baseMs: number): FixedEntry[] {
  const channels = reader.words(count) as string[]
  const templates = reader.words(count) as string[]
  const references = reader.counts(count)
  const until = reader.words(count) as Until[]
  const waits = reader.counts(count)
  const purposes = reader.words(count) as Purpose[]
  const priorities = reader.counts(count)
  const texts = reader.texts(count) as string[]
  const rest = reader.few(count)
  const parts = reader.counts(count)
  const costs = readMoney(reader, count)
  const queued = reader.near(count, baseMs) as number[]
  const expires = reader.near(count, baseMs) as number[]
  return channels.map((channel, i) => ({
    channel,
    templateId: templates[i]!,
    reference: references[i]!,
    until: until[i]!,
    waitMs: waits[i]!,
    purpose: purposes[i]!,
    priority: priorities[i]!,
    content: rest[i] === null ? { text: texts[i]! } : { text: texts[i]!, ...rest[i] },
    parts: parts[i]!,
    costMinor: costs[i]!,
    queuedMs: queued[i]!,
    expiresMs: expires[i]!,
  }))
}

function readNotes(reader: ColumnReader, count: number, baseMs: number): (Note[] | null)[] {
  const counts = reader.counts(count)
  let all = 0
  for (const own of counts) all += own
  const kinds = reader.words(all) as string[]
  const steps = reader.counts(all)
  const atMs = reader.near(all, baseMs) as number[]
  const reasons = reader.words(all)
  let next = 0
  return counts.map((own) => {
    if (own === 0) return null
    const notes: Note[] = []
    for (const end = next + own; next < end; next++)
      notes.push([kinds[next]!, steps[next]! - 1, atMs[next]!, reasons[next]!])
    return notes
  })
}

function readMoney(reader: ColumnReader, count: number): bigint[] {
  let last = ''
  let amount = 0n
  return reader.words(count).map((text) => {
    if (text !== last) amount = BigInt((last = text!))
    return amount
  })
}

/** Brings a run to where an entry says, and marks the messages that it speaks of; returns the facts that it brings. */
export function applyEntry(run: Run, [, { state, chosen, messages, notes }]: RunEntry): Note[] | null {
  if (chosen) run.chosen = chosen
  Object.assign(run, state)
  for (const { step, state: standing, fixed } of messages) {
    const message = fixed ? messageOf(run, step, fixed) : run.messages[step]
    if (!message)
      throw new Error(`the journal speaks of an unknown message, step ${step} of run ${run.runId}`)
    run.messages[step] = message
    Object.assign(message, standing)
    message.isChanged = true
  }
  return notes
}

function messageOf(run: Run, step: number, fixed: FixedEntry): Message {
  return {
    run,
    messageId: messageIdOf(run.runId, step),
    step,
    ...fixed,
    state: 'queued',
    reason: null,
    postponedFor: null,
    saw: null,
    providerIds: null,
    notBeforeMs: fixed.queuedMs,
    submittedMs: null,
    settledMs: null,
    markedMs: fixed.queuedMs,
    isPaced: false,
    isWaiting: false,
    isInFlight: false,
    isChanged: false,
    isKnown: true,
  }
}

/** Appends a tick's entry to the journal. */
export function insertJournal(tx: Tx, seq: number, packed: Buffer): void {
  tx.execute(
    `insert into messaging.journal (tenant_id, seq, entries) values (current_setting('tenure.tenant_id'), $1, $2)`,
    [seq, packed],
  )
}

/**
 * Takes the oldest rows up to a tick out of the journal, in order: the first one, and more up to so many octets. Who
 * takes a row alone may write its facts: a process that was replaced meanwhile finds it gone.
 */
export async function takeJournal(
  tx: Tx,
  upTo: number,
  limitOctets: number,
): Promise<{ seq: number; entry: JournalEntry }[]> {
  for (;;) {
    const rows = await tx.query<{ seq: bigint; entries: Buffer }>(
      `delete from messaging.journal where seq in (
         select seq from (
           select seq, sum(length(entries)) over (order by seq) - length(entries) as before
           from (select * from messaging.journal where seq <= $1 order by seq limit 200) as oldest) as counted
         where before < $2)
       returning seq, entries`,
      [upTo, limitOctets],
    )
    if (rows.length > 0)
      return rows
        .map(({ seq, entries }) => ({ seq: Number(seq), entry: readEntry(entries) }))
        .sort((a, b) => a.seq - b.seq)
    // Somebody else may have taken just these.
    const left = await tx.query('select 1 from messaging.journal where seq <= $1 limit 1', [upTo])
    if (left.length === 0) return []
  }
}
