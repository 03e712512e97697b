import type { Tx } from '../platform/index.ts'
import type { Content } from './channel.ts'
import type { Purpose } from './contract.ts'
import { messageIdOf } from './cascades.ts'
import type { ChosenOrder, Message, MessageState, Note, Run, Until } from './message.ts'
import { pack, unpack } from './packing.ts'

/** What never changes of a message, written once. */
type FixedEntry = [
  channel: string,
  templateId: string,
  reference: number,
  until: Until,
  waitMs: number,
  purpose: Purpose,
  priority: number,
  content: Content,
  parts: number,
  costMinor: string,
  queuedMs: number,
  expiresMs: number,
]

type MessageEntry = [
  step: number,
  state: MessageState,
  reason: string | null,
  postponedFor: string | null,
  saw: object | null,
  providerIds: string | null,
  notBeforeMs: number,
  submittedMs: number | null,
  settledMs: number | null,
  markedMs: number,
  fixed: FixedEntry | null,
]

type RunEntry = [
  runId: string,
  step: number,
  isActive: boolean,
  outcome: string | null,
  dueMs: number | null,
  allSmsMinor: string,
  contactedMs: number | null,
  finishedMs: number | null,
  messages: MessageEntry[],
  /** Facts that the outbox does not know. */
  notes: Note[] | null,
  chosen?: ChosenOrder,
]

/** One tick: which starts it took and how every run that it moved stands after it. */
export type JournalEntry = { taken: string[]; runs: RunEntry[] }

/**
 * The entry of a tick. It holds states and not steps, so that the last word on a run is enough, and reading it twice
 * changes nothing. What was written before of a message is not written again.
 */
export function entryOf(taken: bigint[], changed: Run[]): JournalEntry {
  return { taken: taken.map(String), runs: changed.map(runEntry) }
}

function runEntry(run: Run): RunEntry {
  const messages: MessageEntry[] = []
  for (const message of run.messages) if (message?.isChanged) messages.push(messageEntry(message))
  const { runId, step, isActive, outcome, dueMs, allSmsMinor, contactedMs, finishedMs } = run
  const entry: RunEntry = [
    runId,
    step,
    isActive,
    outcome,
    dueMs,
    allSmsMinor.toString(),
    contactedMs,
    finishedMs,
    messages,
    run.notes,
  ]
  if (run.chosen) entry.push(run.chosen)
  return entry
}

function messageEntry(m: Message): MessageEntry {
  return [
    m.step,
    m.state,
    m.reason,
    m.postponedFor,
    m.saw,
    m.providerIds,
    m.notBeforeMs,
    m.submittedMs,
    m.settledMs,
    m.markedMs,
    m.isKnown ? null : fixedEntry(m),
  ]
}

function fixedEntry(m: Message): FixedEntry {
  return [
    m.channel,
    m.templateId,
    m.reference,
    m.until,
    m.waitMs,
    m.purpose,
    m.priority,
    m.content,
    m.parts,
    m.costMinor.toString(),
    m.queuedMs,
    m.expiresMs,
  ]
}

/** Brings a run to where an entry says; returns the facts that the entry brings. */
export function applyEntry(run: Run, entry: RunEntry): Note[] | null {
  const [, step, isActive, outcome, dueMs, allSmsMinor, contactedMs, finishedMs, messages, notes, chosen] =
    entry
  if (chosen) run.chosen = chosen
  run.step = step
  run.isActive = isActive
  run.outcome = outcome
  run.dueMs = dueMs
  run.contactedMs = contactedMs
  run.finishedMs = finishedMs
  run.allSmsMinor = BigInt(allSmsMinor)
  for (const words of messages) {
    const [
      at,
      state,
      reason,
      postponedFor,
      saw,
      providerIds,
      notBeforeMs,
      submittedMs,
      settledMs,
      markedMs,
      fixed,
    ] = words
    const message = fixed ? messageOf(run, at, fixed) : run.messages[at]
    if (!message) throw new Error(`the journal speaks of an unknown message, step ${at} of run ${run.runId}`)
    run.messages[at] = message
    message.state = state
    message.reason = reason
    message.postponedFor = postponedFor
    message.saw = saw
    message.providerIds = providerIds
    message.notBeforeMs = notBeforeMs
    message.submittedMs = submittedMs
    message.settledMs = settledMs
    message.markedMs = markedMs
  }
  return notes
}

function messageOf(run: Run, step: number, fixed: FixedEntry): Message {
  const [channel, templateId, reference, until, waitMs, purpose, priority, content, parts, cost, ...times] =
    fixed
  const [queuedMs, expiresMs] = times
  return {
    run,
    messageId: messageIdOf(run.runId, step),
    step,
    channel,
    templateId,
    reference,
    until,
    waitMs,
    purpose,
    priority,
    content,
    parts,
    costMinor: BigInt(cost),
    state: 'queued',
    reason: null,
    postponedFor: null,
    saw: null,
    providerIds: null,
    queuedMs,
    notBeforeMs: queuedMs,
    expiresMs,
    submittedMs: null,
    settledMs: null,
    markedMs: queuedMs,
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

/** The entry as octets. */
export const packEntry = (entry: JournalEntry): Buffer => pack(entry)

/**
 * Takes the oldest rows out of the journal, in order: the first one, and more up to so many octets. Who takes a row
 * alone may write its facts: a process that was replaced meanwhile finds it gone.
 */
export async function takeJournal(
  tx: Tx,
  limitOctets: number,
): Promise<{ seq: number; entry: JournalEntry }[]> {
  for (;;) {
    const rows = await tx.query<{ seq: bigint; entries: Buffer }>(
      `delete from messaging.journal where seq in (
         select seq from (
           select seq, sum(length(entries)) over (order by seq) - length(entries) as before
           from (select * from messaging.journal order by seq limit 200) as oldest) as counted
         where before < $1)
       returning seq, entries`,
      [limitOctets],
    )
    if (rows.length > 0)
      return rows
        .map(({ seq, entries }) => ({ seq: Number(seq), entry: unpack<JournalEntry>(entries) }))
        .sort((a, b) => a.seq - b.seq)
    // Somebody else may have taken just these.
    const left = await tx.query('select 1 from messaging.journal limit 1')
    if (left.length === 0) return []
  }
}
