import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testFolder } from '../../test/stores.ts'
import { LmdbLogStore } from './log.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (record: Uint8Array): string => new TextDecoder().decode(record)

test('records come back in order, duplicates have no effect, and a reopened log goes on', async () => {
  const folder = testFolder()
  const written: string[] = []
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }), { maxLength: 8 }),
      async (batches) => {
        const store = new LmdbLogStore(folder, 16)
        const log = store.log('events')
        for (const batch of batches) {
          const fresh = await log.append(batch.map((n) => ({ key: `k${n}`, record: bytes(`r${n}`) })))
          batch.forEach((n, i) => {
            const isNew = !written.includes(`r${n}`)
            expect(fresh[i]).toBe(isNew)
            if (isNew) written.push(`r${n}`)
          })
        }
        expect(log.endOffset()).toBe(written.length)
        const from = Math.floor(written.length / 3)
        const read: string[] = []
        for (let at = from; at < log.endOffset();) {
          const entries = log.read(at, 7)
          entries.forEach((entry, i) => expect(entry.offset).toBe(at + i))
          read.push(...entries.map((entry) => text(entry.record)))
          at += entries.length
        }
        expect(read).toEqual(written.slice(from))
        await store.close()
      },
    ),
    { numRuns: 20 },
  )
})
