import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { afterEach, expect, test } from 'vitest'
import { GoogleAccount } from '../../simulator/providers/index.ts'
import { GoogleToken, serviceAccount } from './google-token.ts'

const scope = 'https://www.googleapis.com/auth/firebase.messaging'
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Google's token endpoint; `answer` replaces what it says. */
async function google(answer?: { status: number; body: string }) {
  const account = new GoogleAccount({ scope })
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const given = await account.exchange(Buffer.concat(chunks), url)
      if (answer !== undefined) response.writeHead(answer.status).end(answer.body)
      else if (given !== 'cut') response.writeHead(given.status).end(JSON.stringify(given.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const agent = new Agent()
  const close = async (): Promise<void> => {
    await agent.close()
    await new Promise((resolve) => server.close(resolve))
  }
  closing.push(close)
  const options = { account: serviceAccount.parse(account.file(url)), scope, agent, timeoutMs: 1_000 }
  return { account, options, close }
}

test('a token is good for what it was asked for, and asked for once', async () => {
  const { account, options } = await google()
  const token = new GoogleToken(options)
  const bearers = await Promise.all(Array.from({ length: 10 }, () => token.bearer()))
  expect(new Set(bearers)).toEqual(new Set([await token.bearer()]))
  expect(account.stats.tokens).toBe(1)
  expect(account.accepts(`Bearer ${bearers[0] as string}`)).toBe(true)
  const { failure } = (await new GoogleToken({ ...options, scope: 'another' }).bearer()) as {
    failure: object
  }
  expect(failure).toMatchObject({ outcome: 'retry', reason: 'token_refused' })
})

test('forgetting an old token leaves a newer one', async () => {
  const { account, options } = await google()
  const token = new GoogleToken(options)
  const first = (await token.bearer()) as string
  token.forget(first)
  const second = (await token.bearer()) as string
  token.forget(first)
  expect(await token.bearer()).toBe(second)
  expect(account.stats.tokens).toBe(2)
})

test.each([
  [{ status: 500, body: '{}' }, 'token_refused'],
  [{ status: 200, body: 'no JSON' }, 'token_refused'],
  [{ status: 200, body: '{"access_token":"","expires_in":1}' }, 'token_refused'],
])('without a token nothing was sent: %j', async (answer, reason) => {
  const { options } = await google(answer)
  expect(await new GoogleToken(options).bearer()).toMatchObject({ failure: { outcome: 'retry', reason } })
})

test('an endpoint that is away is asked again the next time', async () => {
  const { options } = await google()
  const away = { ...options.account, token_uri: 'http://127.0.0.1:1/token' }
  const token = new GoogleToken({ ...options, account: away })
  const expected = { failure: { outcome: 'retry', reason: 'token_unreachable' } }
  expect(await token.bearer()).toMatchObject(expected)
  expect(await token.bearer()).toMatchObject(expected)
})
