import type { MessageExplanation } from '../src/messaging/contract.ts'
import type { Client } from './client.ts'
import { type Line, renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'

/** Says what became of a message and why: its cascade step by step, with the values by which each was decided. */
export async function explainMessage(
  client: Client,
  terminal: Terminal,
  messageId: string,
  json: boolean,
): Promise<number> {
  const path = `/v1/messages/${encodeURIComponent(messageId)}/explain`
  const told = await client.get<MessageExplanation>(path)
  if (json) terminal.out(JSON.stringify(told))
  else printExplained(terminal, told)
  return 0
}

function printExplained(terminal: Terminal, { messageId, run, steps }: MessageExplanation): void {
  const about = `cascade ${run.cascadeId}, version ${run.cascadeVersion}`
  terminal.out(`${messageId}, subscriber ${run.subscriberId}: ${run.outcome ?? run.state}`)
  terminal.out(`  ${about}, for campaign ${run.campaignId}, arm ${run.arm}, began ${run.startedAt}`)
  if (run.stepOrder) {
    terminal.out('  steps in the order of expected cost for one reached subscriber')
    const rows = run.stepOrder.order.map((place): Line => {
      const { channel, priceMinor, tried, reached, reach } = run.stepOrder!.steps[place]!
      return [`    ${channel}`, `price ${priceMinor}`, `chance ${reach}`, `reached ${reached} of ${tried}`]
    })
    for (const line of renderTable(rows)) terminal.out(line)
  }
  for (const step of steps) {
    const mark = step.messageId === messageId ? '→' : ' '
    const reason = step.reason ?? step.postponedFor
    const state = step.state === 'queued' && step.postponedFor !== null ? 'waits' : step.state
    terminal.out(
      `${mark} ${step.channel}, ${step.templateId}: ${state}${reason === null ? '' : `, ${reason}`}`,
    )
    const moments: [string, string | null][] = [
      ['    made', step.queuedAt],
      ['    waits until', step.state === 'queued' ? step.notBefore : null],
      ['    sent', step.submittedAt],
      ['    settled', step.settledAt],
    ]
    const values = Object.entries(step.saw ?? {}).map(([name, value]): Line => {
      const isMoment = name.endsWith('Ms') && typeof value === 'number'
      return [
        `    ${name}`,
        isMoment ? Temporal.Instant.fromEpochMilliseconds(value).toString() : String(value),
      ]
    })
    const told = moments.flatMap(([name, at]): Line[] => (at === null ? [] : [[name, at]]))
    for (const line of renderTable([...told, ...values])) terminal.out(line)
  }
}
