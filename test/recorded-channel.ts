import type { ChannelKind } from '../src/messaging/index.ts'

/**
 * A kind whose protocol carries no id of ours, and what was submitted through it: the ids of messages by their address and
 * reference, so that a simulated provider's takings can be told.
 */
export function recorded(kind: ChannelKind): { kind: ChannelKind; idOf: (reference: number) => string } {
  const ids = new Map<number, string>()
  const create: ChannelKind['create'] = (settings, context) => {
    const channel = kind.create(settings, context)
    const submit = channel.submit.bind(channel)
    channel.submit = (messages, done) => {
      for (const { reference, messageId } of messages) ids.set(reference, messageId)
      submit(messages, done)
    }
    return channel
  }
  return { kind: { ...kind, create }, idOf: (reference) => ids.get(reference) ?? `unknown ${reference}` }
}

/** An account with the SMSC at this port of the loopback address, and little patience. */
export const smppAccount = (port: number) => ({
  host: '127.0.0.1',
  port,
  systemId: 'tenure',
  password: 'secret',
  sourceAddress: '111',
  responseTimeoutMs: 500,
  reconnectMinMs: 20,
  reconnectMaxMs: 100,
})
