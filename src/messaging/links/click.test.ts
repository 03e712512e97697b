import { expect, test } from 'vitest'
import { judgeClick } from './click.ts'

const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'
const android =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36'
const windows =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'
const tablet =
  'Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36'

const judge = (agent: string, headers: object = {}, sinceMs?: number, method = 'GET') =>
  judgeClick({ method, headers: { 'user-agent': agent, 'accept-language': 'uk', ...headers } }, sinceMs)

test.for([
  ['an iPhone', iphone, 'phone'],
  ['an Android phone', android, 'phone'],
  ['a tablet', tablet, 'tablet'],
  ['a desktop', windows, 'desktop'],
] as const)('%s is a person', ([, agent, device]) => {
  expect(judge(agent)).toEqual({ device, bot: null })
})

test.for([
  ['curl', 'curl/8.5.0', 'crawler'],
  ['a search engine', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'crawler'],
  ['a headless browser', windows.replace('Chrome/', 'HeadlessChrome/'), 'crawler'],
  ['Telegram', 'TelegramBot (like TwitterBot)', 'preview'],
  ['WhatsApp', 'WhatsApp/2.23.20.0 A', 'preview'],
  ['Viber', 'Viber/21.0', 'preview'],
  ['Facebook', 'facebookexternalhit/1.1', 'preview'],
  ['nobody', ' ', 'no_agent'],
] as const)('%s is none: %s', ([, agent, bot]) => {
  expect(judge(agent).bot).toBe(bot)
})

test('a look at the head, and a browser that reads ahead, are no clicks', () => {
  expect(judge(iphone, {}, undefined, 'HEAD').bot).toBe('head')
  expect(judge(windows, { 'sec-purpose': 'prefetch;prerender' }).bot).toBe('prefetch')
  expect(judge(iphone, { 'x-purpose': 'preview' }).bot).toBe('prefetch')
})

test('within a second of the delivery a server’s browser is a scanner, a phone is not', () => {
  expect(judge(windows, {}, 900).bot).toBe('too_fast')
  expect(judge(windows, {}, -5_000).bot).toBe('too_fast')
  expect(judge(windows, {}, 1_001).bot).toBeNull()
  expect(judge(android, {}, 900).bot).toBeNull()
  expect(judge(android, { 'accept-language': undefined }, 900).bot).toBe('too_fast')
  expect(judge(android, { 'accept-language': undefined }, 5_000).bot).toBeNull()
})
