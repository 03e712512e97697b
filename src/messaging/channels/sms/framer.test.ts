import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Framer, maxFrameBytes } from './framer.ts'
import { decodePdu, encodePdu, makePdu, type Pdu } from './pdu.ts'

const frames = fc.array(
  fc
    .uint8Array({ maxLength: 254 })
    .map((bytes) =>
      encodePdu(makePdu('deliver_sm', bytes.length, { shortMessage: Buffer.from(bytes) }) as Pdu),
    ),
  { maxLength: 20 },
)

/** The units that a chunk completes, copied, and whether the stream is still whole after them. */
function pushed(framer: Framer, chunk: Buffer): { frames: Buffer[]; whole: boolean } {
  const found: Buffer[] = []
  const whole = framer.push(chunk, (bytes, start, end) => found.push(Buffer.from(bytes.subarray(start, end))))
  return { frames: found, whole }
}

describe('Framer', () => {
  test('finds the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, sizes) => {
        const stream = Buffer.concat(sent)
        const framer = new Framer()
        const found: Buffer[] = []
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length]!
          const result = pushed(framer, stream.subarray(at, at + size))
          expect(result.whole).toBe(true)
          found.push(...result.frames)
          at += size
        }
        expect(found).toEqual(sent)
      }),
    )
  })

  test('survives random garbage and stays broken once it is', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        const framer = new Framer()
        let whole = true
        for (const chunk of chunks) {
          const result = pushed(framer, Buffer.from(chunk))
          expect(!whole && (result.frames.length > 0 || result.whole)).toBe(false)
          whole = result.whole
          for (const frame of result.frames) decodePdu(frame)
        }
      }),
    )
  })

  test.each([0, 15, maxFrameBytes + 1, 0xffffffff])(
    'a command_length of %i breaks the stream after the good frames',
    (length) => {
      const good = encodePdu(makePdu('enquire_link', 1) as Pdu)
      const bad = Buffer.alloc(20)
      bad.writeUInt32BE(length, 0)
      expect(pushed(new Framer(), Buffer.concat([good, bad, good]))).toEqual({ frames: [good], whole: false })
    },
  )

  test('a large unit that dribbles in byte by byte costs no quadratic time', () => {
    const big = Buffer.alloc(maxFrameBytes)
    big.writeUInt32BE(maxFrameBytes, 0)
    const framer = new Framer()
    const found: Buffer[] = []
    for (const byte of big) found.push(...pushed(framer, Buffer.from([byte])).frames)
    expect(found).toEqual([big])
  }, 5_000)
})
