import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedLine, readNdjson } from './ndjson.ts'

async function* pieces(bytes: Uint8Array, cuts: number[]): AsyncGenerator<Uint8Array> {
  const borders = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < borders.length; i++) yield bytes.subarray(borders[i - 1], borders[i])
}

async function collect(chunks: AsyncIterable<unknown[]>): Promise<unknown[][]> {
  const all: unknown[][] = []
  for await (const chunk of chunks) all.push(chunk)
  return all
}

test('values come whole and in order wherever the stream is cut, inside a character too', async () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.constant('Ґанок 🐝'))
  const ending = fc.constantFrom('\n', '\r\n', '\n\n')
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 30 }),
      ending,
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.integer({ min: 1, max: 7 }),
      async (values, newline, cuts, chunkLines) => {
        const lines = values.map((one) => JSON.stringify(one))
        const bytes = new TextEncoder().encode(lines.join(newline))
        const chunks = await collect(readNdjson(pieces(bytes, cuts), chunkLines))
        expect(chunks.flat()).toEqual(lines.map((line) => JSON.parse(line) as unknown))
        for (const chunk of chunks.slice(0, -1)) expect(chunk).toHaveLength(chunkLines)
      },
    ),
  )
})

test('a line that is not JSON keeps its place', async () => {
  const bytes = new TextEncoder().encode('{"a":1}\n{"a":\n[2]\n')
  const [chunk] = await collect(readNdjson(pieces(bytes, [])))
  expect(chunk).toEqual([{ a: 1 }, expect.any(MalformedLine), [2]])
  expect(chunk?.[1]).toMatchObject({ text: '{"a":', problem: { code: 'line_invalid' } })
})

test('a stream without line ends is refused before it fills the memory', async () => {
  let sent = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; sent < 100; sent++) yield new Uint8Array(2 ** 18).fill(65)
  }
  await expect(collect(readNdjson(endless()))).rejects.toMatchObject({ code: 'line_too_large' })
  expect(sent).toBeLessThan(10)
})
