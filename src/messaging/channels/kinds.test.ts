import { expect, test } from 'vitest'
import { z } from 'zod'
import { channelSecrets, channelSettings } from './kinds.ts'

type Schema = { properties?: Record<string, Schema>; anyOf?: Schema[]; oneOf?: Schema[] }

/** Every field that a schema may have, with dots between those that lie within others. */
function fieldsOf({ properties = {}, anyOf = [], oneOf = [] }: Schema, before = ''): string[] {
  const inside = Object.entries(properties).flatMap(([name, schema]) => [
    before + name,
    ...fieldsOf(schema, `${before}${name}.`),
  ])
  return [...inside, ...[...anyOf, ...oneOf].flatMap((schema) => fieldsOf(schema, before))]
}

/** Named like secrets, and told to everybody: web push's key for pages, which of a SIM's keys, Google's own names. */
const TOLD = ['publicKey', 'security.keyIndex', 'token_uri', 'private_key_id']

test('nothing of a channel that sounds like a secret is told by the documents', () => {
  const schema = z.toJSONSchema(channelSettings, { io: 'input', unrepresentable: 'any' }) as Schema
  const fields = new Set(fieldsOf(schema))
  const secret = [...fields].filter(
    (field) =>
      /(password|token|secret|key)/i.test(field.split('.').at(-1)!) &&
      !TOLD.some((told) => field === told || field.endsWith(`.${told}`)),
  )
  expect(secret.toSorted()).toEqual(channelSecrets.toSorted())
})
