import { expect, it } from 'vitest'
import { linesOf } from './server.ts'

it('reads lines however they are cut, within a letter too', async () => {
  const octets = new TextEncoder().encode('{"a":"баллы"}\n{"b":2}\n\n{"c":3}')
  for (const size of [1, 3, 7, octets.length]) {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < octets.length; at += size) controller.enqueue(octets.slice(at, at + size))
        controller.close()
      },
    })
    expect(await Array.fromAsync(linesOf(body))).toEqual(['{"a":"баллы"}', '{"b":2}', '{"c":3}'])
  }
})
