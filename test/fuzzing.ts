import fc from 'fast-check'

/** Seconds that each fuzz test runs; without it a short run of as many tries as its test names. */
const seconds = Number(process.env['TENURE_FUZZ_SECONDS'] ?? 0)

/** Time that a fuzz test needs at most, for the test runner. */
export const fuzzTimeoutMs = seconds * 1_000 + 120_000

/** How to run a property: `tries` times, or for as long as `TENURE_FUZZ_SECONDS` says. */
export function fuzzing(tries: number): { numRuns: number; interruptAfterTimeLimit?: number } {
  if (seconds === 0) return { numRuns: tries }
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1_000 }
}

type Mutation = {
  at: number
  kind: 'set' | 'cut' | 'insert' | 'repeat' | 'truncate'
  byte: number
  length: number
}

/** Bytes that break JSON and UTF-8 more often than others do. */
const nasty = [
  ...Buffer.from('"\\{}[]:,0-+eE.u \n\r\t/tfnasd19'),
  0,
  0x1f,
  0x7f,
  0x80,
  0xbf,
  0xc0,
  0xe2,
  0xed,
  0xf4,
  0xff,
]

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('set', 'cut', 'insert', 'repeat', 'truncate'),
  byte: fc.oneof(fc.constantFrom(...nasty), fc.integer({ min: 0, max: 255 })),
  length: fc.integer({ min: 1, max: 12 }),
})

/** Up to three mutations of bytes, to be applied with `mutated`; often none. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.oneof(
  fc.constant<Mutation[]>([]),
  fc.array(mutation, { minLength: 1, maxLength: 3 }),
)

/** The bytes with the mutations done one after another. */
export function mutated(bytes: Buffer, changes: Mutation[]): Buffer {
  return changes.reduce((given, { at, kind, byte, length }) => {
    const place = Math.floor(at * given.length)
    const before = given.subarray(0, place)
    const there = given.subarray(place, place + length)
    const after = given.subarray(place + length)
    switch (kind) {
      case 'set':
        return Buffer.concat([before, Buffer.from([byte]), given.subarray(place + 1)])
      case 'cut':
        return Buffer.concat([before, after])
      case 'insert':
        return Buffer.concat([before, Buffer.from([byte]), given.subarray(place)])
      case 'repeat':
        return Buffer.concat([before, there, there, after])
      case 'truncate':
        return Buffer.from(before)
    }
  }, bytes)
}
