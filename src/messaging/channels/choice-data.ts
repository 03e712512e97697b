import assert from 'node:assert'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const groups = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/
const packed = /^([\w-]{22})\.(.*)$/s

/** Whether what a provider gives back can be a message's id; its accounts may serve other systems too. */
export const isMessageId = (text: string | undefined): text is string => text !== undefined && uuid.test(text)

/** The UUID of 32 hexadecimal digits. */
export const uuidOf = (hex: string): string => hex.replace(groups, '$1-$2-$3-$4-$5')

/**
 * What a button says when it is pressed: which message it belongs to and which choice it is, so that an answer finds
 * its message whatever else was sent in between. 23 bytes (the UUID in base64url and a dot) and the choice's id, because
 * Telegram gives a button 64.
 */
export function packChoice(messageId: string, choice: string): string {
  assert(isMessageId(messageId), 'a message id is a UUID')
  return `${Buffer.from(messageId.replaceAll('-', ''), 'hex').toString('base64url')}.${choice}`
}

/** The reverse of `packChoice`; undefined for what no button of ours says. */
export function unpackChoice(data: string): { messageId: string; choice: string } | undefined {
  const [, id, choice] = packed.exec(data) ?? []
  if (id === undefined || choice === undefined) return undefined
  const messageId = uuidOf(Buffer.from(id, 'base64url').toString('hex'))
  return isMessageId(messageId) ? { messageId, choice } : undefined
}

/** A text cut to a length in characters that a protocol sets, with an ellipsis where something is missing. */
export function cut(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
