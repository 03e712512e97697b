import { describe, expect, test } from 'vitest'
import { Reassembler } from './reassembly.ts'

const part = (sequence: number, total = 2) => ({ reference: 1, total, sequence })

describe('Reassembler', () => {
  test('keeps parts unacknowledged until the whole is durable', async () => {
    const reassembler = new Reassembler({ timeoutMs: 5_000, holdMs: 5_000 })
    const order: string[] = []
    const whole = async (text: string) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      order.push(text)
    }
    const second = reassembler.add('k', part(2), 'b', whole).then(() => order.push('second acknowledged'))
    await Promise.all([second, reassembler.add('k', part(1), 'a', whole)])
    expect(order).toEqual(['ab', 'second acknowledged'])
  })

  test('lets a peer go on that waits for the acknowledgement before the next part', async () => {
    const reassembler = new Reassembler({ timeoutMs: 5_000, holdMs: 10 })
    const texts: string[] = []
    const whole = async (text: string) => void texts.push(text)
    await reassembler.add('k', part(1), 'a', whole)
    await reassembler.add('k', part(2), 'b', whole)
    expect(texts).toEqual(['ab'])
  })

  test('after a failure the last part alone completes the message', async () => {
    const reassembler = new Reassembler({ timeoutMs: 5_000, holdMs: 1 })
    let attempts = 0
    const texts: string[] = []
    const whole = async (text: string) => {
      attempts += 1
      if (attempts === 1) throw new Error('the database is away')
      texts.push(text)
    }
    await reassembler.add('k', part(1), 'a', whole)
    await expect(reassembler.add('k', part(2), 'b', whole)).rejects.toThrow('away')
    await reassembler.add('k', part(2), 'b', whole)
    expect(texts).toEqual(['ab'])
  })

  test('hands on what came when the rest never does', async () => {
    const reassembler = new Reassembler({ timeoutMs: 20, holdMs: 1 })
    const texts: string[] = []
    await reassembler.add('k', part(3, 3), 'c', async (text) => void texts.push(text))
    await reassembler.add('k', part(1, 3), 'a', async (text) => void texts.push(text))
    await expect.poll(() => texts).toEqual(['ac'])
  })
})
